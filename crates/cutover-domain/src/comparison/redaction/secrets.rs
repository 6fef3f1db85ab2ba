//! Names that speak of a secret.

/// Parts of names, in lower case and without `_`, `-`, `.` and blanks.
const ANYWHERE: [&str; 22] = [
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
    "credential",
    "authorization",
    "accesstoken",
    "refreshtoken",
    "authtoken",
    "connectionstring",
    "sessionid",
    "sessionkey",
    "sessiontoken",
    "amzsignature",
    "googsignature",
];

/// Ends of names; `token` at an end only, for `max_tokens` is none.
const AT_THE_END: [&str; 10] = [
    "token", "cookie", "cookies", "session", "auth", "pwd", "jwt", "otp", "cvv", "bearer",
];

/// Whole names: too short to be looked for inside others.
const WHOLE: [&str; 3] = ["sid", "csrf", "xsrf"];

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
}
