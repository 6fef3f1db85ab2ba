//! Secrets in command lines: `--token …`, `-u user:…`, `mysql -p…`.

use std::ops::Range;

use super::extent;
use super::secrets::is_secret_option;

/// So far back is looked for the program of an option.
const COMMAND: usize = 300;

/// What stands behind an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// Like `--api-key`: a secret.
    Secret,
    /// Like `-u`: a user, that may be followed by a password.
    User,
}

impl Before {
    /// What the word after an option is; of some it depends on the words before it.
    pub(super) fn of(option: &str, command: &str) -> Option<Self> {
        match option {
            "-u" | "--user" | "--proxy-user" => Some(Self::User),
            _ if is_secret_option(option) => Some(Self::Secret),
            _ => {
                let letter = option.strip_prefix('-')?.chars().next()?;
                (option.len() == 2 && Form::of(letter, command) == Some(Form::NextToo))
                    .then_some(Self::Secret)
            }
        }
    }
}

/// How a program takes a secret behind an option of one letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// In the same word only: the next one is something else.
    Attached,
    /// In the same word or the next.
    NextToo,
}

impl Form {
    fn of(letter: char, command: &str) -> Option<Self> {
        if !matches!(letter, 'p' | 'P' | 'a' | 'w') {
            return None;
        }
        let is_of_word =
            |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
        let words: Vec<&str> = command
            .split(|character| !is_of_word(character))
            .filter(|word| !word.is_empty())
            .collect();
        let begins = |program: &[&str]| {
            let is_it = |word: &&str| program.iter().any(|name| word.starts_with(name));
            words.iter().any(is_it)
        };
        let logs_in = || {
            let clients = [
                "docker", "podman", "nerdctl", "buildah", "skopeo", "helm", "oras",
            ];
            let mut pairs = words.windows(2);
            pairs.any(|pair| clients.contains(&pair[0]) && matches!(pair[1], "login" | "registry"))
        };
        // What it runs has options of its own.
        let is_first = |program| {
            let after = words
                .iter()
                .rev()
                .take_while(|word| word.starts_with('-'))
                .count();
            words.iter().rev().nth(after) == Some(&program)
        };
        match letter {
            'p' if begins(&["mysql", "mariadb"]) => Some(Self::Attached),
            'p' if is_first("sshpass") || begins(&["mongo"]) || logs_in() => Some(Self::NextToo),
            'P' if begins(&["zip", "unzip"]) => Some(Self::NextToo),
            'a' if begins(&["redis-cli"]) => Some(Self::NextToo),
            'w' if begins(&["ldap"]) => Some(Self::NextToo),
            _ => None,
        }
    }
}

/// Whether a word is an option of one letter with a secret in it: `-psecret`.
pub(super) fn has_secret(word: &str, command: &str) -> bool {
    let mut letters = word.chars();
    letters.next() == Some('-')
        && letters
            .next()
            .is_some_and(|letter| Form::of(letter, command).is_some())
        && letters.next().is_some()
}

/// Whether a word is like `me:secret`, and neither a user and a group by their numbers nor an address.
pub(super) fn is_user_with_password(word: &str) -> bool {
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    word.split_once(':').is_some_and(|(user, password)| {
        let is_address = password.starts_with("//") || user.contains(char::is_whitespace);
        let is_group = is_number(user) && is_number(password);
        !password.is_empty() && !is_address && !is_group
    })
}

/// What must not be kept of the command lines in a text, in order and apart.
pub(super) fn values(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(dash) = text[from..].find('-') {
        let at = from + dash;
        let len = text[at..].find(|character| !is_of_option(character));
        let end = len.map_or(text.len(), |len| at + len);
        from = end;
        let begins = |character: char| character.is_whitespace() || "\"',[(`".contains(character);
        if !text[..at].chars().next_back().is_none_or(begins) {
            continue;
        }
        if let Some(value) = behind(text, at..end).filter(|value| !value.is_empty()) {
            from = from.max(value.end);
            found.push(value);
        }
    }
    found
}

fn is_of_option(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '_')
}

/// The value of an option.
fn behind(text: &str, option: Range<usize>) -> Option<Range<usize>> {
    let Range { start, end } = option;
    let option = &text[start..end];
    let command = command(text, start);
    let letter = option.chars().nth(1)?;
    let has_value = start + 2 < text.len()
        && !text[start + 2..].starts_with(char::is_whitespace)
        && next_in_list(text, start + 2).is_none();
    if has_value && Form::of(letter, command).is_some() {
        return Some(word(text, start + 2));
    }
    match Before::of(option, command).or_else(|| users(option))? {
        Before::Secret => {
            let value = next_word(text, end)?;
            let is_other = text[value.clone()].starts_with(['-', '=', ':']);
            (!is_other).then_some(value)
        }
        Before::User => {
            let value = match option {
                _ if letter == 'u' && has_value => word(text, start + 2),
                _ if text[end..].starts_with('=') => word(text, end + 1),
                _ => next_word(text, end)?,
            };
            let written = &text[value.clone()];
            let colon = written.find(':')?;
            is_user_with_password(written).then_some(value.start + colon + 1..value.end)
        }
    }
}

/// Options with others in one word: `-su`, or with the user: `-ume`.
fn users(option: &str) -> Option<Before> {
    let is_one = !option.starts_with("--") && option.len() <= 10 && option.ends_with('u');
    (is_one || option.starts_with("-u")).then_some(Before::User)
}

/// A word of a command line, without its quotes.
fn word(text: &str, at: usize) -> Range<usize> {
    extent::quoted(text, at).unwrap_or_else(|| extent::argument(text, at))
}

/// The word after an option, in a command line or in a list of words.
fn next_word(text: &str, end: usize) -> Option<Range<usize>> {
    let start = match next_in_list(text, end) {
        Some(start) => start,
        None if text[end..].starts_with(char::is_whitespace) => {
            extent::skip(text, end, char::is_whitespace)
        }
        None => return None,
    };
    Some(word(text, start))
}

/// Where the next word of a list begins: `"--token", "…"`.
fn next_in_list(text: &str, end: usize) -> Option<usize> {
    let quote = extent::Quote::at(text, end)?;
    let comma = extent::skip(text, end + quote.len(), char::is_whitespace);
    let is_comma = text[comma..].starts_with(',');
    is_comma.then(|| extent::skip(text, comma + 1, char::is_whitespace))
}

/// The words before an option, as far as they belong to its command.
fn command(text: &str, at: usize) -> &str {
    let start = text.floor_char_boundary(at.saturating_sub(COMMAND));
    let before = &text[start..at];
    let begin = before
        .rfind(['\n', '\r', '|', ';', '&'])
        .map_or(0, |end| end + 1);
    &before[begin..]
}
