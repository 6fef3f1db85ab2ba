//! `metrics summary`.

use std::io::{self, Write};

use clap::Args;
use comfy_table::Table;
use cutover_app::metrics::ProcessStatus;
use cutover_domain::metrics::MetricsSummary;
use jiff::Timestamp;
use serde::Serialize;

use super::figures::{number, or_dash, seconds};
use super::{Since, look, note_nothing};
use crate::commands::examples;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output::{Page, Report, printable, table};

#[derive(Args, Debug)]
#[command(before_help = examples(&[
    ("cutover metrics summary", "what was counted since the processes started"),
    ("cutover metrics summary --since 1h --format json", ""),
]))]
pub struct SummaryArgs {
    #[command(flatten)]
    since: Since,
}

#[derive(Serialize)]
struct Summary {
    from: Timestamp,
    to: Timestamp,
    processes: Vec<Process>,
    #[serde(flatten)]
    figures: MetricsSummary,
}

#[derive(Serialize)]
struct Process {
    instance: String,
    boot: String,
    state: &'static str,
    started: Timestamp,
    written: Timestamp,
}

impl From<&ProcessStatus> for Process {
    fn from(status: &ProcessStatus) -> Self {
        Self {
            instance: status.process.instance.clone(),
            boot: status.process.boot.clone(),
            state: status.liveness.name(),
            started: status.started,
            written: status.written,
        }
    }
}

impl Report for Summary {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        let tables = [
            self.process_table(),
            self.counter_table(),
            self.gauge_table(),
            self.timer_table(),
        ];
        for (place, table) in tables
            .into_iter()
            .filter(|table| !table.is_empty())
            .enumerate()
        {
            if place > 0 {
                writeln!(page)?;
            }
            page.table(table)?;
        }
        let zeros = self
            .figures
            .counters
            .values()
            .filter(|count| **count == 0)
            .count();
        if zeros > 0 {
            writeln!(page, "\n{zeros} counters are at 0")?;
        }
        Ok(())
    }
}

impl Summary {
    fn process_table(&self) -> Table {
        let mut rows = table(["process", "state", "started", "told last"]);
        for process in &self.processes {
            rows.add_row([
                printable(&process.instance),
                process.state.to_owned(),
                to_the_second(process.started),
                to_the_second(process.written),
            ]);
        }
        rows
    }

    fn counter_table(&self) -> Table {
        let mut rows = table(["counter", "count"]);
        for (name, count) in self
            .figures
            .counters
            .iter()
            .filter(|(_, count)| **count > 0)
        {
            rows.add_row([printable(name), count.to_string()]);
        }
        rows
    }

    fn gauge_table(&self) -> Table {
        let mut rows = table(["gauge", "value"]);
        for (name, value) in &self.figures.gauges {
            rows.add_row([printable(name), number(*value)]);
        }
        rows
    }

    fn timer_table(&self) -> Table {
        let mut rows = table([
            "timer", "count", "mean", "median", "stddev", "min", "max", "p95", "p99",
        ]);
        for (name, timer) in &self.figures.timers {
            let metric = name.split('{').next().unwrap_or_default();
            let show = if metric.ends_with("_ratio") {
                number
            } else {
                seconds
            };
            let figures = [
                timer.mean,
                timer.median,
                timer.stddev,
                timer.min,
                timer.max,
                timer.p95,
                timer.p99,
            ];
            let heads = [printable(name), timer.count.to_string()];
            rows.add_row(
                heads
                    .into_iter()
                    .chain(figures.map(|figure| or_dash(figure, show))),
            );
        }
        rows
    }
}

fn to_the_second(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

pub(super) fn run(context: &Context, args: &SummaryArgs) -> Result<Exit, Failure> {
    let overview = look(context, args.since)?;
    if overview.processes.is_empty() {
        note_nothing(context);
    }
    context.output.show(&Summary {
        from: overview.snapshot.from,
        to: overview.snapshot.to,
        processes: overview.processes.iter().map(Process::from).collect(),
        figures: overview.snapshot.summarize(),
    })?;
    Ok(Exit::Done)
}
