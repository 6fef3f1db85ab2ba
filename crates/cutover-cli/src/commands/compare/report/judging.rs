//! A report, and the limits of performance that it is held against.

use std::collections::{BTreeMap, HashMap};

use cutover_app::comparison::Sink;
use cutover_domain::comparison::performance::PerformanceLimit;
use cutover_domain::comparison::report::{Report, ReportBuilder, ReportedLimit};
use cutover_domain::comparison::{ComparisonRecord, Run, RunId};
use jiff::Timestamp;

use crate::commands::compare::summary::performance::{
    LimitVerdict, Measuring, Reasons, judge, limits_of, with_standard,
};
use crate::context::Context;
use crate::output::printable;

/// Adds up what is read. The limits that were asked for hold for all records; without any, each run
/// is held against its own: as it was judged when it ended, else by the records that it has.
pub(super) struct Judging {
    builder: ReportBuilder,
    asked: Vec<PerformanceLimit>,
    reasons: Reasons,
    /// The limits of each run that has some.
    own: Vec<Vec<PerformanceLimit>>,
    /// What became of those of runs that ended.
    judged: Vec<ReportedLimit>,
    /// Runs that did not.
    unjudged: BTreeMap<RunId, (Run, Measuring)>,
}

impl Judging {
    pub(super) fn new(asked: Vec<PerformanceLimit>) -> Self {
        Self {
            builder: ReportBuilder::new(),
            asked,
            reasons: Reasons::default(),
            own: Vec::new(),
            judged: Vec::new(),
            unjudged: BTreeMap::new(),
        }
    }

    pub(super) fn finish(self, context: &Context) -> Report {
        let now: Timestamp = context.now();
        if !self.asked.is_empty() {
            let mut report = self.builder.limits(with_standard(&self.asked)).finish(now);
            let verdicts = judge(&report, &self.asked, &self.reasons);
            report.limits = reported(context, None, &verdicts);
            return report;
        }
        // Figures of several runs stand beside limits that all of them have.
        let common = match &self.own[..] {
            [first, others @ ..] if others.iter().all(|other| other == first) => &first[..],
            _ => &[],
        };
        let mut report = self.builder.limits(with_standard(common)).finish(now);
        report.limits = self.judged;
        for (id, (run, measuring)) in self.unjudged {
            let verdicts = measuring.verdicts(&run);
            report
                .limits
                .extend(reported(context, Some(&id), &verdicts));
        }
        let places = report.runs.iter().enumerate();
        let places: HashMap<&RunId, usize> = places.map(|(at, run)| (&run.id, at)).collect();
        let place = |limit: &ReportedLimit| places.get(limit.run.as_ref()?).copied();
        report.limits.sort_by_key(place);
        report
    }
}

impl Sink for Judging {
    fn run(&mut self, run: &Run) {
        self.builder.run(run);
        let own = limits_of(run);
        if !self.asked.is_empty() || own.is_empty() {
            return;
        }
        match &run.judged {
            Some(judged) => self
                .judged
                .extend(judged.limits.iter().map(|limit| ReportedLimit {
                    run: Some(run.id.clone()),
                    judged: limit.clone(),
                })),
            None => {
                let measuring = Measuring::for_limits(own.clone());
                let unjudged = (run.clone(), measuring);
                self.unjudged.insert(run.id.clone(), unjudged);
            }
        }
        self.own.push(own);
    }

    fn record(&mut self, record: &ComparisonRecord) {
        self.builder.record(record);
        if !self.asked.is_empty() {
            self.reasons.add(record);
        }
        if let Some((_, measuring)) = self.unjudged.get_mut(&record.run) {
            measuring.add(record);
        }
    }

    fn unreadable(&mut self, what: String) {
        self.builder.unreadable(what);
    }
}

/// Verdicts as a report has them. What was not measured at all is told at once.
fn reported(
    context: &Context,
    run: Option<&RunId>,
    verdicts: &[LimitVerdict],
) -> Vec<ReportedLimit> {
    for metric in verdicts.iter().filter_map(LimitVerdict::unmeasured) {
        context.output.warn(format_args!(
            "nothing was measured on both sides of {}, so that its limit is not decided",
            printable(&metric.to_string())
        ));
    }
    let judged = verdicts.iter().map(LimitVerdict::judged);
    let reported = judged.map(|judged| ReportedLimit {
        run: run.cloned(),
        judged,
    });
    reported.collect()
}
