//! Names and texts that speak of a secret.

use super::RedactAction;
use super::text::TextRedaction;
use crate::tree::Node;

/// Parts of names, in lower case and without `_`, `-`, `.` and blanks.
const ANYWHERE: [&str; 19] = [
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "secret",
    "apikey",
    "accesskey",
    "privatekey",
    "signingkey",
    "encryptionkey",
    "credential",
    "authorization",
    "accesstoken",
    "refreshtoken",
    "authtoken",
    "connectionstring",
    "sessionid",
    "sessionkey",
    "sessiontoken",
];

/// Ends of names; `token` at an end only, for `max_tokens` is none.
const AT_THE_END: [&str; 10] = [
    "token", "cookie", "cookies", "session", "auth", "pwd", "jwt", "otp", "cvv", "bearer",
];

/// Whole names: too short to be looked for inside others.
const WHOLE: [&str; 3] = ["sid", "csrf", "xsrf"];

/// Patterns of secrets in texts; their groups are what is taken. None of them can run far ahead of
/// what it takes, so that all matches in a text take time in proportion to it.
const TEXTS: [&str; 9] = [
    // What follows a name that speaks of a secret: password=…, "api_key": "…", Token: …
    concat!(
        r#"(?i)(?:password|passwd|passphrase|passcode|secret|token|api[_-]?key|access[_-]?key"#,
        r#"|private[_-]?key|session[_-]?id)\\?["']?\s*[:=]\s*"#,
        r#"(?:\\?"([^"\r\n]*)"|'([^'\r\n]*)'|["']?([^\s"',;&}\]]+))"#,
    ),
    // Short names, where `=` says that they are names
    r#"(?i)\b(?:session|sid|auth|pwd|jwt|otp)=["']?([^\s"',;&}\]]+)"#,
    // Credentials of HTTP, with or without the name of their header
    concat!(
        r"(?i)\bbearer\s+([A-Za-z0-9+/_.~=-]+)",
        r"|\bbasic\s+([A-Za-z0-9+/]{8,}={0,2}|[A-Za-z0-9+/]+={1,2})",
        r"|\bdigest\s+(username=[^\r\n]+|[A-Za-z0-9+/_.~=-]{8,})",
    ),
    // HTTP's headers up to their end; the scheme stays
    concat!(
        r#"(?i)authorization\\?["']?\s*[:=]\s*\\?["']?(?:[a-z][a-z0-9-]*[ \t]+)?([^\r\n"']+)"#,
        r#"|\bcookie\\?["']?\s*[:=]\s*\\?["']?([^\r\n"']+)"#,
    ),
    // A JSON web token, signed or encrypted
    r"\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{2,}(?:\.[A-Za-z0-9_-]*)+",
    // Access keys and tokens of well-known services, by how they begin: AWS, GitHub, GitLab, Slack,
    // Stripe, OpenAI and others that begin alike, Google, npm, PyPI, Hugging Face
    concat!(
        r"\b(?:(?:AKIA|ASIA)[0-9A-Z]{16}\b",
        r"|gh[opsur]_[A-Za-z0-9]{8,}|github_pat_[A-Za-z0-9_]{8,}|glpat-[A-Za-z0-9_-]{8,}",
        r"|xox[a-z]-[A-Za-z0-9-]{8,}|xapp-[A-Za-z0-9-]{8,}",
        r"|[sr]k_(?:live|test)_[A-Za-z0-9]{4,}|whsec_[A-Za-z0-9+/=]{8,}|sk-[A-Za-z0-9_-]{12,}",
        r"|AIza[A-Za-z0-9_-]{30,}|npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{16,}|hf_[A-Za-z0-9]{30,})",
    ),
    // The password of a URL
    r"://[^\s/:@]*:([^\s/@]+)@",
    // A private key, also one that was cut off
    concat!(
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----",
        r"(?s:.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\z)",
    ),
    // One that lost its beginning
    r"\A[A-Za-z0-9+/=\s]*-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----",
];

/// Of a text that is kept line by line, so many lines are looked at for the beginning of a private
/// key: the longest that are used have some 200.
const KEY_LINES: u32 = 1_000;

/// Whether a line is the first or the last of a private key in several.
fn edge(line: &str, word: &str) -> bool {
    line.trim()
        .strip_prefix(word)
        .and_then(|rest| rest.strip_suffix("-----"))
        .is_some_and(|rest| rest.contains("PRIVATE KEY"))
}

/// Whether a line opens a private key that goes on in the lines after it.
pub(super) fn begins_key(line: &str) -> bool {
    edge(line, "-----BEGIN ")
}

/// Whether a line is the last of a private key.
pub(super) fn ends_key(line: &str) -> bool {
    edge(line, "-----END ")
}

/// Whether an element of a text that is kept line by line lies within a private key. Looks at no
/// more than the thousand lines before it.
pub(super) fn is_within_key(node: Node<'_>) -> bool {
    let earliest = node.index().saturating_sub(KEY_LINES);
    // Texts have no children, so that elements that are texts follow each other in the tree.
    let before = (earliest..node.index()).rev();
    let lines = before.map_while(|index| Node::new(node.tree(), index).as_str());
    for line in lines {
        if begins_key(line) {
            return true;
        }
        if ends_key(line) {
            return false;
        }
    }
    false
}

/// Whether the value of a member of this name is taken for a secret.
pub(super) fn is_secret_name(name: &str) -> bool {
    let plain: String = name
        .chars()
        .filter(|character| !matches!(character, '_' | '-' | '.' | ' '))
        .flat_map(char::to_lowercase)
        .collect();
    ANYWHERE.iter().any(|part| plain.contains(part))
        || AT_THE_END.iter().any(|end| plain.ends_with(end))
        || WHOLE.contains(&&*plain)
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
    use crate::comparison::{RedactionRules, Rules};
    use crate::tree::Tree;

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
            ("hdr Bearer x, done", "hdr Bearer [redacted], done"),
            ("Basic Og==", "Basic [redacted]"),
            ("basic dXNlcjpwYXNz", "basic [redacted]"),
            (
                "authorization: ApiKey k 1\nhost: a",
                "authorization: ApiKey [redacted]\nhost: a",
            ),
            ("Authorization: k1", "Authorization: [redacted]"),
            (
                r#"Authorization: Digest username="me", response="66""#,
                r#"Authorization: Digest [redacted]"#,
            ),
            (
                "Set-Cookie: a=b; Path=/\nx: y",
                "Set-Cookie: [redacted]\nx: y",
            ),
            (r#"{"cookie":"a=b; c=d"}"#, r#"{"cookie":"[redacted]"}"#),
            (
                r#"say {\"token\":\"t-1\"}"#,
                r#"say {\"token\":\"[redacted]"}"#,
            ),
            (r#"password: "two words""#, r#"password: "[redacted]""#),
            ("/login?session=s-1&x=2", "/login?session=[redacted]&x=2"),
            ("PHP sessionid=s-1", "PHP sessionid=[redacted]"),
            ("git ghp_16C7e42F292c6912E7710c838347", "git [redacted]"),
            ("x github_pat_11ABCDEFG0_abc", "x [redacted]"),
            ("slack xoxb-123456789012-abcDEF", "slack [redacted]"),
            ("pay sk_live_4eC39HqLyjWDar.", "pay [redacted]."),
            ("ai sk-proj-abcdefghij_1234", "ai [redacted]"),
            ("jwt eyJhbGciOiJI.e30.", "jwt [redacted]"),
            ("-----BEGIN PGP PRIVATE KEY BLOCK-----\nx", "[redacted]"),
            (
                "MIIE\nAbc=\n-----END EC PRIVATE KEY-----\nb",
                "[redacted]\nb",
            ),
            (
                "42 tokens of 100, a basic test",
                "42 tokens of 100, a basic test",
            ),
            (
                "Session: 3 users; risk-assessment of task-scheduler",
                "Session: 3 users; risk-assessment of task-scheduler",
            ),
        ] {
            assert_eq!(redaction.text(text), kept);
            assert_eq!(redaction.text(kept), kept, "repeated");
        }
    }

    #[test]
    fn a_private_key_in_a_text_of_lines_is_hidden_line_by_line() {
        let redaction = RedactionRules::new().secrets().build().unwrap();
        let lines = |body: [&str; 2]| {
            let lines = [
                "a",
                "-----BEGIN RSA PRIVATE KEY-----",
                body[0],
                body[1],
                "-----END RSA PRIVATE KEY-----",
                "b",
            ];
            Tree::from_serialize(&lines).unwrap()
        };
        let (old, new) = (lines(["MIIE", "Abc="]), lines(["MIIF", "Abd="]));
        let kept = redaction.tree(&old);
        let hidden = r#"["a","[redacted]","[redacted]","[redacted]","[redacted]","b"]"#;
        assert_eq!((kept.tree.to_json().as_str(), kept.places), (hidden, 4));

        let rules = Rules::new().redact(RedactionRules::new().secrets());
        let comparison = rules.build().unwrap().compare(&old, &new);
        assert_eq!(comparison.differences.len(), 2);
        for difference in &comparison.differences {
            let sides = [&difference.old, &difference.new];
            let sides = sides.map(|side| side.as_ref().map(Tree::to_json));
            assert_eq!(sides, [(); 2].map(|()| Some(r#""[redacted]""#.to_owned())));
        }
    }

    #[test]
    fn what_only_stands_near_a_private_key_stays() {
        let redaction = RedactionRules::new().secrets().build().unwrap();
        for json in [
            // Cut off inside one text, so that the next is none of its lines.
            r#"{"key":"a -----BEGIN PRIVATE KEY----- MIIE","name":"b"}"#,
            r#"["-----BEGIN PRIVATE KEY-----",1,"b"]"#,
            r#"["-----BEGIN PRIVATE KEY-----","x","-----END PRIVATE KEY-----","b"]"#,
        ] {
            let kept = redaction
                .tree(&Tree::from_json(json).unwrap())
                .tree
                .to_json();
            assert!(kept.contains(r#""b""#), "{kept}");
        }
    }
}
