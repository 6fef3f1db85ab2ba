//! How time and memory grow from ten thousand records to a million.

use std::env;
use std::fs;
use std::hint::black_box;
use std::process::Command;
use std::time::Instant;

use cutover_domain::comparison::Rules;
use serde_json::{Value, json};

use crate::documents::{self, Change};
use crate::engine::{parse, read};
use crate::timing::shown;

/// The argument with which this program measures one point.
pub(crate) const WORD: &str = "--scaling-point";

const SIZES: [usize; 3] = [10_000, 100_000, 1_000_000];
const PERCENTS: [usize; 3] = [0, 1, 50];

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// serde_json reads both.
    Floor,
    /// We read both.
    Read,
    Ordered,
    Keyed,
    Unordered,
}

impl How {
    const COMPARING: [Self; 3] = [Self::Ordered, Self::Keyed, Self::Unordered];
    const ALL: [Self; 5] = [
        Self::Floor,
        Self::Read,
        Self::Ordered,
        Self::Keyed,
        Self::Unordered,
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::Floor => "serde_json reads both",
            Self::Read => "cutover reads both",
            Self::Ordered => "ordered",
            Self::Keyed => "keyed",
            Self::Unordered => "unordered",
        }
    }
}

/// One figure.
#[derive(Clone, Copy, Debug)]
struct Point {
    how: How,
    percent: usize,
    size: usize,
    milliseconds: f64,
    /// Peak memory of the process, the texts of both documents included.
    megabytes: f64,
}

pub(crate) struct Scaling {
    points: Vec<Point>,
}

pub(crate) fn run() -> Result<Scaling, String> {
    let mut points = Vec::new();
    for size in SIZES {
        println!("  {size} records…");
        for how in [How::Floor, How::Read] {
            points.push(measure_apart(how, 1, size)?);
        }
        for percent in PERCENTS {
            for how in How::COMPARING {
                points.push(measure_apart(how, percent, size)?);
            }
        }
    }
    Ok(Scaling { points })
}

fn measure_apart(how: How, percent: usize, size: usize) -> Result<Point, String> {
    let this = env::current_exe().map_err(|error| format!("where is this program? {error}"))?;
    let output = Command::new(this)
        .args([WORD, how.word(), &percent.to_string(), &size.to_string()])
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let said: Value = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
    let figure = |name: &str| said[name].as_f64().ok_or_else(|| format!("no {name} in {said}"));
    Ok(Point {
        how,
        percent,
        size,
        milliseconds: figure("milliseconds")?,
        megabytes: figure("megabytes")?,
    })
}

/// Measures one point for [`measure_apart`].
pub(crate) fn measure_point(words: &[&str]) -> Result<(), String> {
    let [how, percent, size] = words else {
        return Err(format!("{WORD} HOW PERCENT SIZE"));
    };
    let number = |text: &str| text.parse::<usize>().map_err(|error| error.to_string());
    let (percent, size) = (number(percent)?, number(size)?);
    let how = How::ALL.into_iter().find(|known| known.word() == *how);
    let how = how.ok_or("there is no such way")?;
    let shuffled = matches!(how, How::Keyed | How::Unordered);
    let change = Change { percent, shuffled };
    let [old, new] = documents::records(size, change);
    let rounds = (3_000_000 / size).clamp(3, 20);
    let milliseconds = match how {
        How::Floor => best(rounds, || (parse(&old), parse(&new))),
        How::Read => best(rounds, || (read(&old), read(&new))),
        How::Ordered | How::Keyed | How::Unordered => {
            let rules = Rules::new();
            let rules = match how {
                How::Keyed => rules.key("$", ["id"]),
                How::Unordered => rules.unordered_everywhere(),
                _ => rules,
            };
            let comparator = rules.build().map_err(|error| error.to_string())?;
            let (old, new) = (read(&old)?, read(&new)?);
            let found = comparator.compare(&old, &new);
            let expected = change.count(size) as u64;
            if (found.counts.value, found.counts.total()) != (expected, expected) || !found.exact {
                return Err(format!("{how:?}, {size}, {percent} %: {:?}", found.counts));
            }
            best(rounds, || comparator.compare(&old, &new))
        }
    };
    println!("{}", json!({"milliseconds": milliseconds, "megabytes": peak_megabytes()?}));
    Ok(())
}

fn best<T>(rounds: usize, mut run: impl FnMut() -> T) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..rounds {
        let start = Instant::now();
        let made = black_box(run());
        best = best.min(start.elapsed().as_secs_f64() * 1e3);
        drop(made);
    }
    best
}

/// What the kernel says that this process took at most.
fn peak_megabytes() -> Result<f64, String> {
    let status = fs::read_to_string("/proc/self/status").map_err(|error| error.to_string())?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kilobytes
        .map(|kilobytes| kilobytes / 1024.0)
        .ok_or_else(|| "the kernel does not tell the peak of memory".to_owned())
}

impl Scaling {
    fn line(&self, how: How, percent: usize) -> Vec<Point> {
        let of = |point: &&Point| point.how == how && point.percent == percent;
        self.points.iter().filter(of).copied().collect()
    }

    /// How much faster than the number of records time grows: 1 is as fast as they.
    fn slope(line: &[Point]) -> f64 {
        match (line.first(), line.last()) {
            (Some(first), Some(last)) => {
                (last.milliseconds / first.milliseconds).ln()
                    / (last.size as f64 / first.size as f64).ln()
            }
            _ => f64::NAN,
        }
    }

    fn lines(&self) -> Vec<(How, usize, Vec<Point>)> {
        let floors = [How::Floor, How::Read].map(|how| (how, 1));
        let comparing = PERCENTS
            .into_iter()
            .flat_map(|percent| How::COMPARING.map(|how| (how, percent)));
        floors
            .into_iter()
            .chain(comparing)
            .map(|(how, percent)| (how, percent, self.line(how, percent)))
            .collect()
    }

    pub(crate) fn table(&self) -> String {
        let floor = self.line(How::Floor, 1);
        let mut text = "| what | 10,000 | 100,000 | 1,000,000 | slope | memory, 1,000,000 |\n".to_owned();
        text += "|---|---|---|---|---|---|\n";
        for (how, percent, line) in self.lines() {
            let cells: Vec<String> = line
                .iter()
                .zip(&floor)
                .map(|(point, floor)| {
                    let ratio = point.milliseconds / floor.milliseconds;
                    format!("{}, {ratio:.2} ×", shown(point.milliseconds))
                })
                .collect();
            let what = match how {
                How::Floor | How::Read => how.word().to_owned(),
                _ => format!("{}, {percent} % changed", how.word()),
            };
            let memory = line.last().map_or(f64::NAN, |point| point.megabytes);
            let slope = Self::slope(&line);
            text += &format!("| {what} | {} | {slope:.2} | {memory:.0} MB |\n", cells.join(" | "));
        }
        text
    }

    pub(crate) fn json(&self) -> Value {
        self.lines()
            .into_iter()
            .map(|(how, percent, line)| {
                let points: Vec<Value> = line
                    .iter()
                    .map(|point| {
                        json!({
                            "records": point.size,
                            "milliseconds": point.milliseconds,
                            "megabytes": point.megabytes,
                        })
                    })
                    .collect();
                json!({
                    "what": how.word(),
                    "percent": percent,
                    "slope": Self::slope(&line),
                    "points": points,
                })
            })
            .collect()
    }
}
