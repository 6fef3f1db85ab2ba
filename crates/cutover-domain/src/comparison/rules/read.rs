//! Reading a rules file, with every problem at once.

use super::{RuleProblem, Rules, RulesError};
use crate::spelling::closest;
use crate::tree::{Kind, Node, Tree};

impl Rules {
    /// Reads a rules file that was parsed, whatever its format, and checks every rule in it.
    ///
    /// ```
    /// use cutover_domain::comparison::Rules;
    /// use cutover_domain::tree::Tree;
    ///
    /// let file = Tree::from_json(r#"{
    ///     "ingore": ["$.at"],
    ///     "numbers": {"absolute": 0.5, "relative": 2},
    ///     "keys": [{"path": "$.items", "by": ["id"]}, {"path": "items", "by": ["id"]}]
    /// }"#)?;
    /// let error = Rules::read(&file).unwrap_err();
    /// let problems: Vec<_> = error.problems.iter()
    ///     .map(|problem| (problem.entry.as_deref().unwrap_or_default(), problem.message.as_str()))
    ///     .collect();
    /// assert_eq!(problems, [
    ///     ("ingore", "there is no entry `ingore`; did you mean `ignore`?"),
    ///     ("numbers.relative", "relative 2.0: a tolerance is a number from 0 and below 1"),
    ///     ("keys[1]", "key id for: `items` is not a path: a path starts with `$`, which is the \
    ///      whole answer at character 1"),
    /// ]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`RulesError`] with every problem and the entry it is in.
    pub fn read(file: &Tree) -> Result<Self, RulesError> {
        let mut problems = Vec::new();
        if file.root().kind() == Kind::Object {
            check(file.root(), &Place::default(), &mut problems);
        } else {
            problems.push(RuleProblem {
                entry: None,
                message: format!("rules are a table of entries, not a {}", file.root().kind()),
            });
        }
        if !problems.is_empty() {
            return Err(RulesError { problems });
        }
        parse(&file.to_json()).map_err(|message| RulesError {
            problems: vec![RuleProblem {
                entry: None,
                message,
            }],
        })
    }
}

/// Where an entry stands, and what to write around it to have a rules file of its own.
#[derive(Clone, Default)]
struct Place {
    path: String,
    before: String,
    after: String,
    depth: usize,
}

impl Place {
    fn member(&self, key: &str) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        Self {
            path: format!("{}{dot}{key}", self.path),
            before: format!("{}{{{}:", self.before, Tree::string(key).to_json()),
            after: format!("}}{}", self.after),
            depth: self.depth + 1,
        }
    }

    /// Where the entry of that name stands: on the way here, or inside of what stands here.
    fn path_to(&self, name: &str) -> String {
        let mut end = 0;
        for step in self.path.split_inclusive('.') {
            let entry = step.split(['.', '[']).next().unwrap_or_default();
            if entry == name {
                return self.path[..end + entry.len()].to_owned();
            }
            end += step.len();
        }
        format!("{}.{name}", self.path)
    }

    fn element(&self, at: usize) -> Self {
        Self {
            path: format!("{}[{at}]", self.path),
            before: format!("{}[", self.before),
            after: format!("]{}", self.after),
            depth: self.depth,
        }
    }
}

/// Checks each rule as if it stood alone, so that one mistake does not hide the next.
fn check(value: Node<'_>, place: &Place, problems: &mut Vec<RuleProblem>) {
    // A table at the top, and one in it, hold rules; deeper ones are a rule.
    if value.kind() == Kind::Object && place.depth < 2 && !place.path.ends_with(']') {
        for (key, member) in value.entries() {
            check(member, &place.member(key), problems);
        }
        return;
    }
    // A list of rules; the fields of a key are one. No rule holds a list of lists of lists.
    let is_list = value.kind() == Kind::Array && !value.is_empty();
    if is_list && place.path.matches('[').count() < 2 {
        for (at, item) in value.items().enumerate() {
            check(item, &place.element(at), problems);
        }
        return;
    }
    let alone = format!("{}{}{}", place.before, value.to_json(), place.after);
    let found = match parse(&alone) {
        Ok(rules) => match rules.build() {
            Ok(_) => return,
            Err(error) => error.problems,
        },
        Err(message) => vec![misshapen(place, message)],
    };
    for mut problem in found {
        problem.entry.get_or_insert_with(|| place.path.clone());
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
}

/// What `serde` says of an entry, in words for who wrote it.
fn misshapen(place: &Place, message: String) -> RuleProblem {
    // "unknown field `ingore`, expected one of `ignore`, `only`, …"
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = message
        .starts_with("unknown field")
        .then(|| quoted.next())
        .flatten();
    let Some(unknown) = unknown else {
        return RuleProblem {
            entry: None,
            message: format!("{}: {message}", place.path),
        };
    };
    let known: Vec<_> = quoted.collect();
    let hint = match closest(&known, unknown) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("there are {}", known.join(", ")),
    };
    RuleProblem {
        entry: Some(place.path_to(unknown)),
        message: format!("there is no entry `{unknown}`; {hint}"),
    }
}

fn parse(json: &str) -> Result<Rules, String> {
    serde_json::from_str(json).map_err(|error| {
        let message = error.to_string();
        // The place is one in the text made here, which nobody has seen.
        match message.rfind(" at line ") {
            Some(end) => message[..end].to_owned(),
            None => message,
        }
    })
}
