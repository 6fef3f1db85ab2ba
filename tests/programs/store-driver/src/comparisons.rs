//! Comparison records under retention: written by several processes, checked, and asked for.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cutover_app::comparison::RetainingStore;
use cutover_domain::comparison::{
    Answer, Comparison, ComparisonRecord, Counts, Difference, DifferenceFilter, DifferenceKind,
    Judgement, Measurements, PathPattern, RecordId, RecordResult, Run, RunId, RunKind, RunState,
    Severity, SideOutcome, SideRecord,
};
use cutover_domain::tree::Tree;
use cutover_file::FileComparisonStore;
use cutover_ports::SystemClock;
use cutover_ports::comparison::{
    ComparisonStore, ComparisonStoreExt, RecordQuery, Retention, RunQuery,
};
use cutover_sqlite::SqliteComparisonStore;
use jiff::Timestamp;
use pollster::block_on;
use serde_json::json;

use crate::{Failure, Options};

/// One record in so many has differences.
const DIFFERENT: u64 = 50;

/// The operations whose records these are.
const OPERATIONS: [&str; 4] = ["quote.price", "quote.tax", "customer.load", "report.daily"];

/// Where the records are.
pub(crate) struct Place {
    store: Arc<dyn ComparisonStore>,
    /// What takes the space: a folder, or a database and the files beside it.
    path: PathBuf,
}

impl Place {
    pub(crate) fn open(address: &str) -> Result<Self, Failure> {
        match address.split_once(':') {
            Some(("file", dir)) if !dir.is_empty() => {
                let path = Path::new(dir).join("comparisons");
                let store = Arc::new(FileComparisonStore::open(&path));
                Ok(Self { store, path })
            }
            Some(("sqlite", file)) if !file.is_empty() => {
                let store = Arc::new(SqliteComparisonStore::open(file));
                let path = file.into();
                Ok(Self { store, path })
            }
            _ => Err(format!("a store is written file:DIR or sqlite:FILE, not `{address}`").into()),
        }
    }

    /// The bytes on the disk; what is removed this moment does not count.
    fn disk(&self) -> u64 {
        if self.path.is_dir() {
            return bytes_below(&self.path);
        }
        let beside = |suffix: &str| {
            let mut name = self.path.as_os_str().to_owned();
            name.push(suffix);
            fs::metadata(name).map_or(0, |found| found.len())
        };
        beside("") + beside("-wal")
    }
}

fn bytes_below(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(found) if found.is_dir() => bytes_below(&entry.path()),
        Ok(found) => found.len(),
        Err(_) => 0,
    });
    sizes.sum()
}

/// Appends records to a run of its own, within a retention.
pub(crate) fn record(place: &Place, options: &Options) -> Result<(), Failure> {
    let writer = options.text("--writer").ok_or("say --writer NAME")?;
    let (count, batch) = (
        options.wanted("--count")?,
        options.wanted("--batch")?.max(1),
    );
    let retention = Retention {
        max_age: None,
        max_records: options.number("--max-records")?,
        max_bytes: options.number("--max-bytes")?,
    };
    let store = RetainingStore::new(Arc::clone(&place.store), retention, Arc::new(SystemClock));
    let mut run = Run::new(
        RunId::new(writer)?,
        writer,
        RunKind::Operation,
        Timestamp::now(),
    );
    block_on(store.create_run(&run))?;
    let start = Instant::now();
    let (mut longest, mut disk) = (Duration::ZERO, 0);
    let mut waits = Vec::new();
    for first in (0..count).step_by(usize::try_from(batch)?) {
        let records = (first..count.min(first + batch))
            .map(|number| made(&run, number))
            .collect::<Result<Vec<_>, _>>()?;
        let begun = Instant::now();
        block_on(store.append(&records))?;
        let waited = begun.elapsed();
        longest = longest.max(waited);
        waits.push(waited);
        for record in &records {
            run.tally.count(record.result);
        }
        if waits.len() % 50 == 0 {
            disk = disk.max(place.disk());
            run.updated = Timestamp::now();
            block_on(store.update_run(&run))?;
        }
    }
    run.end(RunState::Complete, Timestamp::now());
    block_on(store.update_run(&run))?;
    waits.sort_unstable();
    let said = json!({
        "writer": writer,
        "records": count,
        "seconds": start.elapsed().as_secs_f64(),
        "append_p50_us": micros(waits.get(waits.len() / 2)),
        "append_p99_us": micros(waits.get(waits.len() * 99 / 100)),
        "append_longest_us": micros(Some(&longest)),
        "disk_peak": disk.max(place.disk()),
    });
    writeln!(io::stdout(), "{said}")?;
    Ok(())
}

fn micros(time: Option<&Duration>) -> u64 {
    time.map_or(0, |time| {
        u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
    })
}

/// The record of that number, some 800 bytes as JSON.
fn made(run: &Run, number: u64) -> Result<ComparisonRecord, Failure> {
    let side = |wall: u64| {
        let mut side = SideRecord::new(SideOutcome::Ok);
        side.version = Some("2.1.0".to_owned());
        side.measurements = Measurements {
            wall: Some(Duration::from_micros(wall)),
            ..Measurements::default()
        };
        side.answer = Answer::of_bytes(&number.to_be_bytes());
        side
    };
    let judgement = Judgement::Compared(if number.is_multiple_of(DIFFERENT) {
        different(number)
    } else {
        Comparison::same()
    });
    let operation = OPERATIONS[usize::try_from(number % 4)?];
    let mut record = ComparisonRecord::new(
        run.id.clone(),
        RecordId::new(format!("{number:09}"))?,
        operation,
        Timestamp::now(),
        side(1200 + number % 77),
        side(900 + number % 91),
        judgement,
    );
    record.flag_revision = Some(7);
    record.input_digest = Some(cutover_domain::comparison::digest(&number.to_be_bytes()));
    Ok(record)
}

fn different(number: u64) -> Comparison {
    let mut counts = Counts::default();
    let places = [
        (
            format!("$.items[{}].price", number % 31),
            DifferenceKind::Value,
        ),
        ("$.total".to_owned(), DifferenceKind::Value),
        (format!("$.tags[{}]", number % 7), DifferenceKind::Missing),
    ];
    let differences = places.into_iter().map(|(path, kind)| {
        counts.add(kind);
        Difference {
            path,
            new_path: None,
            kind,
            old: Some(Tree::integer(i64::try_from(number).unwrap_or(i64::MAX))),
            new: None,
            times: None,
            severity: Severity::Error,
        }
    });
    let differences = differences.collect();
    Comparison {
        equal: false,
        counts,
        differences,
        ..Comparison::same()
    }
}

/// Reads everything, and fails unless each run has its newest records, each once.
pub(crate) fn recorded(place: &Place) -> Result<(), Failure> {
    let mut query = RunQuery::default();
    loop {
        let page = block_on(place.store.runs(&query))?;
        for run in page.items {
            let mut numbers = Vec::new();
            let of_run = RecordQuery::of_run(run.id.clone());
            let visited = block_on(place.store.visit_records(&of_run, &mut |record| {
                numbers.push(record.id.as_str().parse::<u64>().ok());
            }))?;
            if let Some(damage) = visited.unreadable.first() {
                return Err(damage.to_string().into());
            }
            let made = run.tally.made();
            let newest: Vec<_> = (0..made).rev().take(numbers.len()).map(Some).collect();
            if numbers != newest {
                return Err(format!(
                    "run {} has {} of {made} records, and they are not the newest",
                    run.id,
                    numbers.len()
                )
                .into());
            }
            let said = json!({"run": run.id, "made": made, "kept": numbers.len()});
            writeln!(io::stdout(), "{said}")?;
        }
        match page.next {
            None => return Ok(()),
            next => query.after = next,
        }
    }
}

/// Asks each kind of question so often, and says how long the answers take.
pub(crate) fn ask(place: &Place, options: &Options) -> Result<(), Failure> {
    let times = usize::try_from(options.wanted("--times")?)?;
    let newest = block_on(place.store.latest_run())?.ok_or("there is no run")?;
    let path = |text: &str| PathPattern::new(text).map(DifferenceFilter::at);
    let of_run = || RecordQuery::of_run(newest.id.clone()).limit(20);
    let all = || RecordQuery::default().limit(20);
    let since = Timestamp::now().checked_sub(Duration::from_secs(3600))?;
    let mut by_id = of_run();
    let last = newest.tally.made().saturating_sub(1);
    by_id.id = Some(RecordId::new(format!("{last:09}"))?);
    let questions = [
        ("newest of all", all()),
        ("newest of a run", of_run()),
        (
            "by operation",
            RecordQuery::of_operation("quote.tax").limit(20),
        ),
        ("by result", all().result(RecordResult::Different)),
        (
            "by operation, result and time",
            RecordQuery {
                since: Some(since),
                ..RecordQuery::of_operation("quote.price")
                    .result(RecordResult::Different)
                    .limit(20)
            },
        ),
        ("by path", all().differing(path("$.items[*].price")?)),
        ("by path of a run", of_run().differing(path("$..tags")?)),
        (
            "by a path that none has",
            all().differing(path("$.nowhere")?),
        ),
        ("by id", by_id),
    ];
    for (question, query) in questions {
        let mut waits = Vec::new();
        let mut found = 0;
        for _ in 0..times.max(1) {
            let begun = Instant::now();
            found = block_on(place.store.records(&query))?.items.len();
            waits.push(begun.elapsed());
        }
        waits.sort_unstable();
        let said = json!({
            "question": question,
            "found": found,
            "p50_us": micros(waits.get(waits.len() / 2)),
            "longest_us": micros(waits.last()),
        });
        writeln!(io::stdout(), "{said}")?;
    }
    Ok(())
}
