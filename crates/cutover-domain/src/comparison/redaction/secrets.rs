//! Names and texts that speak of a secret.

use super::RedactAction;
use super::text::TextRedaction;

/// Parts of names, in lower case and without `_`, `-`, `.` and blanks.
const ANYWHERE: [&str; 14] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "apikey",
    "accesskey",
    "privatekey",
    "credential",
    "authorization",
    "accesstoken",
    "refreshtoken",
    "authtoken",
    "connectionstring",
    "sessionid",
];

/// Ends of names; `token` at an end only, for `max_tokens` is none.
const AT_THE_END: [&str; 7] = ["token", "cookie", "cookies", "pwd", "jwt", "otp", "cvv"];

/// Patterns of secrets in texts; their groups are what is taken.
const TEXTS: [&str; 6] = [
    // What follows a name that speaks of a secret: password=…, "api_key": "…", Token: …
    r#"(?i)(?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key)["']?\s*[:=]\s*["']?([^\s"',;&}\]]+)"#,
    // HTTP's Authorization header, with or without its name
    r"(?i)\b(?:bearer|basic|digest)\s+([A-Za-z0-9+/_.~=-]{8,})",
    // A JSON web token
    r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
    // An access key of a cloud
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    // The password of a URL
    r"://[^\s/:@]*:([^\s/@]+)@",
    // A private key, also one that was cut off
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z ]*PRIVATE KEY-----|\z)",
];

/// Whether the value of a member of this name is taken for a secret.
pub(super) fn is_secret_name(name: &str) -> bool {
    let plain: String = name
        .chars()
        .filter(|character| !matches!(character, '_' | '-' | '.' | ' '))
        .flat_map(char::to_lowercase)
        .collect();
    ANYWHERE.iter().any(|part| plain.contains(part))
        || AT_THE_END.iter().any(|end| plain.ends_with(end))
}

/// The patterns, made ready.
pub(super) fn texts(action: RedactAction) -> impl Iterator<Item = TextRedaction> {
    // They are checked by a test.
    TEXTS
        .iter()
        .filter_map(move |pattern| TextRedaction::new(pattern, action).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::RedactionRules;

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
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "max_tokens",
            "name",
            "tokens",
            "key",
            "pass",
            "author",
            "",
            "id",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn texts_lose_their_secrets_and_nothing_else() {
        assert_eq!(texts(RedactAction::Mask).count(), TEXTS.len());
        let redaction = RedactionRules::new().secrets().build().unwrap();
        for (text, kept) in [
            (
                "login with password=hunter2 failed",
                "login with password=[redacted] failed",
            ),
            (
                r#"{"api_key": "k-123", "n": 1}"#,
                r#"{"api_key": "[redacted]", "n": 1}"#,
            ),
            (
                "Authorization: Bearer abcdefgh.12-_",
                "Authorization: Bearer [redacted]",
            ),
            ("postgres://me:pw@db/x", "postgres://me:[redacted]@db/x"),
            ("id AKIAIOSFODNN7EXAMPLE.", "id [redacted]."),
            (
                "a -----BEGIN RSA PRIVATE KEY-----\nMIIE\nxx",
                "a [redacted]",
            ),
            (
                "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY----- b",
                "[redacted] b",
            ),
            (
                "jwt eyJhbGciOiJI.eyJzdWIiOiIx.sig-1 end",
                "jwt [redacted] end",
            ),
            (
                "42 tokens of 100, a basic test",
                "42 tokens of 100, a basic test",
            ),
        ] {
            assert_eq!(redaction.text(text), kept);
        }
    }
}
