//! Names that speak of a secret.

use super::words::Words;

/// What one of is in every name that speaks of a secret.
pub(super) static NAMES: Words = Words::new(&[
    "pass",
    "secret",
    "credential",
    "token",
    "key",
    "sess",
    "sid",
    "connection",
    "signature",
    "auth",
    "cookie",
    "bearer",
    "pwd",
    "jwt",
    "otp",
    "cvv",
    "csrf",
    "xsrf",
]);

/// Parts of names, in lower case and without `_`, `-`, `.` and blanks.
const ANYWHERE: [&str; 26] = [
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "secret",
    "apikey",
    "accesskey",
    "accountkey",
    "privatekey",
    "signingkey",
    "encryptionkey",
    "clientkeydata",
    "credential",
    "authorization",
    "authheader",
    "accesstoken",
    "refreshtoken",
    "authtoken",
    "otpcode",
    "connectionstring",
    "sessionid",
    "sessid",
    "sessionkey",
    "sessiontoken",
    "amzsignature",
    "googsignature",
];

/// Ends of names that are told from words of a sentence only where something says that they are names.
const AT_THE_END: [&str; 9] = [
    "cookie", "cookies", "session", "auth", "pwd", "jwt", "otp", "cvv", "bearer",
];

/// Last words of names: too short to be looked for inside others. The same holds for them.
const LAST_WORD: [&str; 3] = ["sid", "csrf", "xsrf"];

/// How surely a name speaks of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secrecy {
    /// Whatever stands behind it is one.
    Sure,
    /// Texts are secrets, numbers are not: `tokens` are counted as often as they are told.
    Texts,
    /// It is a word of a sentence as well.
    Short,
}

/// First words of names that say whether, and last ones that say which, where or how much: nothing
/// with them is a secret itself.
const ABOUT: [&[&str]; 2] = [
    &["has", "is", "no", "use", "uses", "needs", "requires"],
    &[
        "name", "file", "path", "url", "uri", "count", "length", "size", "limit", "required",
        "enabled", "type", "method", "policy", "alg", "at", "expires", "expiry", "ttl", "stdin",
        "santa",
    ],
];

/// Tokens that are places in a list or words of a model.
const OTHER_TOKENS: [&str; 11] = [
    "pagetoken",
    "nexttoken",
    "continuationtoken",
    "eostoken",
    "bostoken",
    "padtoken",
    "unktoken",
    "septoken",
    "clstoken",
    "masktoken",
    "stoptoken",
];

/// What a name says of the value behind it, if it speaks of a secret: in documents and in texts.
pub(super) fn secrecy(name: &str) -> Option<Secrecy> {
    if !NAMES.are_in(name) {
        return None;
    }
    let words = words(name);
    let plain = words.concat().replace("secretar", "");
    let first = words.first().map_or("", String::as_str);
    let last = words.last().map_or("", String::as_str);
    let [whether, which] = ABOUT;
    let is_about = words.len() > 1 && (whether.contains(&first) || which.contains(&last));
    if is_about || is_of_a_place(&plain) || OTHER_TOKENS.iter().any(|end| plain.ends_with(end)) {
        None
    } else if ANYWHERE.iter().any(|part| plain.contains(part)) || plain.ends_with("token") {
        Some(Secrecy::Sure)
    } else if plain.ends_with("tokens") || last == "pass" || plain == "sshpass" {
        // At an end only, for `token_count` is none.
        Some(Secrecy::Texts)
    } else {
        let is_short =
            AT_THE_END.iter().any(|end| plain.ends_with(end)) || LAST_WORD.contains(&last);
        is_short.then_some(Secrecy::Short)
    }
}

/// The words of a name, in lower case: `dbPassword`, `DB_PASSWORD`, `db.password`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_after_lower = false;
    for character in name.chars() {
        let is_sign = matches!(character, '_' | '-' | '.' | ' ');
        if is_sign || (is_after_lower && character.is_uppercase()) {
            words.push(String::new());
        }
        is_after_lower = character.is_lowercase();
        if !is_sign && let Some(word) = words.last_mut() {
            word.extend(character.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether a text is a word that stands where a secret could, and says that there is none, or of which
/// kind.
pub(super) fn is_no_secret(text: &str) -> bool {
    const WORDS: [&str; 17] = [
        "none",
        "null",
        "nil",
        "undefined",
        "true",
        "false",
        "yes",
        "no",
        "required",
        "optional",
        "enabled",
        "disabled",
        "oauth",
        "oauth2",
        "basic",
        "bearer",
        "digest",
    ];
    WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// Whether the value of a member of this name is taken for a secret, whatever it is.
pub(super) fn is_secret_name(name: &str) -> bool {
    secrecy(name).is_some_and(|secrecy| secrecy != Secrecy::Texts)
}

/// Whether a plain name is that of a name or a file: it says which one or where, not what.
fn is_of_a_place(plain: &str) -> bool {
    plain.ends_with("name") || plain.ends_with("file") && !plain.ends_with("profile")
}

/// Whether a text is a number, numbers, or nothing.
pub(super) fn is_number(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_digit() || b".,_+- ".contains(&byte))
}

/// Whether a word is an option like `--api-key`: its value is the next word.
pub(super) fn is_secret_option(word: &str) -> bool {
    const LONGEST: usize = 80;
    let name = word.strip_prefix('-').filter(|name| name.len() <= LONGEST);
    name.is_some_and(|name| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        name.bytes().all(is_plain) && is_secret_name(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_however_they_are_written() {
        for name in [
            "password",
            "Password",
            "user_password",
            "passwordHash",
            "API-Key",
            "apiKey",
            "X-Api-Key",
            "access_token",
            "token",
            "idToken",
            "Authorization",
            "client_secret",
            "Set-Cookie",
            "private key",
            "DB_PWD",
            "session",
            "user-session",
            "sessionid",
            "session_id",
            "auth",
            "X-Auth",
            "cookie",
            "api_key",
            "sid",
            "signing_key",
            "AccountKey",
            "SharedAccessKey",
            "X-Amz-Signature",
            "X-Amz-Security-Token",
            "auth_header",
            "otp_code",
            "_authToken",
            "client-key-data",
            "access_tokens",
            "PHPSESSID",
            "JSESSIONID",
            "connect.sid",
            "my_csrf",
            "bearer",
            "passwordProfile",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "max_tokens",
            "name",
            "tokens",
            "key",
            "bypass",
            "passenger",
            "author",
            "passage",
            "keyboard",
            "public_key",
            "token_count",
            "completion_tokens",
            "bearerTokenFile",
            "password_file",
            "secretFileName",
            "SharedAccessKeyName",
            "residence",
            "has_password",
            "passwordRequired",
            "password_min_length",
            "credentials_count",
            "secretary",
            "secret_santa",
            "eos_token",
            "next_page_token",
            "auth_method",
            "private_key_path",
            "sessions",
            "sidebar",
            "side",
            "key_id",
            "",
            "id",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }
    #[test]
    fn tokens_and_passes_may_be_counted() {
        for name in [
            "tokens",
            "max_tokens",
            "pushTokens",
            "DB_PASS",
            "smtpPass",
            "pass",
        ] {
            assert_eq!(secrecy(name), Some(Secrecy::Texts), "{name}");
        }
        for number in ["512", "1,024", "4_096", "0.5", "-1", "1, 2", ""] {
            assert!(is_number(number), "{number}");
        }
        assert!(!is_number("5a"));
    }
}
