//! Flags that are compiled into a program: the rules alone decide, nothing is read or written.

use cutover_domain::flags::{Context, FlagDocument, Interner, Slot, Snapshot};

const FLAGS: &str = r#"{
  "schema": 1, "revision": 7, "updated_at": "2026-01-01T00:00:00Z",
  "flags": {
    "dark_mode": {
      "type": "boolean", "variants": {"on": true, "off": false}, "off": "off", "default": "off",
      "overrides": {"acme": "on"}, "rollout": {"percentage": 12.5}
    }
  }
}"#;

/// Who gets the dark mode.
#[derive(Debug)]
pub struct DarkMode {
    snapshot: Snapshot,
    slot: Slot,
}

impl DarkMode {
    /// The built-in flags.
    pub fn built_in() -> Result<Self, serde_json::Error> {
        let document: FlagDocument = serde_json::from_str(FLAGS)?;
        let mut interner = Interner::default();
        let snapshot = Snapshot::compile(&document, &mut interner);
        Ok(Self {
            slot: interner.slot("dark_mode"),
            snapshot,
        })
    }

    /// Whether `user` gets it.
    pub fn is_on(&self, user: &str) -> bool {
        self.snapshot
            .decide(self.slot, &Context::unit(user), false)
            .on
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_eighth_of_the_users_gets_it_and_acme_always() {
        let dark_mode = DarkMode::built_in().unwrap();
        assert!(dark_mode.is_on("acme"));
        let on = (0..8_000)
            .filter(|user| dark_mode.is_on(&format!("user-{user}")))
            .count();
        assert!((850..1150).contains(&on), "{on}");
    }
}
