use std::fmt;

/// A place in a document: the way to it, which is written out only for a problem.
///
/// Checking a million rules makes a million of these, on the stack.
#[derive(Clone, Copy, Debug)]
pub(in crate::flags) struct Place<'a> {
    above: Option<&'a Place<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Root,
    Field(&'a str),
    Key(&'a str),
    Index(usize),
}

impl<'a> Place<'a> {
    /// The document.
    pub(in crate::flags) const ROOT: Self = Self {
        above: None,
        step: Step::Root,
    };

    /// A field of what stands here.
    pub(in crate::flags) fn field(&'a self, name: &'a str) -> Self {
        self.step(Step::Field(name))
    }

    /// A member whose name anybody may choose.
    pub(in crate::flags) fn key(&'a self, name: &'a str) -> Self {
        self.step(Step::Key(name))
    }

    /// An element, counted from 0.
    pub(in crate::flags) fn index(&'a self, index: usize) -> Self {
        self.step(Step::Index(index))
    }

    fn step(&'a self, step: Step<'a>) -> Self {
        Self {
            above: Some(self),
            step,
        }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(above) = self.above {
            above.fmt(f)?;
        }
        match self.step {
            Step::Root => f.write_str("$"),
            Step::Field(name) => write!(f, ".{}", shown(name)),
            Step::Key(name) => write!(f, "[{:?}]", shown(name)),
            Step::Index(index) => write!(f, "[{index}]"),
        }
    }
}

/// So much of a name is written in a path.
const NAME_SHOWN: usize = 200;

fn shown(name: &str) -> std::borrow::Cow<'_, str> {
    match name.char_indices().nth(NAME_SHOWN) {
        Some((end, _)) => format!("{}…", &name[..end]).into(),
        None => name.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_written_as_a_path() {
        let flags = Place::ROOT.field("flags");
        let flag = flags.key("use_new");
        let rules = flag.field("rules");
        let rule = rules.index(3);
        assert_eq!(rule.to_string(), r#"$.flags["use_new"].rules[3]"#);
        let endless = "é".repeat(1 << 20);
        let path = flags.key(&endless).to_string();
        assert_eq!(path, format!("$.flags[\"{}…\"]", "é".repeat(200)));
    }
}
