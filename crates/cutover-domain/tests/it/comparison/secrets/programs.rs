//! What well-known programs and services have.

use super::check;

#[test]
fn what_belongs_to_well_known_programs_is_known() {
    check(&[
        ("https://user:a@b@host/x", "https://user:[redacted]@host/x"),
        (
            r#"{"u":"https://me:S@h","m":"x@y"}"#,
            r#"{"u":"https://me:[redacted]@h","m":"x@y"}"#,
        ),
        ("http://a:b@h,me@x.org", "http://a:[redacted]@h,me@x.org"),
        ("http://host:80/x@y", "http://host:80/x@y"),
        (
            "Encryption: none\nPrivate-Lines: 2\nAAAA\nBBBB\nPrivate-MAC: 12\n",
            "Encryption: none\nPrivate-Lines: 2\n[redacted]\nPrivate-MAC: 12\n",
        ),
        ("Private-Lines: 2\r\nAAAA", "Private-Lines: 2\r\n[redacted]"),
        ("amqp://app:S1/S2@mq/v", "amqp://app:[redacted]@mq/v"),
        ("postgres://app:p@ssS@db", "postgres://app:[redacted]@db"),
        (
            "https://abcdefghij0123456789@github.com/x",
            "https://[redacted]@github.com/x",
        ),
        (
            "https://host:8080/x@y and ssh://git@host/x",
            "https://host:8080/x@y and ssh://git@host/x",
        ),
        ("password={bcrypt}$2a$10$S", "password=[redacted]"),
        (
            "Password={a;S};Database=y",
            "Password=[redacted];Database=y",
        ),
        (
            "GOCSPX-abcdefgh1 dapi0123456789abcdef0123456789abcdef",
            "[redacted] [redacted]",
        ),
        ("AGE-SECRET-KEY-1QYQSZ", "[redacted]"),
        ("vault hvs.CAESIJ_1-x end", "vault [redacted] end"),
        (
            "machine x login y password S\nmachine z",
            "machine x login y password [redacted]\nmachine z",
        ),
        (
            "machine x\n  login y\n  password \"a b\"\n",
            "machine x\n  login y\n  password \"[redacted]\"\n",
        ),
        ("a machine password is set", "a machine password is set"),
        ("mysql -u me -pS db", "mysql -u me -p[redacted] db"),
        (
            "mysqldump -p'a b' -P 3306 db",
            "mysqldump -p'[redacted]' -P 3306 db",
        ),
        ("mysql -p db", "mysql -p db"),
        (
            "docker login -u me -p S reg",
            "docker login -u me -p [redacted] reg",
        ),
        ("docker run -p 80:80 mysql", "docker run -p 80:80 mysql"),
        (
            "sshpass -p S ssh -p 22 host",
            "sshpass -p [redacted] ssh -p 22 host",
        ),
        ("sshpass -pS ssh host", "sshpass -p[redacted] ssh host"),
        (
            r#"["sshpass","-p","a b","ssh","-p","22"]"#,
            r#"["sshpass","-p","[redacted]","ssh","-p","22"]"#,
        ),
        ("redis-cli -a S ping", "redis-cli -a [redacted] ping"),
        (
            "mkdir -p S; ls -a S; cut -w S",
            "mkdir -p S; ls -a S; cut -w S",
        ),
        (
            "run --password-file=f --token=S",
            "run --password-file=f --token=[redacted]",
        ),
        (
            "https://discord.com/api/webhooks/1/S, https://discordapp.com/api/v10/webhooks/1/S",
            "https://discord.com/api/webhooks/[redacted], https://discordapp.com/api/v10/webhooks/[redacted]",
        ),
        (
            "https://x.webhook.office.com/webhookb2/a@b/IncomingWebhook/S/c",
            "https://x.webhook.office.com/webhookb2/[redacted]",
        ),
    ]);
}
