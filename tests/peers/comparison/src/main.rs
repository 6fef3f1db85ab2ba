//! `cutover-peers-comparison [--python PYTHON] FILE`: what comparing two documents costs and finds,
//! beside others in one run; prints tables and writes the same to FILE as JSON.
//!
//! [`cases`] asks everybody small questions whose right answer is known, [`cost`] takes times on the
//! same [`documents`], and [`scaling`] looks at ours alone, from ten thousand to a million records,
//! each point in a process of its own so that its memory is its own.

mod cases;
mod cost;
mod documents;
mod engine;
mod python;
mod scaling;
mod timing;

use std::env;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use python::Python;

const USAGE: &str = "cutover-peers-comparison [--python PYTHON] FILE";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        [scaling::WORD, point @ ..] => scaling::measure_point(point),
        [cases::WORD, which @ ..] => cases::answer(which),
        ["--python", python, file] => compare(Path::new(file), Some(Python::new(python))),
        [file] if !file.starts_with('-') => compare(Path::new(file), None),
        _ => Err(format!("usage: {USAGE}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn compare(file: &Path, python: Option<Python>) -> Result<(), String> {
    println!("answers…");
    let answers = cases::run(python.as_ref())?;
    println!("\n{}", answers.table());
    println!("times…");
    let costs = cost::run(python.as_ref())?;
    println!("\n{}", costs.table());
    println!("scaling…");
    let scaling = scaling::run()?;
    println!("\n{}", scaling.table());
    let all = json!({
        "answers": answers.json(),
        "times": costs.json(),
        "scaling": scaling.json(),
    });
    fs::write(file, format!("{all:#}\n"))
        .map_err(|error| format!("{} cannot be written: {error}", file.display()))
}
