//! Where the walk is, and how that is written.

use super::selector::is_name_character;

/// The number of a place.
pub(super) type PathId = u32;

/// The whole answer.
pub(super) const WHOLE: PathId = 0;

/// One step down; the two sides part only in the places of elements.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// A member, by the common number of its key.
    Member(u32),
    /// An element, by its place in old and in new.
    Element(u32, u32),
}

/// All places the walk has come to, each as a step from another.
#[derive(Debug)]
pub(super) struct Paths {
    steps: Vec<(PathId, Step)>,
}

impl Paths {
    pub(super) fn new() -> Self {
        Self {
            steps: vec![(WHOLE, Step::Member(0))],
        }
    }

    pub(super) fn add(&mut self, parent: PathId, step: Step) -> PathId {
        self.steps.push((parent, step));
        (self.steps.len() - 1) as PathId
    }

    /// How many steps a place is from the whole.
    pub(super) fn depth(&self, place: PathId) -> usize {
        let parent = |at: &PathId| Some(self.steps[*at as usize].0);
        std::iter::successors(Some(place), |at| {
            (*at != WHOLE).then(|| parent(at)).flatten()
        })
        .take_while(|at| *at != WHOLE)
        .count()
    }

    /// The place in old, and in new if that is written differently.
    pub(super) fn print(&self, place: PathId, key_names: &[&str]) -> (String, Option<String>) {
        let mut way = Vec::new();
        let mut at = place;
        while at != WHOLE {
            let (parent, step) = self.steps[at as usize];
            way.push(step);
            at = parent;
        }
        let (mut old, mut new, mut parted) = ("$".to_owned(), "$".to_owned(), false);
        for step in way.iter().rev() {
            match step {
                Step::Member(key) => {
                    let name = key_names.get(*key as usize).copied().unwrap_or_default();
                    let written = member(name);
                    old.push_str(&written);
                    new.push_str(&written);
                }
                Step::Element(in_old, in_new) => {
                    parted |= in_old != in_new;
                    old.push_str(&format!("[{in_old}]"));
                    new.push_str(&format!("[{in_new}]"));
                }
            }
        }
        (old, parted.then_some(new))
    }
}

/// `.name`, or `['odd name']` where a name needs quotes.
pub(in crate::comparison) fn member(name: &str) -> String {
    let plain = !name.is_empty()
        && name
            .chars()
            .enumerate()
            .all(|(at, character)| is_name_character(character, at == 0));
    if plain {
        return format!(".{name}");
    }
    let mut written = "['".to_owned();
    for character in name.chars() {
        match character {
            '\'' => written.push_str("\\'"),
            '\\' => written.push_str("\\\\"),
            '\u{8}' => written.push_str("\\b"),
            '\u{c}' => written.push_str("\\f"),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            c if c < ' ' => written.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => written.push(c),
        }
    }
    written.push_str("']");
    written
}

#[cfg(test)]
mod tests {
    use super::super::selector::Selector;
    use super::*;

    #[test]
    fn places_are_written_as_paths_that_select_them() {
        let names = ["a", "é_1", "odd name", "it's \\ \n\u{1}", "", "1st"];
        let mut paths = Paths::new();
        let place = (0..6).fold(WHOLE, |at, key| paths.add(at, Step::Member(key)));
        let (old, new) = paths.print(place, &names);
        assert_eq!(
            old,
            "$.a.é_1['odd name']['it\\'s \\\\ \\n\\u0001']['']['1st']"
        );
        assert_eq!(new, None);
        let selector: Selector = old.parse().unwrap();
        for (segment, name) in selector.segments().iter().zip(names) {
            assert!(segment.takes_member(name), "{name:?}");
        }
        let element = paths.add(WHOLE, Step::Element(3, 7));
        assert_eq!(
            paths.print(element, &names),
            ("$[3]".into(), Some("$[7]".into()))
        );
        assert_eq!(paths.print(WHOLE, &names), ("$".into(), None));
    }
}
