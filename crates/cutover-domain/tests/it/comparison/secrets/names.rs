//! What speaks of a secret, in documents and in texts.

use cutover_domain::comparison::RedactionRules;

use super::super::tree;

#[test]
fn members_and_texts_ask_the_same_of_a_name() {
    let names = [
        "password",
        "my_passwd",
        "passphrase_x",
        "userPasscode",
        "client_secret",
        "api_key",
        "API-KEY",
        "apiKeyX",
        "access_key",
        "account_key",
        "private_key_x",
        "signing_key",
        "encryptionKey",
        "credential",
        "auth_header",
        "token",
        "access_token_x",
        "idToken",
        "otp_code",
        "connection_string",
        "session_id_x",
        "PHPSESSID",
        "session_key",
        "amz_signature",
        "goog_signature",
        "cookies",
        "my_cookie",
        "session",
        "mySession",
        "myAuth",
        "auth",
        "pwd",
        "myPwd",
        "jwt",
        "otp",
        "myCvv",
        "bearer",
        "sid",
        "csrf",
        "my_xsrf",
        "DB_PASS",
        "pass",
        "pushTokens",
    ];
    let redaction = RedactionRules::new().secrets().build().unwrap();
    let mut wrong = Vec::new();
    for name in names {
        let kept = redaction.tree(&tree(&format!(r#"{{"{name}":"S1x"}}"#)));
        let expected = format!(r#"{{"{name}":"[redacted]"}}"#);
        assert_eq!(kept.tree.to_json(), expected);
        for form in [
            "NAME=S1x",
            "NAME = S1x",
            "NAME: S1x",
            "{NAME: S1x}",
            "NAME='S1x'",
            r#"{"NAME": "S1x"}"#,
            r#""NAME"=>"S1x""#,
            r#"NAME := "S1x""#,
            "<NAME>S1x</NAME>",
            r#"<a NAME="S1x"/>"#,
            "a?NAME=S1x&b=1",
            "env['NAME'] = 'S1x'",
            "user[NAME]=S1x",
            "\u{1b}[1mNAME\u{1b}[0m=S1x",
            "NAME%3DS1x",
            "run --NAME=S1x",
        ] {
            let text = form.replace("NAME", name);
            if redaction.text(&text) != text.replace("S1x", "[redacted]") {
                wrong.push(text);
            }
        }
        let text = format!("run --{name} S1x -v");
        let is_counted = ["pass", "DB_PASS", "pushTokens"].contains(&name);
        if !is_counted && redaction.text(&text) != text.replace("S1x", "[redacted]") {
            wrong.push(text);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
