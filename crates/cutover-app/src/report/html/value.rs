//! The two values of an example, side by side, with what parts them marked and blanks visible.

use cutover_domain::tree::Tree;
use maud::{Markup, PreEscaped, html};

use super::super::figure::visible;

/// So many characters that both have are shown before and after what differs.
const AROUND: usize = 80;

pub(super) fn pair(old: Option<&Tree>, new: Option<&Tree>) -> Markup {
    let texts = [old, new].map(|tree| tree.map(Text::of));
    let [old, new] = match &texts {
        [Some(old), Some(new)] => common(old, new),
        [old, new] => [old, new].map(|text| {
            text.as_ref()
                .map(|text| (0, text.letters.len(), text.letters.len()))
        }),
    };
    html! {
        div class="pair" {
            @for (side, text, span) in [("old", &texts[0], old), ("new", &texts[1], new)] {
                div {
                    span class="side" { i class={ "key " (side) } {} (side) }
                    @match text.as_ref().zip(span) {
                        Some((text, span)) => pre { code { (text.render(span)) } },
                        None => p class="quiet nothing" { "nothing" },
                    }
                }
            }
        }
    }
}

/// A value as letters; of a string its own, not those of its JSON.
struct Text {
    letters: Vec<char>,
    is_string: bool,
}

impl Text {
    fn of(tree: &Tree) -> Self {
        let string = tree.root().as_str();
        Self {
            is_string: string.is_some(),
            letters: match string {
                Some(text) => text.chars().collect(),
                None => tree.to_json().chars().collect(),
            },
        }
    }

    /// The letters with those from `span.0` to `span.1` marked; of long stretches before and after
    /// them the near part.
    fn render(&self, (start, end, length): (usize, usize, usize)) -> Markup {
        let from = if start > 2 * AROUND {
            start - AROUND
        } else {
            0
        };
        let to = if length - end > 2 * AROUND {
            end + AROUND
        } else {
            length
        };
        let is_part = start > 0 || end < length;
        html! {
            @if self.is_string { span class="quote" { "\"" } }
            @if from > 0 { span class="blank" { "…" } }
            (self.letters(from, start))
            @if is_part {
                @if start < end { mark { (self.letters(start, end)) } }
            } @else {
                (self.letters(start, end))
            }
            (self.letters(end, to))
            @if to < length { span class="blank" { "…" } }
            @if self.is_string { span class="quote" { "\"" } }
        }
    }

    fn letters(&self, from: usize, to: usize) -> Markup {
        let mut html = String::new();
        for place in from..to {
            let letter = self.letters[place];
            match letter {
                '\n' => html.push_str("<span class=\"blank\">↵</span>\n"),
                '\t' => html.push_str("<span class=\"blank\">⇥</span>\t"),
                ' ' if self.is_odd_space(place) => {
                    html.push_str("<span class=\"blank\">·</span>");
                }
                '&' => html.push_str("&amp;"),
                '<' => html.push_str("&lt;"),
                '>' => html.push_str("&gt;"),
                '\u{a0}' => html.push_str("<span class=\"blank\">\\u{a0}</span>"),
                letter => {
                    let shown = visible(letter.encode_utf8(&mut [0; 4]));
                    if shown.starts_with('\\') && letter != '\\' {
                        html.push_str(&format!("<span class=\"blank\">{shown}</span>"));
                    } else {
                        html.push_str(&shown);
                    }
                }
            }
        }
        PreEscaped(html)
    }

    /// A space that is easily overlooked: beside another blank, or at an end.
    fn is_odd_space(&self, place: usize) -> bool {
        let is_blank = |place: Option<usize>| {
            let letter = place.and_then(|place| self.letters.get(place));
            letter.is_none_or(|letter| letter.is_whitespace())
        };
        self.is_string && (is_blank(place.checked_sub(1)) || is_blank(Some(place + 1)))
    }
}

/// Where each differs from the other: from, to, and its length. Nothing is marked where they have
/// nothing in common.
fn common(old: &Text, new: &Text) -> [Option<(usize, usize, usize)>; 2] {
    let (left, right) = (&old.letters, &new.letters);
    let most = left.len().min(right.len());
    let same = |pair: &(&char, &char)| pair.0 == pair.1;
    let start = left.iter().zip(right).take_while(same).count();
    let ends = left.iter().rev().zip(right.iter().rev());
    let end = ends.take(most - start).take_while(same).count();
    let is_alike = old.is_string == new.is_string && start + end > 0;
    [left, right].map(|letters| {
        let length = letters.len();
        if is_alike {
            Some((start, length - end, length))
        } else {
            Some((0, length, length))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(old: &str, new: &str) -> [String; 2] {
        let tree = |json| Tree::from_json(json).unwrap();
        let (old, new) = (Text::of(&tree(old)), Text::of(&tree(new)));
        let [of_old, of_new] = common(&old, &new);
        [(old, of_old), (new, of_new)].map(|(text, span)| text.render(span.unwrap()).into_string())
    }

    #[test]
    fn what_parts_two_values_is_marked() {
        let quote = "<span class=\"quote\">&quot;</span>";
        for (old, new, marked) in [
            (
                "12.50",
                "12.75",
                ["12.<mark>50</mark>", "12.<mark>75</mark>"],
            ),
            ("[1,2]", "[1,2,3]", ["[1,2]", "[1,2<mark>,3</mark>]"]),
            ("1", "2", ["1", "2"]),
        ] {
            assert_eq!(shown(old, new), marked);
        }
        assert_eq!(
            shown("\"same \"", "\"same\""),
            [
                format!("{quote}same<mark><span class=\"blank\">·</span></mark>{quote}"),
                format!("{quote}same{quote}")
            ]
        );
        // A number and a text that look the same.
        assert_eq!(
            shown("1", "\"1\""),
            ["1".to_owned(), format!("{quote}1{quote}")]
        );
    }

    #[test]
    fn blanks_and_what_hides_are_seen_and_tags_are_text() {
        let [old, _] = shown("\"a\\tb\\n  c\\u202e\\u0000<i>\"", "\"x\"");
        assert!(
            old.contains("⇥") && old.contains("↵") && old.contains("·"),
            "{old}"
        );
        assert!(old.contains("\\u{202e}") && old.contains("\\u{0}"), "{old}");
        assert!(old.contains("&lt;i&gt;") && !old.contains('\u{202e}'));
    }

    #[test]
    fn of_a_long_value_the_part_that_differs_is_shown() {
        let long = "x".repeat(5000);
        let [old, new] = shown(&format!("\"{long}a{long}\""), &format!("\"{long}b{long}\""));
        assert!(old.contains("<mark>a</mark>") && new.contains("<mark>b</mark>"));
        assert!(old.len() < 500, "{}", old.len());
    }
}
