//! Texts that look like a secret.

use super::RedactAction;
use super::text::TextRedaction;

/// Names that speak of a secret with whatever follows them, and `token` at their end, as the
/// alternatives of a pattern: those of documents, as far as they are told from words of a sentence.
macro_rules! names {
    () => {
        concat!(
            r"(?:(?:password|passwd|passphrase|passcode|secret|credential)[a-z0-9_.-]{0,40}|token",
            r"|(?:api|access|account|private|signing|encryption|session)[_-]?key|session[_-]?id",
            r"|connection[_-]?string|(?:amz|goog)-signature)"
        )
    };
}

/// Names that are too short for that, where something else says that they are names.
macro_rules! short_names {
    () => {
        r"(?:session|sid|auth|pwd|jwt|otp|cvv|csrf|xsrf)"
    };
}

/// What is in quotes, up to the quote that ends it; within another text quotes are escaped once or
/// more often.
macro_rules! quoted {
    () => {
        concat!(
            r#"\\{2,7}"([^"\r\n]*)"|\\"((?:[^"\\\r\n]|\\+[^"\\\r\n]|\\{2,}")*)\\?""#,
            r#"|"((?:[^"\\\r\n]|\\.)*)"|'((?:[^'\\\r\n]|\\.)*)'"#
        )
    };
}

/// What one of is in every text with one of the names.
const NAMES: [&str; 8] = [
    "pass",
    "secret",
    "credential",
    "token",
    "key",
    "session",
    "connection",
    "signature",
];

/// All short names.
const SHORT_NAMES: [&str; 9] = [
    "session", "sid", "auth", "pwd", "jwt", "otp", "cvv", "csrf", "xsrf",
];

/// What the tokens of well-known services begin with.
const SERVICES: [&str; 22] = [
    "AKIA",
    "ASIA",
    "gho_",
    "ghp_",
    "ghs_",
    "ghu_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xox",
    "xapp-",
    "sk_",
    "rk_",
    "whsec_",
    "sk-",
    "AIza",
    "npm_",
    "pypi-",
    "hf_",
    "ya29.",
    "SG.",
    "_v1_",
];

/// Patterns of secrets in texts, each after what one of is in every text in which it matches; their
/// groups are what is taken. None of them can run far ahead of what it takes, so that all matches in a
/// text take time in proportion to it.
const TEXTS: [(&[&str], &str); 15] = [
    // A private key, also one that was cut off. Before all others: they would take the half of its
    // first line, and the rest would not be known any more.
    (
        &["PRIVATE KEY"],
        concat!(
            r"-{4,5} ?BEGIN [A-Z0-9 ]{0,64}PRIVATE KEY(?: BLOCK)? ?-{4,5}",
            r"(?s:.*?)(?:-{4,5} ?END [A-Z0-9 ]{0,64}PRIVATE KEY(?: BLOCK)? ?-{4,5}|\z)",
        ),
    ),
    // One that lost its beginning, with whatever stands before its lines
    (
        &["PRIVATE KEY"],
        r"\A(?s:.*)-{4,5} ?END [A-Z0-9 ]{0,64}PRIVATE KEY(?: BLOCK)? ?-{4,5}",
    ),
    // What follows a name that speaks of a secret: password=…, "api_key": "…", Token: …
    (
        &NAMES,
        concat!(
            r"(?i)",
            names!(),
            r#"\\{0,7}["']?\s*(?::=|=>|={1,3}|:)\s*(?:"#,
            quoted!(),
            r#"|["']?([^\s"',;&}\]]+))"#,
        ),
    ),
    // Short names, where `=` or quotes say that they are names
    (
        &SHORT_NAMES,
        concat!(
            r"(?i)(?:\b|[_-])",
            short_names!(),
            r#"=(?:"#,
            quoted!(),
            r#"|["']?([^\s"',;&}\]]+))|["'](?:[a-z0-9_.-]{0,40}[_-])?"#,
            short_names!(),
            r#"\\{0,7}["']\s*[:=]\s*(?:"#,
            quoted!(),
            r#"|([^\s"',;&}\]]+))"#,
        ),
    ),
    // The signature of a URL of Azure
    (&["sig="], r"\bsig=([A-Za-z0-9%+/_-]{20,}={0,2})"),
    // What follows an option of a command line: --token X, -u user:X. Numbers are a user and a group.
    (
        &NAMES,
        concat!(
            r#"(?i)(?:^|[\s"',\[(])--?[a-z0-9-]*(?:password|passwd|passphrase|passcode|secret|token"#,
            r#"|api-?key|access-?key|account-?key|private-?key)(?:\s+|\\{0,7}["']\s*,\s*)"#,
            r#"(?:"#,
            quoted!(),
            r#"|([^\s"'-][^\s"']*))"#,
        ),
    ),
    (
        &[
            "-u", "user", "u ", "u\t", "u\n", "u\r", "u\u{b}", "u\u{c}", "u\"", "u'", "u\\",
        ],
        concat!(
            r#"(?:^|[\s"',\[(])(?:-[a-zA-Z]{0,8}u(?:\s+|\\{0,7}["']\s*,\s*)|-u"#,
            r#"|--(?:proxy-)?user(?:[\s=]+|\\{0,7}["']\s*,\s*))"#,
            r#"(?:'[^\s:'/]*:([^'\r\n/][^'\r\n]*)'|\\?"[^\s:"/]*:([^"\r\n/][^"\r\n]*)""#,
            r#"|["']?(?:[0-9]+:([0-9]*[^\s0-9"'/][^\s"']*)"#,
            r#"|[^\s:"']*[^\s:"'0-9][^\s:"']*:(/?[^\s"'/][^\s"']*)))"#,
        ),
    ),
    // An element of XML with such a name
    (
        &["<"],
        concat!(
            r"(?i)<[a-z0-9_.:-]{0,64}(?:",
            names!(),
            r"|pwd|jwt|otp)(?:\s[^<>]*)?>",
            r"\s*(?:<!\[CDATA\[((?s:.*?))(?:\]\]>|\z)|([^<\s][^<]*))",
        ),
    ),
    // A pair of a name and a value, as JSON
    (
        &["value"],
        concat!(
            r#"(?i)\\?"(?:name|key)\\?"\s*:\s*\\?"(?:[a-z0-9_. -]{0,64}(?:"#,
            names!(),
            r#"|authorization|cookie)|(?:[a-z0-9_.-]{0,40}[_-])?"#,
            short_names!(),
            r#")\\?"\s*,\s*\\?"value\\?"\s*:\s*\\?"([^"\r\n]*)""#,
        ),
    ),
    // Credentials of HTTP, with or without the name of their header
    (
        &["bearer", "basic", "digest"],
        concat!(
            r"(?i)\bbearer\s+([A-Za-z0-9+/_.~=-]+)",
            r"|\bbasic\s+([A-Za-z0-9+/]{8,}={0,2}|[A-Za-z0-9+/]+={1,2})",
            r"|\bdigest\s+(username=[^\r\n]+|[A-Za-z0-9+/_.~=-]{8,})",
        ),
    ),
    // HTTP's headers up to their end; the scheme stays
    (
        &["authorization", "cookie"],
        concat!(
            r#"(?i)authorization\\?["']?\s*[:=]\s*\\?["']?(?:[a-z][a-z0-9-]*[ \t]+)?([^\r\n"']+)"#,
            r#"|\bcookie\\?["']?\s*[:=]\s*\\?["']?([^\r\n"']+)"#,
        ),
    ),
    // A JSON web token, signed or encrypted
    (
        &["eyJ"],
        r"\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{2,}(?:\.[A-Za-z0-9_-]*)+",
    ),
    // Access keys and tokens of well-known services, by how they begin: AWS, GitHub, GitLab, Slack,
    // Stripe, OpenAI and others that begin alike, Google, npm, PyPI, Hugging Face, SendGrid,
    // DigitalOcean
    (
        &SERVICES,
        concat!(
            r"\b(?:(?:AKIA|ASIA)[0-9A-Z]{16}\b",
            r"|gh[opsur]_[A-Za-z0-9]{8,}|github_pat_[A-Za-z0-9_]{8,}|glpat-[A-Za-z0-9_-]{8,}",
            r"|xox[a-z]-[A-Za-z0-9-]{8,}|xapp-[A-Za-z0-9-]{8,}",
            r"|[sr]k_(?:live|test)_[A-Za-z0-9]{4,}|whsec_[A-Za-z0-9+/=]{8,}|sk-[A-Za-z0-9_-]{12,}",
            r"|AIza[A-Za-z0-9_-]{30,}|npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{16,}|hf_[A-Za-z0-9]{30,}",
            r"|ya29\.[A-Za-z0-9_-]{10,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
            r"|do[opr]_v1_[A-Za-z0-9]{16,})",
        ),
    ),
    // A webhook of Slack: who has its address may write
    (
        &["hooks.slack"],
        r"(?i)\bhooks\.slack(?:-gov)?\.com\\?/(?:services|workflows|triggers)\\?/([a-z0-9/\\_-]+)",
    ),
    // The password of a URL
    (&["://"], r"://[^\s/:@]*:([^\s/@]+)@"),
];

/// The patterns, made ready.
pub(super) fn secret_texts(action: RedactAction) -> impl Iterator<Item = TextRedaction> {
    // They are checked by a test.
    TEXTS.iter().filter_map(move |(needs, pattern)| {
        let redaction = TextRedaction::new(pattern, action).ok()?;
        Some(redaction.only_with(needs))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::RedactionRules;

    #[test]
    fn texts_lose_their_secrets_and_nothing_else() {
        assert_eq!(secret_texts(RedactAction::Mask).count(), TEXTS.len());
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
                r#"say {\"token\":\"[redacted]\"}"#,
            ),
            (r#"password: "two words""#, r#"password: "[redacted]""#),
            ("SECRET_KEY_BASE=x1 A=2", "SECRET_KEY_BASE=[redacted] A=2"),
            ("signing_key: k1", "signing_key: [redacted]"),
            ("ENCRYPTION_KEY='a b'", "ENCRYPTION_KEY='[redacted]'"),
            ("credentials: c1\n", "credentials: [redacted]\n"),
            ("connection_string=s1", "connection_string=[redacted]"),
            (
                "12:00 {\"csrf\": \"c 1\"}",
                "12:00 {\"csrf\": \"[redacted]\"}",
            ),
            ("DB_PWD=p1", "DB_PWD=[redacted]"),
            (r#"password := "p 1""#, r#"password := "[redacted]""#),
            (r#":password => "p 1","#, r#":password => "[redacted]","#),
            (r#"password == "p1""#, r#"password == "[redacted]""#),
            (r#"password="ab\"c" d"#, r#"password="[redacted]" d"#),
            (
                r#"{\\\"password\\\":\\\"p1\\\"}"#,
                r#"{\\\"password\\\":\\\"[redacted]"}"#,
            ),
            (
                r#"["mysql","--password","p 1"]"#,
                r#"["mysql","--password","[redacted]"]"#,
            ),
            (
                r#"["curl","-u","me:p 1"]"#,
                r#"["curl","-u","me:[redacted]"]"#,
            ),
            ("curl -u 'me:a b' x", "curl -u 'me:[redacted]' x"),
            (
                "curl -su me:p1 -uyou:p2",
                "curl -su me:[redacted] -uyou:[redacted]",
            ),
            (
                r#""https:\/\/hooks.slack.com\/services\/T0\/B0\/x1""#,
                r#""https:\/\/hooks.slack.com\/services\/[redacted]""#,
            ),
            (
                "a password and a secret are asked for",
                "a password and a secret are asked for",
            ),
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
                "PRIVATE_KEY=\"-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\"\nA=1",
                "PRIVATE_KEY=\"[redacted]\"\nA=1",
            ),
            (
                "key: -----BEGIN PRIVATE KEY-----\n  MIIE\n  -----END PRIVATE KEY-----\nb: 1",
                "key: [redacted]\nb: 1",
            ),
            (
                "1,\"-----BEGIN EC PRIVATE KEY-----\nMIIE\n-----END EC PRIVATE KEY-----\",2",
                "1,\"[redacted]\",2",
            ),
            (
                "12:00 I -----BEGIN PRIVATE KEY-----\n12:00 I MI\n12:00 I -----END PRIVATE KEY-----,\nb",
                "12:00 I [redacted],\nb",
            ),
            (
                r#"{"k": "-----BEGIN PRIVATE KEY-----\nMI\n-----END PRIVATE KEY-----", "n": 1}"#,
                r#"{"k": "[redacted]", "n": 1}"#,
            ),
            (
                "12:00 I MIIE\n12:00 I Abc=\n12:00 I -----END PRIVATE KEY-----\nb",
                "[redacted]\nb",
            ),
            (
                "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nP2\n---- END SSH2 ENCRYPTED PRIVATE KEY ----\nb",
                "[redacted]\nb",
            ),
            (
                "-----BEGIN PUBLIC KEY-----\nMIIE\n-----END PUBLIC KEY-----",
                "-----BEGIN PUBLIC KEY-----\nMIIE\n-----END PUBLIC KEY-----",
            ),
            (
                "post https://hooks.slack.com/services/T0/B0/x1, done",
                "post https://hooks.slack.com/services/[redacted], done",
            ),
            (
                "see https://slack.com/services/T0",
                "see https://slack.com/services/T0",
            ),
            (
                "AccountName=a;AccountKey=q8+/==;EndpointSuffix=b",
                "AccountName=a;AccountKey=[redacted];EndpointSuffix=b",
            ),
            (
                "SharedAccessKeyName=root;SharedAccessKey=abc=",
                "SharedAccessKeyName=root;SharedAccessKey=[redacted]",
            ),
            (
                "https://a/b?sv=1&sig=abcDEF%2F0123456789xyz%3D&se=2",
                "https://a/b?sv=1&sig=[redacted]&se=2",
            ),
            (
                "sig=left xsig=abcdefghijklmnopqrstuvw",
                "sig=left xsig=abcdefghijklmnopqrstuvw",
            ),
            ("g ya29.a0AfH6SMBx_-12 end", "g [redacted] end"),
            ("may29.a0AfH6SMBx_-12", "may29.a0AfH6SMBx_-12"),
            (
                "m SG.abcdefghijklmnop12.ABCDEFGHIJKLMNOP12 end",
                "m [redacted] end",
            ),
            ("m SG.short.one", "m SG.short.one"),
            ("do dop_v1_0123456789abcdef end", "do [redacted] end"),
            ("do dop_v1_x", "do dop_v1_x"),
            (
                "?X-Amz-Date=1&X-Amz-Signature=ab12&X-Amz-Security-Token=cd%2F",
                "?X-Amz-Date=1&X-Amz-Signature=[redacted]&X-Amz-Security-Token=[redacted]",
            ),
            (
                "<db><Password>p w</Password><port>1</port></db>",
                "<db><Password>[redacted]</Password><port>1</port></db>",
            ),
            (
                r#"<x:client-secret kind="a"><![CDATA[p<w]]></x:client-secret>"#,
                r#"<x:client-secret kind="a"><![CDATA[[redacted]]]></x:client-secret>"#,
            ),
            (
                "<tokens>5</tokens><token><id>3</id></token>",
                "<tokens>5</tokens><token><id>3</id></token>",
            ),
            (
                "run --token t-1 --api-key 'k 1' -v",
                "run --token [redacted] --api-key '[redacted]' -v",
            ),
            (
                "run --max-tokens 5 --password-file f --token --quiet",
                "run --max-tokens 5 --password-file f --token --quiet",
            ),
            ("curl -u me:pw1 http://a", "curl -u me:[redacted] http://a"),
            (
                "curl --user=me:42 http://a",
                "curl --user=me:[redacted] http://a",
            ),
            ("docker run -u 1000:1000 a", "docker run -u 1000:1000 a"),
            ("pull -u https://host/a", "pull -u https://host/a"),
            (
                r#"{"name": "X-Api-Key", "value": "k 1"}"#,
                r#"{"name": "X-Api-Key", "value": "[redacted]"}"#,
            ),
            (
                r#"{"name": "Accept", "value": "k 1"}"#,
                r#"{"name": "Accept", "value": "k 1"}"#,
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
}
