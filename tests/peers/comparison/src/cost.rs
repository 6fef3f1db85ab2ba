//! Times on the same documents: the floors, ours and the others'.

use std::time::Duration;

use serde_json::{Value, json};

use crate::documents::{self, Change};
use crate::engine::{Ask, assert_of, json_patch_of, parse, read, treediff_of};
use crate::python::Python;
use crate::timing::{fastest, shown};

/// How long deepdiff may take for one figure.
const PATIENCE: Duration = Duration::from_secs(60);

/// One figure.
struct Row {
    what: String,
    milliseconds: Option<f64>,
    /// How many differences it told of; not all count alike.
    found: Option<u64>,
    note: &'static str,
}

/// One pair of documents with all figures.
struct Sheet {
    title: &'static str,
    bytes: usize,
    rows: Vec<Row>,
}

pub(crate) struct Costs {
    sheets: Vec<Sheet>,
}

/// Who is asked beside the floors.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Company {
    /// Everybody: elements stand in their places.
    Everybody,
    /// Who can do without order.
    Unordered,
}

pub(crate) fn run(python: Option<&Python>) -> Result<Costs, String> {
    let change = |percent, shuffled| Change { percent, shuffled };
    let sheets = [
        ("10,000 records, 1 % changed", documents::records(10_000, change(1, false)), Company::Everybody),
        ("10,000 records, 1 % changed, shuffled", documents::records(10_000, change(1, true)), Company::Unordered),
        ("400 records, half changed, shuffled", documents::records(400, change(50, true)), Company::Unordered),
        ("10,000 records, equal", documents::records(10_000, change(0, false)), Company::Everybody),
        ("1,000 chains of 100 levels, 1 % changed", documents::deep(), Company::Everybody),
    ];
    let sheets = sheets
        .into_iter()
        .map(|(title, documents, company)| sheet(title, &documents, company, python))
        .collect::<Result<_, _>>()?;
    Ok(Costs { sheets })
}

fn sheet(
    title: &'static str,
    documents: &[String; 2],
    company: Company,
    python: Option<&Python>,
) -> Result<Sheet, String> {
    println!("  {title}…");
    let [old_text, new_text] = documents;
    let (old_value, new_value) = (parse(old_text)?, parse(new_text)?);
    let (old, new) = (read(old_text)?, read(new_text)?);
    let mut rows = Vec::new();
    let mut add = |what: &str, milliseconds: f64, found: Option<u64>| {
        rows.push(Row {
            what: what.to_owned(),
            milliseconds: Some(milliseconds),
            found,
            note: "",
        });
    };
    let both = || (parse(old_text), parse(new_text));
    add("floor: serde_json reads both", fastest(both), None);
    let equal = fastest(|| old_value == new_value);
    add("floor: serde_json `==`", equal, None);
    let same = old_value.clone();
    add("floor: serde_json `==` of equal ones", fastest(|| old_value == same), None);
    let both = || (read(old_text), read(new_text));
    add("cutover reads both", fastest(both), None);

    let mut asks = vec![Ask::Keyed, Ask::Unordered, Ask::UnorderedClose];
    if title.contains("chains") {
        asks = vec![Ask::Unordered, Ask::UnorderedClose];
    }
    if company == Company::Everybody {
        asks.splice(0..0, [Ask::Plain, Ask::Close]);
    }
    for ask in asks {
        let comparator = ask.comparator()?;
        let found = comparator.compare(&old, &new).counts.total();
        let time = fastest(|| comparator.compare(&old, &new));
        add(&format!("cutover, {}", ask.word()), time, Some(found));
    }
    if company == Company::Everybody {
        let found = json_patch_of(&old_value, &new_value) as u64;
        let time = fastest(|| json_patch_of(&old_value, &new_value));
        add("json-patch", time, Some(found));
        let found = treediff_of(&old_value, &new_value) as u64;
        let time = fastest(|| treediff_of(&old_value, &new_value));
        add("treediff", time, Some(found));
        let found = assert_of(&old_value, &new_value);
        let found = found.map_or_else(|told| told.matches("json atom").count() as u64, |()| 0);
        let time = fastest(|| assert_of(&old_value, &new_value));
        add("assert-json-diff", time, Some(found));
    }
    if let Some(python) = python {
        deepdiff(python, documents, company, &mut rows)?;
    }
    Ok(Sheet {
        title,
        bytes: old_text.len() + new_text.len(),
        rows,
    })
}

fn deepdiff(
    python: &Python,
    documents: &[String; 2],
    company: Company,
    rows: &mut Vec<Row>,
) -> Result<(), String> {
    let asks: &[Ask] = match company {
        Company::Everybody => &[Ask::Plain, Ask::Unordered],
        Company::Unordered => &[Ask::Unordered],
    };
    for (at, ask) in asks.iter().enumerate() {
        let cost = python.cost(*ask, documents, PATIENCE)?;
        if let (0, Some(cost)) = (at, &cost) {
            rows.push(Row {
                what: "Python's json reads both".to_owned(),
                milliseconds: Some(cost.reading),
                found: None,
                note: "",
            });
        }
        rows.push(Row {
            what: format!("deepdiff, {}", ask.word()),
            milliseconds: cost.as_ref().map(|cost| cost.comparing),
            found: cost.map(|cost| cost.found),
            note: "not done after a minute",
        });
    }
    Ok(())
}

impl Costs {
    /// Every figure beside the first floor.
    pub(crate) fn table(&self) -> String {
        let mut text = String::new();
        for sheet in &self.sheets {
            let megabytes = sheet.bytes as f64 / 1e6;
            text += &format!("{} ({megabytes:.1} MB)\n\n", sheet.title);
            text += "| what | time | beside reading | differences told |\n|---|---|---|---|\n";
            let floor = sheet.rows.first().and_then(|row| row.milliseconds);
            for row in &sheet.rows {
                let ratio = row.milliseconds.zip(floor).map(|(time, floor)| time / floor);
                text += &format!(
                    "| {} | {} | {} | {} |\n",
                    row.what,
                    row.milliseconds.map_or_else(|| row.note.to_owned(), shown),
                    ratio.map_or_else(String::new, |ratio| format!("{ratio:.2} ×")),
                    row.found.map_or_else(String::new, |found| found.to_string()),
                );
            }
            text.push('\n');
        }
        text
    }

    pub(crate) fn json(&self) -> Value {
        self.sheets
            .iter()
            .map(|sheet| {
                let rows: Vec<Value> = sheet
                    .rows
                    .iter()
                    .map(|row| {
                        json!({
                            "what": row.what,
                            "milliseconds": row.milliseconds,
                            "found": row.found,
                        })
                    })
                    .collect();
                json!({"documents": sheet.title, "bytes": sheet.bytes, "rows": rows})
            })
            .collect()
    }
}
