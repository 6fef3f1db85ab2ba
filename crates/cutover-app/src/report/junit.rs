//! The report as JUnit XML: every comparison is a test case.
//!
//! A million records do not fit into memory as XML, and the element around them begins with how
//! many there are. So the cases are written to a scratch file while they are counted, and copied
//! behind the counts at the end.

mod case;
mod limits;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::time::Duration;

use cutover_domain::comparison::noise::{Noise, Reading};
use cutover_domain::comparison::report::{Report, ReportedLimit};
use cutover_domain::comparison::{ComparisonRecord, RecordResult, Run, RunId};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, Event};

use self::case::{Outcome, asides, ended_as, new_line, outcome, write_case};
use super::figure::{count, counted, cut, visible, whereabouts};
use crate::comparison::Sink;

/// So many differences of a case are told.
const DIFFERENCES: usize = 20;

/// So many characters of each.
const LINE: usize = 500;

/// At most so many operations of a run have a suite of their own.
const SUITES: usize = 50;

/// At most so many cases that passed are written, and so many that did not; the rest of each suite is
/// one more case that says how many there are.
const CASES: u64 = 10_000;

/// At most so much of what cannot be read is named.
const UNREADABLE: usize = 100;

const OTHERS: &str = "(others)";

/// Writes comparisons as JUnit XML: a suite for each operation of each run, a test case for each
/// comparison. What differs failed; what could not be compared, or not to its end, is an error;
/// what was not compared at all is skipped. [Limits](Self::with_limits) of performance are a suite of
/// their own. What [noise](Self::but_for_noise) or rules hide passed,
/// and its output says so.
///
/// Of each result the first 10,000 are written; how many more there are is a case of its own, which
/// ends as they do.
///
/// Memory is bounded, whatever the number of records: they go to scratch files (two at a time for
/// a run of one operation), which the caller provides: temporary files, or [`io::Cursor`]s for a
/// few records. Runs have to come before their records, and one after the other, as
/// [`read`](crate::comparison::read) does it.
///
/// ```
/// use std::io::Cursor;
/// use cutover_app::comparison::{Selection, read};
/// use cutover_app::report::JUnit;
/// use cutover_ports::comparison::MemoryComparisonStore;
///
/// # pollster::block_on(async {
/// let mut junit = JUnit::new(|| Ok(Cursor::new(Vec::new())));
/// read(&MemoryComparisonStore::new(), &Selection::default(), &mut junit).await?;
/// let mut xml = Vec::new();
/// junit.finish(&mut xml)?;
/// assert!(String::from_utf8(xml)?.contains(r#"<testsuites name="cutover" tests="0""#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct JUnit<S: Read + Write + Seek> {
    scratch: Box<dyn FnMut() -> io::Result<S> + Send>,
    runs: HashMap<RunId, Run>,
    /// What old differs in from itself, by operation.
    noise: HashMap<String, Noise>,
    /// Limits of performance, with what became of them.
    limits: Vec<ReportedLimit>,
    /// The run whose records come now.
    now: Option<RunId>,
    suites: BTreeMap<Arc<str>, Suite<S>>,
    /// The names in the suites of the run, as hashes: a case that is repeated needs another.
    names: HashSet<u64>,
    /// The suites of the runs that are done.
    done: Option<BufWriter<S>>,
    totals: Counts,
    /// How many cases that passed were written, and how many that did not.
    written: [u64; 2],
    unreadable: Vec<String>,
    all_unreadable: u64,
    /// The first thing that went wrong; then nothing is written any more.
    failed: Option<io::Error>,
}

impl<S: Read + Write + Seek> std::fmt::Debug for JUnit<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JUnit")
            .field("run", &self.now)
            .field("totals", &self.totals)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    tests: u64,
    failures: u64,
    errors: u64,
    skipped: u64,
    /// Those that passed because what differs is noise.
    noisy: u64,
    time: Duration,
}

impl Counts {
    fn merge(&mut self, other: &Self) {
        self.tests += other.tests;
        self.failures += other.failures;
        self.errors += other.errors;
        self.skipped += other.skipped;
        self.noisy += other.noisy;
        self.time = self.time.saturating_add(other.time);
    }

    fn count(&mut self, result: RecordResult) {
        match result {
            RecordResult::Equal => {}
            RecordResult::Different => self.failures += 1,
            RecordResult::Inexact | RecordResult::Failed => self.errors += 1,
        }
    }

    fn attributes(&self, element: &mut BytesStart<'_>) {
        for (name, count) in [
            ("tests", self.tests),
            ("failures", self.failures),
            ("errors", self.errors),
        ] {
            element.push_attribute((name, count.to_string().as_str()));
        }
        element.push_attribute(("time", seconds(self.time).as_str()));
    }
}

struct Suite<S: Write> {
    counts: Counts,
    /// How many more ended so.
    left_out: BTreeMap<RecordResult, u64>,
    cases: Writer<BufWriter<S>>,
}

impl<S: Write> Suite<S> {
    /// Records that it stands for.
    fn records(&self) -> u64 {
        self.counts.tests - self.counts.skipped + self.left_out.values().sum::<u64>()
    }

    /// Adds a case for those that were left out, for each result.
    fn end(&mut self, operation: &str) -> io::Result<()> {
        for (result, more) in &self.left_out {
            let name = format!(
                "and {} that ended as {result}",
                counted(*more, "more case", "more cases")
            );
            let mut case = BytesStart::new("testcase");
            case.push_attribute(("name", name.as_str()));
            case.push_attribute(("classname", visible(operation).as_str()));
            case.push_attribute(("time", "0"));
            self.counts.tests += 1;
            self.counts.count(*result);
            let outcome = ended_as(*result).map(|(element, kind)| Outcome {
                element,
                kind: Some(kind),
                message: format!("only the first {} are written", count(CASES)),
                body: String::new(),
            });
            write_case(&mut self.cases, case, outcome, &[])?;
        }
        Ok(())
    }
}

impl<S: Read + Write + Seek> JUnit<S> {
    /// Nothing written yet; `scratch` makes an empty file each time it is asked.
    pub fn new(scratch: impl FnMut() -> io::Result<S> + Send + 'static) -> Self {
        Self {
            scratch: Box::new(scratch),
            runs: HashMap::new(),
            noise: HashMap::new(),
            limits: Vec::new(),
            now: None,
            suites: BTreeMap::new(),
            names: HashSet::new(),
            done: None,
            totals: Counts::default(),
            written: [0; 2],
            unreadable: Vec::new(),
            all_unreadable: 0,
            failed: None,
        }
    }

    /// Takes out what old differs in from itself, as a report on the same records has learned it: what
    /// differs by noise alone passed.
    #[must_use]
    pub fn but_for_noise(mut self, report: &Report) -> Self {
        let operations = report.operations.iter();
        self.noise = operations
            .filter_map(|found| Some((found.operation.clone(), found.noise.clone()?)))
            .collect();
        self
    }

    /// Adds a test case for each limit of performance that a report on the same records tells of: a
    /// failure where it is broken, an error where it is not decided.
    #[must_use]
    pub fn with_limits(mut self, report: &Report) -> Self {
        self.limits.clone_from(&report.limits);
        if report.runs.len() == 1 {
            // A name that is the same tomorrow, so that reporters find it again.
            self.limits.iter_mut().for_each(|limit| limit.run = None);
        }
        self
    }

    /// Writes all of it.
    ///
    /// # Errors
    ///
    /// A scratch file or `to` cannot be written.
    pub fn finish(mut self, to: &mut dyn Write) -> io::Result<()> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        self.end_run()?;
        // Runs that have nothing but a header.
        let mut rest: Vec<RunId> = self.runs.keys().cloned().collect();
        rest.sort_unstable();
        for run in rest {
            self.now = Some(run);
            self.end_run()?;
        }
        self.end_limits()?;
        self.end_unreadable()?;
        let mut xml = Writer::new(&mut *to);
        xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let mut root = BytesStart::new("testsuites");
        root.push_attribute(("name", "cutover"));
        self.totals.attributes(&mut root);
        new_line(&mut xml)?;
        xml.write_event(Event::Start(root))?;
        if let Some(done) = self.done {
            copy(done, to)?;
        }
        let mut xml = Writer::new(to);
        new_line(&mut xml)?;
        xml.write_event(Event::End(BytesEnd::new("testsuites")))?;
        new_line(&mut xml)?;
        xml.into_inner().flush()
    }

    fn add(&mut self, record: &ComparisonRecord) -> io::Result<()> {
        if self.now.as_ref() != Some(&record.run) {
            self.end_run()?;
            self.now = Some(record.run.clone());
        }
        let is_new = !self.suites.contains_key(&record.operation);
        let name = if is_new && self.suites.len() >= SUITES {
            Arc::from(OTHERS)
        } else {
            Arc::clone(&record.operation)
        };
        let reading = match self.noise.get(&*record.operation) {
            Some(noise) => noise.read(record),
            None => Reading {
                places: 0,
                result: record.result,
                hidden: 0,
            },
        };
        let written = &mut self.written[usize::from(reading.result != RecordResult::Equal)];
        let has_room = *written < CASES;
        *written += u64::from(has_room);
        let name_of_case = has_room.then(|| self.name_of(record));
        let suite = self.suite(name)?;
        let is_noise = reading.result == RecordResult::Equal && reading.hidden > 0;
        suite.counts.noisy += u64::from(is_noise);
        let Some(name_of_case) = name_of_case else {
            *suite.left_out.entry(reading.result).or_default() += 1;
            return Ok(());
        };
        let time = record.new.measurements.wall.unwrap_or_default();
        let mut case = BytesStart::new("testcase");
        case.push_attribute(("name", name_of_case.as_str()));
        case.push_attribute(("classname", visible(&record.operation).as_str()));
        case.push_attribute(("time", format!("{:.6}", time.as_secs_f64()).as_str()));
        suite.counts.tests += 1;
        suite.counts.time = suite.counts.time.saturating_add(time);
        suite.counts.count(reading.result);
        write_case(
            &mut suite.cases,
            case,
            outcome(record, reading.result),
            &asides(record, reading),
        )
    }

    /// A name that no other case of the run has: where a case was repeated, with the record's id.
    fn name_of(&mut self, record: &ComparisonRecord) -> String {
        let mut name = whereabouts(record.label(), record.unit.as_ref());
        let mut hasher = DefaultHasher::new();
        (&record.operation, &name).hash(&mut hasher);
        if !self.names.insert(hasher.finish()) {
            name = format!("{name} [{}]", record.id);
        }
        name
    }

    fn suite(&mut self, name: Arc<str>) -> io::Result<&mut Suite<S>> {
        if !self.suites.contains_key(&name) {
            let cases = Writer::new(BufWriter::new((self.scratch)()?));
            let counts = Counts::default();
            self.suites.insert(
                Arc::clone(&name),
                Suite {
                    counts,
                    left_out: BTreeMap::new(),
                    cases,
                },
            );
        }
        let suite = self.suites.get_mut(&name);
        suite.ok_or_else(|| io::Error::other("the suite that was made is not there"))
    }

    /// Puts the suites of the run that is done behind those of the runs before.
    fn end_run(&mut self) -> io::Result<()> {
        let Some(id) = self.now.take() else {
            return Ok(());
        };
        let run = self.runs.remove(&id);
        if let Some(run) = &run {
            let made: u64 = self.suites.values().map(Suite::records).sum();
            for why in not_compared(run, made) {
                let known = self.suites.keys().next().cloned();
                let suite = self.suite(known.unwrap_or_else(|| run.name.as_str().into()))?;
                let mut case = BytesStart::new("testcase");
                case.push_attribute(("name", why.as_str()));
                case.push_attribute(("classname", visible(&run.name).as_str()));
                case.push_attribute(("time", "0"));
                suite.counts.tests += 1;
                suite.counts.skipped += 1;
                let outcome = Outcome {
                    element: "skipped",
                    kind: None,
                    message: why,
                    body: String::new(),
                };
                write_case(&mut suite.cases, case, Some(outcome), &[])?;
            }
        }
        self.names = HashSet::new();
        for (name, mut suite) in std::mem::take(&mut self.suites) {
            suite.end(&name)?;
            let properties = properties(&id, run.as_ref(), &suite);
            let started = run.as_ref().map(|run| run.started.to_string());
            self.end_suite(&name, started, properties, suite)?;
        }
        Ok(())
    }

    /// A suite of what cannot be read.
    fn end_unreadable(&mut self) -> io::Result<()> {
        const NAME: &str = "unreadable";
        if self.all_unreadable == 0 {
            return Ok(());
        }
        let mut lines = std::mem::take(&mut self.unreadable);
        let more = self.all_unreadable - lines.len() as u64;
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        let suite = self.suite(NAME.into())?;
        for line in lines {
            let mut case = BytesStart::new("testcase");
            case.push_attribute(("name", line.as_str()));
            case.push_attribute(("classname", NAME));
            case.push_attribute(("time", "0"));
            suite.counts.tests += 1;
            suite.counts.errors += 1;
            let outcome = Outcome {
                element: "error",
                kind: Some(NAME),
                message: "it is stored and cannot be read".to_owned(),
                body: line,
            };
            write_case(&mut suite.cases, case, Some(outcome), &[])?;
        }
        match self.suites.remove(NAME) {
            Some(suite) => self.end_suite(NAME, None, Vec::new(), suite),
            None => Ok(()),
        }
    }

    fn end_suite(
        &mut self,
        name: &str,
        started: Option<String>,
        properties: Vec<(&'static str, String)>,
        suite: Suite<S>,
    ) -> io::Result<()> {
        self.totals.merge(&suite.counts);
        let done = match &mut self.done {
            Some(done) => done,
            none => none.insert(BufWriter::new((self.scratch)()?)),
        };
        let mut element = BytesStart::new("testsuite");
        element.push_attribute(("name", visible(name).as_str()));
        suite.counts.attributes(&mut element);
        element.push_attribute(("skipped", suite.counts.skipped.to_string().as_str()));
        if let Some(started) = started {
            element.push_attribute(("timestamp", started.as_str()));
        }
        let mut xml = Writer::new(&mut *done);
        new_line(&mut xml)?;
        xml.write_event(Event::Start(element.borrow()))?;
        if !properties.is_empty() {
            let list = BytesStart::new("properties");
            new_line(&mut xml)?;
            xml.write_event(Event::Start(list.borrow()))?;
            for (name, value) in properties {
                let mut property = BytesStart::new("property");
                property.push_attribute(("name", name));
                property.push_attribute(("value", value.as_str()));
                xml.write_event(Event::Empty(property))?;
            }
            xml.write_event(Event::End(list.to_end()))?;
        }
        copy(suite.cases.into_inner(), done)?;
        let mut xml = Writer::new(done);
        new_line(&mut xml)?;
        xml.write_event(Event::End(element.to_end()))
    }

    /// Keeps what went wrong for the end.
    fn hold(&mut self, written: io::Result<()>) {
        if let Err(error) = written {
            self.failed = Some(error);
        }
    }
}

impl<S: Read + Write + Seek + Send> Sink for JUnit<S> {
    fn run(&mut self, run: &Run) {
        self.runs.insert(run.id.clone(), run.clone());
    }

    fn record(&mut self, record: &ComparisonRecord) {
        if self.failed.is_none() {
            let written = self.add(record);
            self.hold(written);
        }
    }

    fn unreadable(&mut self, what: String) {
        self.all_unreadable += 1;
        if self.unreadable.len() < UNREADABLE {
            self.unreadable.push(cut(&visible(&what), LINE));
        }
    }
}

/// What a suite says of its run.
fn properties<S: Write>(
    id: &RunId,
    run: Option<&Run>,
    suite: &Suite<S>,
) -> Vec<(&'static str, String)> {
    let mut properties = vec![("run", id.to_string())];
    let left_out: u64 = suite.left_out.values().sum();
    for (name, number) in [
        ("passed_but_for_noise", suite.counts.noisy),
        ("left_out", left_out),
    ] {
        if number > 0 {
            properties.push((name, number.to_string()));
        }
    }
    let Some(run) = run else {
        return properties;
    };
    properties.push(("run.name", visible(&run.name)));
    properties.push(("run.state", run.state.to_string()));
    for (side, implementation) in [("old", &run.old), ("new", &run.new)] {
        properties.push((side, visible(&implementation.description)));
    }
    let lines = suite.left_out.len() as u64;
    let without_record = run.tally.made().saturating_sub(suite.records() - lines);
    properties.push(("without_record", without_record.to_string()));
    properties.push(("sampled_out", run.tally.sampled_out.to_string()));
    properties
}

/// Copies a scratch file from its beginning.
fn copy<S: Read + Write + Seek>(
    from: BufWriter<S>,
    to: &mut (impl Write + ?Sized),
) -> io::Result<()> {
    let mut from = from.into_inner().map_err(io::IntoInnerError::into_error)?;
    from.seek(SeekFrom::Start(0))?;
    io::copy(&mut from, to)?;
    Ok(())
}

/// What a run did not compare, in words: one line for each reason.
fn not_compared(run: &Run, records: u64) -> Vec<String> {
    let mut lines = Vec::new();
    for (reason, times) in &run.tally.dropped {
        let cases = counted(*times, "case", "cases");
        lines.push(format!("{cases} dropped: {}", cut(&visible(reason), LINE)));
    }
    // While a run goes on, its records know more than its header.
    let ahead = records.saturating_sub(run.tally.made());
    let not_run = run.coverage().not_run.saturating_sub(ahead);
    if not_run > 0 {
        lines.push(format!("{} not run", counted(not_run, "case", "cases")));
    }
    lines
}

/// With three decimals: Jenkins allows no more.
fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}
