//! Rules, splits and large documents: `cargo xtask bench rules`.
//!
//! `huge` is a document of 10,000 flags with 100 rules each, a million in all. Beside the times
//! stand the bytes that are allocated at most.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark stops at the first surprise"
)]

use std::fmt::Write;
use std::sync::LazyLock;

use cutover_domain::flags::Condition;
use cutover_domain::flags::{
    Attribute, Bucketing, Context, Definition, FlagDocument, Interner, Literal, Operator, Rollout,
    Rule, Slot, Snapshot, Weight,
};
use divan::{AllocProfiler, Bencher, black_box};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

mod rules_huge {
    use super::*;

    const FLAGS: usize = 10_000;
    const RULES: usize = 100;

    /// As people write rules: no two alike in a flag, and the same in many flags.
    fn condition(number: usize) -> String {
        match number % 5 {
            0 => format!(
                r#"{{"all":[{{"attribute":"plan","in":["pro","team"]}},{{"attribute":"country","equals":"c{number}"}}]}}"#
            ),
            1 => format!(
                r#"{{"attribute":"country","in":["a{number}","b{number}","d{number}","e{number}"]}}"#
            ),
            2 => format!(
                r#"{{"all":[{{"attribute":"version","at_least":"1.{number}.0"}},{{"attribute":"region","equals":"r{number}"}}]}}"#
            ),
            3 => format!(r#"{{"attribute":"email","ends_with":"@customer-{number}.example"}}"#),
            _ => format!(
                r#"{{"all":[{{"attribute":"age","at_least":{number}}},{{"attribute":"build","matches":"^build-{number}-[0-9]+$"}}]}}"#
            ),
        }
    }

    fn text() -> String {
        let mut rules = String::new();
        for number in 0..RULES {
            let served = match number % 10 {
                0 => r#""split":[{"variant":"on","weight":1},{"variant":"off","weight":3}]"#,
                _ => r#""variant":"on""#,
            };
            let comma = if number == 0 { "" } else { "," };
            write!(rules, r#"{comma}{{"when":{},{served}}}"#, condition(number)).unwrap();
        }
        let mut text = String::from(
            r#"{"schema":1,"revision":1,"updated_at":"2026-01-01T00:00:00Z","flags":{"#,
        );
        for flag in 0..FLAGS {
            let comma = if flag == 0 { "" } else { "," };
            write!(
                text,
                r#"{comma}"flag-{flag}":{{"variants":{{"on":true,"off":false}},"off":"off","default":"off","rules":[{rules}],"rollout":{{"percentage":25}}}}"#
            )
            .unwrap();
        }
        text.push_str("}}");
        text
    }

    static TEXT: LazyLock<String> = LazyLock::new(text);
    static DOCUMENT: LazyLock<FlagDocument> =
        LazyLock::new(|| serde_json::from_str(&TEXT).unwrap());

    #[divan::bench(sample_count = 5, sample_size = 1)]
    fn floor_parse_as_json(bencher: Bencher<'_, '_>) {
        LazyLock::force(&TEXT);
        bencher.bench_local(|| serde_json::from_str::<serde_json::Value>(&TEXT).unwrap());
    }

    #[divan::bench(sample_count = 5, sample_size = 1)]
    fn load(bencher: Bencher<'_, '_>) {
        LazyLock::force(&TEXT);
        bencher.bench_local(|| serde_json::from_str::<FlagDocument>(&TEXT).unwrap());
    }

    #[divan::bench(sample_count = 5, sample_size = 1)]
    fn validate(bencher: Bencher<'_, '_>) {
        LazyLock::force(&DOCUMENT);
        bencher.bench_local(|| DOCUMENT.validate().unwrap());
    }

    #[divan::bench(sample_count = 5, sample_size = 1)]
    fn compile(bencher: Bencher<'_, '_>) {
        LazyLock::force(&DOCUMENT);
        bencher.bench_local(|| Snapshot::compile(&DOCUMENT, &mut Interner::default()));
    }

    /// None of 100 rules matches, each for the reason that is found last.
    #[divan::bench]
    fn decide_and_none_of_100_matches(bencher: Bencher<'_, '_>) {
        let mut interner = Interner::default();
        let snapshot = Snapshot::compile(&DOCUMENT, &mut interner);
        let slot = interner.slot("flag-5000");
        let attributes = [
            ("plan", Attribute::Text("pro")),
            ("country", Attribute::Text("PL")),
            ("version", Attribute::Text("2.0.0")),
            ("region", Attribute::Text("eu")),
            ("email", Attribute::Text("iris@acme.example")),
            ("age", Attribute::Integer(200)),
            ("build", Attribute::Text("nightly")),
        ];
        bencher.bench(|| ask(&snapshot, slot, &attributes));
    }
}

mod rules_decide {
    use super::*;

    /// A flag, asked with one attribute.
    fn bench(bencher: Bencher<'_, '_>, flag: Definition, name: &str, value: Attribute<'_>) {
        let mut document = FlagDocument::empty(jiff::Timestamp::UNIX_EPOCH);
        document.flags.insert("flag".parse().unwrap(), flag);
        document.validate().unwrap();
        let mut interner = Interner::default();
        let snapshot = Snapshot::compile(&document, &mut interner);
        let slot = interner.slot("flag");
        let attributes = [(name, value)];
        bencher.bench_local(|| ask(&snapshot, slot, &attributes));
    }

    fn ruled(rules: impl IntoIterator<Item = Condition>) -> Definition {
        Definition {
            rules: rules
                .into_iter()
                .map(|when| Rule::serving(when, "on"))
                .collect(),
            ..Definition::boolean()
        }
    }

    fn ten() -> Definition {
        ruled((0..10).map(|number| {
            Condition::test(
                "plan",
                Operator::Equals(Literal::Text(format!("plan-{number}"))),
            )
        }))
    }

    fn one(expression: &str) -> Definition {
        ruled([expression.parse().unwrap()])
    }

    fn split(bucketing: Bucketing) -> Definition {
        let weights = [("on", 1), ("off", 3)];
        let rollout = Rollout {
            split: weights
                .map(|(name, weight)| Weight::new(name, weight))
                .into(),
            bucketing,
            ..Rollout::default()
        };
        // A rule on top, so that it is not asked as a mere percentage.
        Definition {
            rollout: Some(rollout),
            ..one("missing exists")
        }
    }

    #[divan::bench]
    fn first_of_10_matches(bencher: Bencher<'_, '_>) {
        bench(bencher, ten(), "plan", Attribute::Text("plan-0"));
    }

    #[divan::bench]
    fn last_of_10_matches(bencher: Bencher<'_, '_>) {
        bench(bencher, ten(), "plan", Attribute::Text("plan-9"));
    }

    #[divan::bench]
    fn none_of_10_matches(bencher: Bencher<'_, '_>) {
        bench(bencher, ten(), "plan", Attribute::Text("free"));
    }

    #[divan::bench]
    fn split_xxh3(bencher: Bencher<'_, '_>) {
        bench(
            bencher,
            split(Bucketing::Xxh3),
            "plan",
            Attribute::Text("pro"),
        );
    }

    #[divan::bench]
    fn split_md5(bencher: Bencher<'_, '_>) {
        bench(
            bencher,
            split(Bucketing::Md5),
            "plan",
            Attribute::Text("pro"),
        );
    }

    #[divan::bench]
    fn in_1000_values(bencher: Bencher<'_, '_>) {
        let values = (0..1_000).map(|number| Literal::Text(format!("customer-{number:05}")));
        let flag = ruled([Condition::test("id", Operator::In(values.collect()))]);
        bench(bencher, flag, "id", Attribute::Text("customer-00512"));
    }

    #[divan::bench]
    fn pattern(bencher: Bencher<'_, '_>) {
        let flag = one(r#"email matches "^[a-z]+@[a-z]+\\.example$""#);
        bench(bencher, flag, "email", Attribute::Text("iris@acme.example"));
    }

    #[divan::bench]
    fn version(bencher: Bencher<'_, '_>) {
        let flag = one("version >= 1.4.0-rc.1");
        bench(bencher, flag, "version", Attribute::Text("1.10.2"));
    }

    #[divan::bench]
    fn number(bencher: Bencher<'_, '_>) {
        bench(bencher, one("age >= 18"), "age", Attribute::Integer(42));
    }
}

fn ask(snapshot: &Snapshot, slot: Slot, attributes: &[(&str, Attribute<'_>)]) -> bool {
    let context = Context::unit(black_box("customer-12345")).with_attributes(black_box(attributes));
    snapshot.decide(black_box(slot), &context, false).on
}
