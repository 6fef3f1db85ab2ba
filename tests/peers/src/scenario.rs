//! What is asked of every engine: one description, which each of them translates.

/// One question, asked of all engines with the same people.
#[derive(Debug)]
pub struct Scenario {
    /// A word for command lines and for programs that read the figures.
    pub name: &'static str,
    /// What the flag is, for people.
    pub title: &'static str,
    /// The flags that are asked: one, or as many as there are people, each asked its own.
    pub keys: Vec<String>,
    /// Further flags, which nobody asks.
    pub fillers: usize,
    /// What the asked flags do.
    pub kind: Kind,
    /// Who asks. The first [`Scenario::TIMED`] are asked for in turn where cost is measured; all of
    /// them where answers are checked.
    pub people: Vec<Person>,
    /// Whether the engines that keep a context of their own make it anew for each call.
    pub context_made: bool,
    /// The share of people for whom the answer is yes, and how far off it may be.
    pub expected: (f64, f64),
}

/// What a flag does.
#[derive(Debug)]
pub enum Kind {
    /// On for so many percent of the people.
    Percentage(u32),
    /// Off for everybody, over a percentage.
    Killed,
    /// On for these units, off for others.
    Named(Vec<String>),
    /// On for whom one of the rules holds.
    Rules(Vec<Rule>),
    /// One of these variants by weight; the weights add up to 100. Yes is the second.
    Split(Vec<(&'static str, u32)>),
}

/// A condition over one attribute.
#[derive(Debug)]
pub struct Rule {
    /// Which attribute.
    pub attribute: &'static str,
    /// What must hold.
    pub test: Test,
}

/// What is asked about the attribute of a rule.
#[derive(Debug)]
pub enum Test {
    /// It is one of these.
    In(Vec<String>),
    /// It starts so.
    StartsWith(&'static str),
    /// It ends so.
    EndsWith(&'static str),
    /// It contains this.
    Contains(&'static str),
    /// It is a number, at least so large.
    AtLeast(i64),
    /// It is a semantic version, at least this.
    AtLeastVersion(&'static str),
}

/// Who asks.
#[derive(Debug)]
pub struct Person {
    /// The unit: who is bucketed and named.
    pub unit: String,
    /// What rules ask about.
    pub attributes: Vec<(&'static str, Value)>,
}

/// The value of an attribute.
#[derive(Debug)]
pub enum Value {
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
}

impl Scenario {
    /// How many people are asked for in turn where cost is measured: few enough that the contexts
    /// of every engine stay in the caches, enough that the answers cannot be learnt by heart.
    pub const TIMED: usize = 500;

    /// How many are asked for where a percentage is checked.
    const MANY: usize = 100_000;

    /// All scenarios, the simplest first.
    #[must_use]
    pub fn all() -> Vec<Self> {
        vec![
            Self::one(
                "percentage",
                "25 % of the units, one flag of 201",
                Kind::Percentage(25),
                people(Self::MANY),
                (0.25, four_errors(0.25, Self::MANY)),
            ),
            Self {
                context_made: true,
                ..Self::one(
                    "percentage-context",
                    "the same, where the context is made for each call",
                    Kind::Percentage(25),
                    people(Self::MANY),
                    (0.25, four_errors(0.25, Self::MANY)),
                )
            },
            Self {
                keys: (0..1000).map(|flag| format!("flag-{flag:04}")).collect(),
                fillers: 0,
                ..Self::one(
                    "lookup",
                    "25 % of the units, 500 of 1,000 flags asked in turn",
                    Kind::Percentage(25),
                    people(1000),
                    (0.25, four_errors(0.25, 1000)),
                )
            },
            Self::one(
                "killed",
                "killed, over a percentage",
                Kind::Killed,
                people(Self::MANY),
                (0.0, 0.0),
            ),
            Self::one(
                "named",
                "on for 100 units by name, a fifth of those who ask",
                Kind::Named(people(100).into_iter().map(|named| named.unit).collect()),
                one_in(5, people(100), people(500)),
                (0.2, 0.0),
            ),
            Self::one(
                "rules",
                "ten rules over five attributes, the last one matches",
                Kind::Rules(ten_rules()),
                customers(),
                (1.0, 0.0),
            ),
            Self::one(
                "list",
                "a rule with a list of 100, which holds for half of those who ask",
                Kind::Rules(vec![Rule {
                    attribute: "region",
                    test: Test::In((0..100).map(region).collect()),
                }]),
                with("region", |at| Value::Text(region(at % 200))),
                (0.5, 0.0),
            ),
            Self::one(
                "version",
                "a rule over a semantic version, which holds for half of those who ask",
                Kind::Rules(vec![Rule {
                    attribute: "version",
                    test: Test::AtLeastVersion("1.4.0"),
                }]),
                with("version", |at| {
                    let versions = ["1.3.9", "1.4.0", "0.19.2", "1.12.3"];
                    Value::Text(versions[at % 4].to_owned())
                }),
                (0.5, 0.0),
            ),
            Self::one(
                "split",
                "three variants by weight",
                Kind::Split(vec![("red", 20), ("green", 30), ("blue", 50)]),
                people(Self::MANY),
                (0.3, four_errors(0.3, Self::MANY)),
            ),
        ]
    }

    fn one(
        name: &'static str,
        title: &'static str,
        kind: Kind,
        people: Vec<Person>,
        expected: (f64, f64),
    ) -> Self {
        Self {
            name,
            title,
            keys: vec!["use_new_registrar".to_owned()],
            fillers: 200,
            kind,
            people,
            context_made: false,
            expected,
        }
    }

    /// All scenarios with the people for whom cost is measured, and nobody else.
    #[must_use]
    pub fn for_cost() -> Vec<Self> {
        let mut scenarios = Self::all();
        for scenario in &mut scenarios {
            scenario.people.truncate(Self::TIMED);
        }
        scenarios
    }

    /// The names of the flags that nobody asks.
    pub fn filler_keys(&self) -> impl Iterator<Item = String> {
        (0..self.fillers).map(|filler| format!("filler-{filler:03}"))
    }

    /// How far the key moves on from one person to the next.
    #[must_use]
    pub fn stride(&self) -> usize {
        usize::from(self.keys.len() > 1)
    }
}

/// Four standard errors of a share among so many.
fn four_errors(share: f64, among: usize) -> f64 {
    4.0 * (share * (1.0 - share) / among as f64).sqrt()
}

fn people(count: usize) -> Vec<Person> {
    (0..count)
        .map(|at| Person {
            unit: format!("customer-{at:05}"),
            attributes: Vec::new(),
        })
        .collect()
}

/// The `named` among the first of the others, evenly: each is one of `every`.
fn one_in(every: usize, named: Vec<Person>, others: Vec<Person>) -> Vec<Person> {
    let mut named = named.into_iter();
    let mixed = others.into_iter().enumerate().map(|(at, mut other)| {
        other.unit.insert(0, 'x');
        match at % every {
            0 => named.next().unwrap_or(other),
            _ => other,
        }
    });
    mixed.collect()
}

fn with(attribute: &'static str, value: impl Fn(usize) -> Value) -> Vec<Person> {
    let mut people = people(1000);
    for (at, person) in people.iter_mut().enumerate() {
        person.attributes.push((attribute, value(at)));
    }
    people
}

fn region(number: usize) -> String {
    format!("region-{number:03}")
}

/// People for whom only the last of the ten rules holds.
fn customers() -> Vec<Person> {
    let mut people = people(1000);
    for (at, person) in people.iter_mut().enumerate() {
        person.attributes = vec![
            ("country", Value::Text("DE".to_owned())),
            ("email", Value::Text(format!("c{at:04}@corp.example"))),
            ("seats", Value::Integer(7)),
            ("version", Value::Text("1.4.2".to_owned())),
            ("plan", Value::Text("team".to_owned())),
        ];
    }
    people
}

fn ten_rules() -> Vec<Rule> {
    let list = |words: &[&str]| Test::In(words.iter().map(|&word| word.to_owned()).collect());
    [
        ("plan", list(&["free"])),
        ("country", list(&["PL", "CZ", "SK"])),
        ("email", Test::EndsWith("@test.example")),
        ("email", Test::StartsWith("bot-")),
        ("seats", Test::AtLeast(1000)),
        ("version", Test::AtLeastVersion("9.0.0")),
        ("email", Test::Contains("+canary")),
        ("country", list(&["NZ"])),
        ("plan", list(&["trial", "edu", "partner"])),
        ("plan", list(&["team"])),
    ]
    .into_iter()
    .map(|(attribute, test)| Rule { attribute, test })
    .collect()
}
