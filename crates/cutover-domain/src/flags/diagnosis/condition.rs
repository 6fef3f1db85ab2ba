use serde_json::Value;

use super::shape::Reader;
use crate::flags::condition::stored::{FIELDS, SHAPE};
use crate::flags::validation::Place;
use crate::flags::{Bound, Literal};
use crate::spelling::closest;

impl Reader {
    /// Recurses as deep as JSON readers let a value nest.
    pub(super) fn condition(&mut self, value: &Value, place: &Place<'_>) {
        let Some(members) = self.object(value, place) else {
            return;
        };
        let before = self.problems.0.len();
        let mut asked = Vec::new();
        for (word, value) in members {
            let place = place.field(word);
            match word.as_str() {
                "attribute" => {
                    self.read::<String>(value, &place);
                }
                "all" | "any" => {
                    for (index, inner) in self.array(value, &place).iter().enumerate() {
                        self.condition(inner, &place.index(index));
                    }
                }
                "not" => self.condition(value, &place),
                "equals" => {
                    self.read::<Literal>(value, &place);
                }
                "in" => self.each::<Literal>(value, &place),
                "starts_with" | "ends_with" | "contains" | "matches" => {
                    self.read::<String>(value, &place);
                }
                "less_than" | "at_most" | "greater_than" | "at_least" => {
                    self.read::<Bound>(value, &place);
                }
                "exists" => {
                    self.read::<bool>(value, &place);
                }
                _ => {
                    let message = match closest(&FIELDS, word) {
                        Some(meant) => {
                            format!("a condition has no field `{word}`; did you mean `{meant}`?")
                        }
                        None => format!("a condition has no field `{word}`: {SHAPE}"),
                    };
                    self.problems.add(place, message);
                    continue;
                }
            }
            if word != "attribute" {
                asked.push(word.as_str());
            }
        }
        let composes = |word: &str| ["all", "any", "not"].contains(&word);
        let needs_attribute = asked.iter().all(|word| !composes(word));
        match asked[..] {
            [_] if needs_attribute == members.contains_key("attribute") => {}
            [] if self.problems.0.len() > before => {}
            [_] | [] => self.problems.add(place, SHAPE),
            _ => {
                let message = format!(
                    "a condition asks one thing, this one asks {}; put them together with `all` or \
                     `any`",
                    asked.join(", ")
                );
                self.problems.add(place, message);
            }
        }
    }
}
