//! A test case for each limit of performance.

use std::io::{self, Read, Seek, Write};

use cutover_domain::comparison::performance::Answer;
use cutover_domain::comparison::report::ReportedLimit;
use quick_xml::events::BytesStart;

use super::super::figure::{cut, visible};
use super::case::{Outcome, write_case};
use super::{JUnit, LINE};

impl<S: Read + Write + Seek> JUnit<S> {
    /// A suite of the limits.
    pub(super) fn end_limits(&mut self) -> io::Result<()> {
        const NAME: &str = "limits of performance";
        let limits = std::mem::take(&mut self.limits);
        if limits.is_empty() {
            return Ok(());
        }
        let suite = self.suite(NAME.into())?;
        for (number, limit) in limits.iter().enumerate() {
            let ReportedLimit { run, judged } = limit;
            let of_run = run
                .as_ref()
                .map_or_else(String::new, |run| format!(" of run {run}"));
            let mut name = format!("{}{of_run}", visible(&judged.limit));
            // Held against several operations, it has a case for each.
            let is_same = |other: &ReportedLimit| {
                other.run == limit.run && other.judged.limit == judged.limit
            };
            let times = limits[..number]
                .iter()
                .filter(|other| is_same(other))
                .count();
            if times > 0 {
                name = format!("{name} [{}]", times + 1);
            }
            let mut case = BytesStart::new("testcase");
            case.push_attribute(("name", name.as_str()));
            case.push_attribute(("classname", NAME));
            case.push_attribute(("time", "0"));
            suite.counts.tests += 1;
            let said = cut(&visible(&judged.said), LINE);
            let ended = match judged.answer {
                Answer::Pass => None,
                Answer::Fail => Some(("failure", "limit")),
                Answer::Insufficient => Some(("error", "insufficient")),
            };
            suite.counts.failures += u64::from(judged.answer == Answer::Fail);
            suite.counts.errors += u64::from(judged.answer == Answer::Insufficient);
            let asides = if ended.is_none() {
                vec![said.clone()]
            } else {
                Vec::new()
            };
            let outcome = ended.map(|(element, kind)| Outcome {
                element,
                kind: Some(kind),
                message: said,
                body: String::new(),
            });
            write_case(&mut suite.cases, case, outcome, &asides)?;
        }
        match self.suites.remove(NAME) {
            Some(suite) => self.end_suite(NAME, None, Vec::new(), suite),
            None => Ok(()),
        }
    }
}
