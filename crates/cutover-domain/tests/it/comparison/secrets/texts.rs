//! Texts by the forms that secrets have in them.

use super::check;

#[test]
fn texts_lose_their_secrets_and_nothing_else() {
    check(&[
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
            r#"{\\\"password\\\":\\\"[redacted]\\\"}"#,
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
    ]);
}
