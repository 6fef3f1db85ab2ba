//! Texts that look like a secret.

use std::sync::LazyLock;

use regex_lite::Regex;

use super::RedactAction;
use super::text::{Search, TextRedaction};
use super::words::Words;
use super::{assignment, command};

/// A pattern, tried where one of the words begins.
type Pattern = (Words, &'static str);

/// Private keys. Before all others: they would take the half of a first line, and the rest would not
/// be known any more.
static KEYS: [Pattern; 2] = [
    // Also one that was cut off
    (
        Words::new(&["-----BEGIN", "----- BEGIN", "----BEGIN", "---- BEGIN"]),
        concat!(
            r"\A-{4,5} ?BEGIN [A-Z0-9 ]{0,64}PRIVATE KEY(?: BLOCK)? ?-{4,5}",
            r"(?s:.*?)(?:-{4,5} ?END [A-Z0-9 ]{0,64}PRIVATE KEY(?: BLOCK)? ?-{4,5}|\z)",
        ),
    ),
    // One of PuTTY, between its heads
    (
        Words::new(&["Private-Lines:"]),
        r"(?i)\APrivate-Lines:[ \t]*[0-9]+(?:\\r)?(?:\\n)?\s*(?s:(.*?))\s*(?:Private-(?:MAC|Hash):|\z)",
    ),
];

/// One that lost its beginning, with whatever stands before its lines.
static CUT_KEY: Pattern = (
    Words::new(&["PRIVATE KEY"]),
    r"\A(?s:.*)-{4,5} ?END [A-Z0-9 ]{0,64}PRIVATE KEY(?: BLOCK)? ?-{4,5}",
);

/// All others. None of them can run far ahead of what it takes.
static TEXTS: [Pattern; 12] = [
    // The signature of a URL of Azure
    (
        Words::new(&["sig="]),
        r"\Asig=([A-Za-z0-9%+/_-]{20,}={0,2})",
    ),
    // Credentials of HTTP, with or without the name of their header
    (
        Words::new(&["bearer", "basic", "digest"]),
        concat!(
            // No words of a sentence: those have no capitals or digits inside.
            r"(?i)\A(?:bearer\s+(?:of|or|and|is|tokens?|auth|authentication)(?:[\s,.;:!?]|\z)",
            r"|bearer\s+([A-Za-z0-9+/_.~-][A-Za-z0-9+/_.~=-]*)",
            r"|basic\s+((?-i:[A-Za-z0-9+/]+[A-Z0-9+/][A-Za-z0-9+/]{6,}={0,2})|[A-Za-z0-9+/]+={1,2})",
            r"|digest\s+(username=[^\r\n]+|[A-Za-z0-9+/_.~=-]{8,}))",
        ),
    ),
    // HTTP's headers up to their end; the scheme stays
    (
        Words::new(&["authorization", "cookie"]),
        concat!(
            r#"(?i)\A(?:authorization\\?["']?\s*[:=]\s*\\?["']?(?:[a-z][a-z0-9-]*[ \t]+)?([^\r\n"']+)"#,
            r#"|cookie\\?["']?\s*[:=]\s*\\?["']?([^\r\n"']+))"#,
        ),
    ),
    // A JSON web token, signed or encrypted
    (
        Words::new(&["eyJ"]),
        r"\AeyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{2,}(?:\.[A-Za-z0-9_-]*)+",
    ),
    // Access keys and tokens of well-known services, by how they begin: AWS, GitHub, GitLab, Slack,
    // Stripe, OpenAI and others that begin alike, Google, npm, PyPI, Hugging Face, SendGrid,
    // DigitalOcean, HashiCorp Vault, Shopify, Grafana, Sentry,
    // Databricks; keys of age
    (
        Words::new(&[
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
            "dop_v1_",
            "doo_v1_",
            "dor_v1_",
            "hvs.",
            "hvb.",
            "hvr.",
            "AGE-SECRET-KEY-1",
            "GOCSPX-",
            "shpat_",
            "glsa_",
            "sntrys_",
            "dapi",
        ]),
        concat!(
            r"\A(?:(?:AKIA|ASIA)[0-9A-Z]{16}\b",
            r"|gh[opsur]_[A-Za-z0-9]{8,}|github_pat_[A-Za-z0-9_]{8,}|glpat-[A-Za-z0-9_-]{8,}",
            r"|xox[a-z]-[A-Za-z0-9-]{8,}|xapp-[A-Za-z0-9-]{8,}",
            r"|[sr]k_(?:live|test)_[A-Za-z0-9]{4,}|whsec_[A-Za-z0-9+/=]{8,}|sk-[A-Za-z0-9_-]{12,}",
            r"|AIza[A-Za-z0-9_-]{30,}|npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{16,}|hf_[A-Za-z0-9]{30,}",
            r"|ya29\.[A-Za-z0-9_-]{10,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
            r"|do[opr]_v1_[A-Za-z0-9]{16,}|hv[sbr]\.[A-Za-z0-9_-]{8,}|AGE-SECRET-KEY-1[A-Z0-9]+",
            r"|GOCSPX-[A-Za-z0-9_-]{8,}|shpat_[A-Za-z0-9]{8,}|glsa_[A-Za-z0-9_]{8,}",
            r"|sntrys_[A-Za-z0-9+/=_-]{8,}|dapi[0-9a-f]{32})",
        ),
    ),
    // The addresses of webhooks of Slack, Discord and Teams: who has one may write
    (
        Words::new(&["hooks.slack"]),
        r"(?i)\Ahooks\.slack(?:-gov)?\.com\\?/(?:services|workflows|triggers)\\?/([a-z0-9/\\_-]+)",
    ),
    (
        Words::new(&["discord"]),
        r"(?i)\Adiscord(?:app)?\.com\\?/api(?:\\?/v[0-9]+)?\\?/webhooks\\?/([a-z0-9/\\_-]+)",
    ),
    (
        Words::new(&["webhook.office.com", "outlook.office"]),
        r"(?i)\A(?:webhook|outlook)\.office(?:365)?\.com\\?/webhook[a-z0-9]*\\?/([a-z0-9@/\\_-]+)",
    ),
    // The password of a URL, which may have an `@`, or a `/` if it is not a port; a long name alone is
    // a token
    (
        Words::new(&["://"]),
        concat!(
            r#"\A://(?:[^\s/:@]*:([^\s/@]+(?:@[^\s/@"'<>,;&]+)*)@|[^\s/:@]+:[0-9]+/"#,
            r#"|[^\s/:@]+:([^\s/@"'<>,;&]+/[^\s@"'<>,;&?:]*)@|([A-Za-z0-9_-]{20,})@)"#,
        ),
    ),
    // A netrc file, in one line or more
    (
        Words::new(&["machine", "default"]),
        concat!(
            r"\A(?:machine\s+\S+|default)(?:\s+(?:login|user|account)\s+\S+){0,3}",
            r#"\s+password\s+(?:"([^"\r\n]*)"|(\S+))"#,
        ),
    ),
    // What npm is told
    (
        Words::new(&["_authToken", "_auth", "_password"]),
        r"\A_(?:authToken|auth|password)[ \t]+(\S+)",
    ),
    // A variable of Terraform
    (
        Words::new(&["variable"]),
        concat!(
            r#"(?i)\Avariable\s+"[a-z0-9_-]*(?:password|passwd|secret|token|credential|_key)[a-z0-9_-]*"\s*"#,
            r#"\{[^{}]{0,200}?\bdefault\s*=\s*"((?:[^"\\\r\n]|\\.)*)""#,
        ),
    ),
];

/// All that is looked for, in order.
static SEARCHES: LazyLock<Vec<Search>> = LazyLock::new(|| {
    // They are checked by a test.
    let at = |(words, pattern): &'static Pattern| {
        let pattern = Regex::new(pattern).ok();
        pattern.map(|pattern| Search::At(words, pattern))
    };
    let (words, pattern) = &CUT_KEY;
    let cut_key = Regex::new(pattern).ok();
    KEYS.iter()
        .filter_map(at)
        .chain(cut_key.map(|pattern| Search::With(words, pattern)))
        .chain([Search::By(assignment::values), Search::By(command::values)])
        .chain(TEXTS.iter().filter_map(at))
        .collect()
});

/// The searches, with what becomes of what they find.
pub(super) fn secret_texts(action: RedactAction) -> impl Iterator<Item = TextRedaction> {
    let searches = SEARCHES.iter().cloned();
    searches.map(move |search| TextRedaction::new(search, action))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_can_be_used() {
        let all = KEYS.len() + TEXTS.len() + 3;
        assert_eq!(secret_texts(RedactAction::Mask).count(), all);
    }
}
