//! A change of one flag field by field: `$.flags["f"].rollout.percentage: 0 → 5`.

use cutover_domain::comparison::{Comparator, Difference};
use cutover_domain::flags::KeyChange;
use cutover_domain::tree::Tree;

use crate::output::printable;

/// Every field that differs, with its path in the document. A flag that is made or removed differs
/// as a whole, which words say better.
pub(super) fn fields(change: &KeyChange) -> Vec<String> {
    let (Some(before), Some(after)) = (&change.before, &change.after) else {
        return Vec::new();
    };
    // Definitions are read from JSON, so that they can be written as it.
    let (Ok(before), Ok(after)) = (Tree::from_serialize(before), Tree::from_serialize(after))
    else {
        return Vec::new();
    };
    let found = Comparator::default().compare(&before, &after);
    let told = found.differences.len() as u64;
    let mut lines: Vec<_> = found
        .differences
        .iter()
        .map(|difference| line(change, difference))
        .collect();
    if found.counts.total() > told {
        lines.push(format!("… and {} more fields", found.counts.total() - told));
    }
    lines
}

fn line(change: &KeyChange, difference: &Difference) -> String {
    let value = |tree: &Option<Tree>| tree.as_ref().map_or("none".to_owned(), Tree::to_json);
    let within = |path: &str| {
        format!(
            "$.flags[\"{}\"]{}",
            change.key,
            path.strip_prefix('$').unwrap_or(path)
        )
    };
    let moved = difference
        .new_path
        .as_deref()
        .map(|path| format!(" (now {})", within(path)));
    printable(&format!(
        "{}{}: {} → {}",
        within(&difference.path),
        moved.unwrap_or_default(),
        value(&difference.old),
        value(&difference.new)
    ))
}

#[cfg(test)]
mod tests {
    use cutover_domain::flags::Definition;

    use super::*;

    #[test]
    fn every_field_that_differs_is_told_with_its_path() {
        let before: Definition = serde_json::from_str(
            r#"{"variants": {"on": true, "off": false}, "off": "off", "default": "off",
                "rollout": {"percentage": 0}, "owner": "ada", "overrides": {"a b": "on"}}"#,
        )
        .unwrap();
        let mut after = before.clone();
        after.default = "on".into();
        after.owner = None;
        after.rollout.as_mut().unwrap().salt = Some("\u{1b}".into());
        after.overrides.insert("a b".into(), "off".into());
        let change = KeyChange {
            key: "f".parse().unwrap(),
            before: Some(before),
            after: Some(after),
        };
        insta::assert_snapshot!(fields(&change).join("\n"), @r#"
        $.flags["f"].owner: "ada" → none
        $.flags["f"].overrides['a b']: "on" → "off"
        $.flags["f"].rollout.salt: none → "\u001b"
        $.flags["f"].default: "off" → "on"
        "#);
        assert_eq!(
            fields(&KeyChange {
                before: None,
                ..change
            }),
            Vec::<String>::new()
        );
    }
}
