//! Small questions whose right answer is known, and what everybody says to them.

use std::env;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::engine::{Answer, Ask, Engine};
use crate::python::Python;

/// The argument with which this program answers one question, so that a crash is seen.
pub(crate) const WORD: &str = "--answer";

/// What is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Truth {
    Equal,
    /// However many differences are told.
    Different,
    /// Exactly one place differs.
    One,
    /// Different, or refused because the document says two things.
    DifferentOrRefused,
}

impl Truth {
    const fn word(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Different => "different",
            Self::One => "1 difference",
            Self::DifferentOrRefused => "different or refused",
        }
    }

    /// Whether an answer is right; `None` where nothing was said.
    fn holds(self, answer: &Answer) -> Option<bool> {
        Some(match (answer, self) {
            (Answer::Cannot | Answer::Absent, _) => return None,
            (Answer::Refused, truth) => truth == Self::DifferentOrRefused,
            (Answer::Crash, _) => false,
            (Answer::Differences(0), truth) => truth == Self::Equal,
            (Answer::Differences(1), Self::One) => true,
            (Answer::Different, Self::One) => true,
            (Answer::Differences(_), Self::One) => false,
            (Answer::Differences(_) | Answer::Different, truth) => truth != Self::Equal,
        })
    }
}

struct Case {
    what: &'static str,
    ask: Ask,
    old: String,
    new: String,
    truth: Truth,
}

fn all() -> Vec<Case> {
    let case = |what, ask, old: &str, new: &str, truth| Case {
        what,
        ask,
        old: old.to_owned(),
        new: new.to_owned(),
        truth,
    };
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let list = |from: usize| {
        let numbers: Vec<String> = (from..1_000).map(|n| format!("\"n{n}\"")).collect();
        format!("[{}]", numbers.join(","))
    };
    let rows = |change: &str, reversed: bool| {
        let mut rows: Vec<String> = (0..10)
            .map(|n| format!("{{\"x\":{n}.5{change},\"y\":{n}}}"))
            .collect();
        if reversed {
            rows.reverse();
        }
        format!("[{}]", rows.join(","))
    };
    vec![
        case(
            "[1,1,2] and [1,2,2]: how often counts",
            Ask::Unordered,
            "[1,1,2]",
            "[1,2,2]",
            Truth::Different,
        ),
        case(
            "ten rows in another order that differ by 1e-12",
            Ask::UnorderedClose,
            &rows("", false),
            &rows("00000000001", true),
            Truth::Equal,
        ),
        case(
            "the same, beyond the tolerance",
            Ask::UnorderedClose,
            &rows("", false),
            &rows("0001", true),
            Truth::Different,
        ),
        case("2^53 and 2^53 + 1", Ask::Plain, "[9007199254740992]", "[9007199254740993]", Truth::One),
        case(
            "2^64 and 2^64 + 1",
            Ask::Plain,
            "[18446744073709551616]",
            "[18446744073709551617]",
            Truth::One,
        ),
        case(
            "2^53 and 2^53 + 1 are integers: tolerance is for fractions",
            Ask::Close,
            "[9007199254740992]",
            "[9007199254740993]",
            Truth::One,
        ),
        case("1e400 and 1e401", Ask::Plain, "[1e400]", "[1e401]", Truth::One),
        case(
            "a key that stands twice",
            Ask::Plain,
            r#"{"a":1,"a":2}"#,
            r#"{"a":2}"#,
            Truth::DifferentOrRefused,
        ),
        case(
            "a record that moved and changed",
            Ask::Keyed,
            r#"[{"id":1,"a":1},{"id":2,"a":2},{"id":3,"a":3}]"#,
            r#"[{"id":3,"a":3},{"id":2,"a":9},{"id":1,"a":1}]"#,
            Truth::One,
        ),
        case(
            "the same, known by its content",
            Ask::Unordered,
            r#"[{"id":1,"a":1},{"id":2,"a":2},{"id":3,"a":3}]"#,
            r#"[{"id":3,"a":3},{"id":2,"a":9},{"id":1,"a":1}]"#,
            Truth::One,
        ),
        case(
            "two records with one key are two",
            Ask::Keyed,
            r#"[{"id":1,"a":1},{"id":1,"a":2}]"#,
            r#"[{"id":1,"a":2}]"#,
            Truth::Different,
        ),
        case("null and nothing", Ask::Plain, r#"{"a":null}"#, "{}", Truth::One),
        case("true and 1", Ask::Plain, "[true]", "[1]", Truth::One),
        case("1 and \"1\"", Ask::Plain, "[1]", "[\"1\"]", Truth::One),
        case("1 and 1.0", Ask::Plain, "[1]", "[1.0]", Truth::Equal),
        case(
            "the first of a thousand elements is gone",
            Ask::Plain,
            &list(0),
            &list(1),
            Truth::One,
        ),
        case(
            "lists in lists, all in another order",
            Ask::Unordered,
            "[[1,2],[3,[4,5]]]",
            "[[[5,4],3],[2,1]]",
            Truth::Equal,
        ),
        case(
            "records that differ in what is ignored",
            Ask::UnorderedWithoutT,
            r#"[{"id":1,"t":5},{"id":2,"t":6},{"id":3,"t":7}]"#,
            r#"[{"id":3,"t":5},{"id":1,"t":7},{"id":2,"t":8}]"#,
            Truth::Equal,
        ),
        case("10,000 levels, equal", Ask::Plain, &deep, &deep, Truth::Equal),
        case(
            "10,000 levels, another value inside",
            Ask::Plain,
            &deep,
            &deep.replace('1', "2"),
            Truth::One,
        ),
    ]
}

/// Every case with everybody's answer.
pub(crate) struct Answers {
    names: Vec<String>,
    rows: Vec<(Case, Vec<Answer>)>,
}

pub(crate) fn run(python: Option<&Python>) -> Result<Answers, String> {
    let mut names: Vec<String> = Engine::ALL.map(|engine| engine.name().to_owned()).to_vec();
    names.push(match python {
        Some(python) => format!("deepdiff {}", python.version()?),
        None => "deepdiff".to_owned(),
    });
    let mut rows = Vec::new();
    for (at, case) in all().into_iter().enumerate() {
        let mut answers = Vec::new();
        for engine in 0..Engine::ALL.len() {
            answers.push(ask_apart(at, engine)?);
        }
        answers.push(match python {
            Some(python) => python.answer(case.ask, &case.old, &case.new)?,
            None => Answer::Absent,
        });
        rows.push((case, answers));
    }
    Ok(Answers { names, rows })
}

/// Asks in a process of its own: who overflows the stack takes nobody along.
fn ask_apart(case: usize, engine: usize) -> Result<Answer, String> {
    let this = env::current_exe().map_err(|error| format!("where is this program? {error}"))?;
    let output = Command::new(this)
        .args([WORD, &case.to_string(), &engine.to_string()])
        .stderr(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Ok(Answer::Crash);
    }
    let said = String::from_utf8_lossy(&output.stdout);
    Answer::by_word(said.trim()).ok_or_else(|| format!("case {case} said {said:?}"))
}

/// Answers one question for [`ask_apart`].
pub(crate) fn answer(which: &[&str]) -> Result<(), String> {
    let [case, engine] = which else {
        return Err(format!("{WORD} CASE ENGINE"));
    };
    let at = |text: &str| text.parse::<usize>().map_err(|error| error.to_string());
    let (case, engine) = (at(case)?, at(engine)?);
    let all = all();
    let (Some(case), Some(engine)) = (all.get(case), Engine::ALL.get(engine)) else {
        return Err("there is no such case".to_owned());
    };
    println!("{}", engine.answer(case.ask, &case.old, &case.new)?.word());
    Ok(())
}

impl Answers {
    /// Wrong answers are marked.
    pub(crate) fn table(&self) -> String {
        let mut table = format!("| case | asked | right | {} |\n", self.names.join(" | "));
        table += &format!("|{}\n", "---|".repeat(3 + self.names.len()));
        for (case, answers) in &self.rows {
            let answers: Vec<String> = answers
                .iter()
                .map(|answer| match case.truth.holds(answer) {
                    Some(false) => format!("**✗ {}**", answer.word()),
                    Some(true) => format!("✓ {}", answer.word()),
                    None => answer.word(),
                })
                .collect();
            table += &format!(
                "| {} | {} | {} | {} |\n",
                case.what,
                case.ask.word(),
                case.truth.word(),
                answers.join(" | ")
            );
        }
        table
    }

    pub(crate) fn json(&self) -> Value {
        self.rows
            .iter()
            .map(|(case, answers)| {
                let answers = self.names.iter().zip(answers);
                let answers: Vec<Value> = answers
                    .map(|(name, answer)| {
                        json!({
                            "by": name,
                            "answer": answer.word(),
                            "right": case.truth.holds(answer),
                        })
                    })
                    .collect();
                json!({
                    "case": case.what,
                    "asked": case.ask.word(),
                    "truth": case.truth.word(),
                    "answers": answers,
                })
            })
            .collect()
    }
}
