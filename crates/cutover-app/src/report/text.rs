//! The report as text.

use std::fmt::Write;

use cutover_domain::comparison::report::{Cluster, OperationReport, Report};

use super::figure::{
    FIGURES, Measured, but_for_noise, by_noise, change, conclusion, count, counted, cut, graveness,
    measured, not_compared, not_learned, place, population, settled, settled_in, share,
    spread_change, time, values, visible, whereabouts,
};
use super::limit::{kept, limits, of_records, reach};

/// So many clusters of an operation are shown.
const CLUSTERS: usize = 20;

/// So many runs are listed.
const RUNS: usize = 20;

/// So much of a value is shown.
const VALUE: usize = 40;

const NOTHING: &str = "–";

pub(super) fn render(report: &Report, width: Option<u16>) -> String {
    let mut out = Text {
        text: String::new(),
        width: width.map(usize::from),
    };
    head(&mut out, report);
    outcome(&mut out, report);
    for operation in &report.operations {
        mismatches(&mut out, operation);
    }
    noise(&mut out, report);
    performance(&mut out, report);
    usage(&mut out, report);
    outcomes_of_sides(&mut out, report);
    hidden(&mut out, report);
    slowest(&mut out, report);
    runs(&mut out, report);
    unreadable(&mut out, report);
    out.text
}

struct Text {
    text: String,
    width: Option<usize>,
}

impl Text {
    fn line(&mut self, line: impl AsRef<str>) {
        self.text.push_str(line.as_ref().trim_end());
        self.text.push('\n');
    }

    fn section(&mut self, title: &str) {
        self.text.push('\n');
        self.line(title);
    }

    /// Rows with every column as wide as its widest cell; columns in `right` end together.
    fn table(&mut self, right: &[usize], rows: &[Vec<String>]) {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in rows {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                let gap = " ".repeat(widths[column] - cell.chars().count());
                let (before, after) = if right.contains(&column) {
                    (gap.as_str(), "")
                } else {
                    ("", gap.as_str())
                };
                // Writing to a string does not fail.
                let _ = write!(line, "  {before}{cell}{after}");
            }
            let line = line.trim_end();
            match self.width {
                Some(width) if line.chars().count() > width => {
                    self.line(cut(line, width.saturating_sub(1)));
                }
                _ => self.line(line),
            }
        }
    }
}

fn head(out: &mut Text, report: &Report) {
    out.line(format!("Comparison report of {}", report.generated));
    for run in report.runs.iter().take(5) {
        let end = match run.finished {
            Some(finished) => format!("to {finished}"),
            None => format!("last heard of {}", run.updated),
        };
        out.line(format!(
            "run {} ({}), {}{}: {} {end}",
            visible(&run.name),
            run.id,
            run.state,
            if run.silent { "?" } else { "" },
            run.started
        ));
    }
    if report.runs.len() > 5 {
        out.line(format!(
            "and {}",
            counted(report.runs.len() as u64 - 5, "more run", "more runs")
        ));
    }
    if let Some(run) = report.runs.first() {
        for (side, implementation) in [("old", &run.old), ("new", &run.new)] {
            let version = implementation.version.as_deref().unwrap_or_default();
            let line = format!("{side}  {} {version}", visible(&implementation.description));
            if line.trim().len() > side.len() {
                out.line(line);
            }
        }
    }
}

fn outcome(out: &mut Text, report: &Report) {
    let (totals, pass) = settled(report);
    out.section("Result");
    let pass = match (pass.share, pass.interval) {
        (Some(pass), Some(interval)) => format!(
            "{}   95 % interval {} to {}, for a single look{}",
            share(pass),
            share(interval.low),
            share(interval.high),
            but_for_noise(report)
        ),
        _ => "nothing was compared".to_owned(),
    };
    let mut covered = match report.coverage.share {
        Some(covered) => format!(
            "{}   {} made of {}",
            share(covered),
            count(report.coverage.made),
            count(population(report))
        ),
        None => NOTHING.to_owned(),
    };
    for part in not_compared(report) {
        covered = format!("{covered}, {part}");
    }
    let mut rows = vec![
        vec![
            "verdict".to_owned(),
            format!("{}: {}", report.verdict, conclusion(report)),
        ],
        vec!["pass share".to_owned(), pass],
        vec!["coverage".to_owned(), covered],
        vec![
            "comparisons".to_owned(),
            format!(
                "{} equal, {} different{}, {} inexact, {} failed",
                count(totals.equal.saturating_sub(report.totals.by_noise)),
                count(totals.different),
                match report.totals.by_noise {
                    0 => String::new(),
                    some => format!(", {} different by noise alone", count(some)),
                },
                count(totals.inexact),
                count(totals.failed),
            ),
        ],
    ];
    if report.coverage.without_record > 0 {
        let text = format!(
            "{} counted only: examples, times and memory are those of the other {}",
            count(report.coverage.without_record),
            count(report.coverage.made - report.coverage.without_record)
        );
        rows.push(vec!["no record".to_owned(), text]);
    }
    out.table(&[], &rows);
}

fn mismatches(out: &mut Text, operation: &OperationReport) {
    let totals = settled_in(operation);
    if totals.comparisons == totals.equal && operation.clusters.is_empty() {
        return;
    }
    out.section(&format!(
        "{}: {} of {} not proven equal",
        visible(&operation.operation),
        count(totals.comparisons - totals.equal),
        count(totals.comparisons)
    ));
    let mut rows = Vec::new();
    if !operation.clusters.is_empty() {
        let titles = ["records", "kind", "severity", "path", "smallest example"];
        rows.push(titles.map(str::to_owned).to_vec());
    }
    let clusters = by_noise(operation).0.into_iter();
    rows.extend(clusters.take(CLUSTERS).map(|(_, cluster)| {
        vec![
            count(cluster.records),
            cluster.kind.word().to_owned(),
            graveness(cluster).to_owned(),
            path(cluster),
            example(cluster),
        ]
    }));
    out.table(&[0], &rows);
    let more = operation.clusters.len().saturating_sub(CLUSTERS);
    if more > 0 {
        let paths = counted(more as u64, "more path", "more paths");
        out.line(format!("  and {paths}: the JSON report has them all"));
    }
    if operation.unclustered > 0 {
        let differences = counted(operation.unclustered, "difference", "differences");
        out.line(format!(
            "  and {differences} more, too many to keep with their records or to list"
        ));
    }
    for (reason, times) in &operation.failures {
        out.line(format!(
            "  comparing failed {}: {}",
            counted(*times, "time", "times"),
            visible(reason)
        ));
    }
}

fn path(cluster: &Cluster) -> String {
    match cluster.paths {
        0 | 1 => place(&cluster.path),
        paths => format!("{} ({} paths)", place(&cluster.path), count(paths)),
    }
}

fn example(cluster: &Cluster) -> String {
    let example = &cluster.example;
    let values = values(&example.difference, VALUE);
    let [old, new] = values.map(|value| value.unwrap_or_else(|| NOTHING.to_owned()));
    format!(
        "{old} → {new}   in {}",
        whereabouts(&example.label, example.unit.as_ref())
    )
}

fn noise(out: &mut Text, report: &Report) {
    let Some(noise) = &report.noise else { return };
    out.section("Noise");
    out.line(format!(
        "  old was compared with itself {}; noise hides {} in {}",
        counted(noise.self_pairs, "time", "times"),
        counted(noise.hidden_differences, "difference", "differences"),
        counted(noise.hidden_records, "record", "records"),
    ));
    for line in not_learned(report) {
        out.line(format!("  {line}"));
    }
    let of_operations = report.operations.iter();
    let paths = of_operations.filter_map(|operation| operation.noise.as_ref());
    let rows = paths
        .flat_map(|noise| &noise.paths)
        .take(CLUSTERS)
        .map(|path| {
            vec![
                count(path.hidden_differences),
                path.class.to_string(),
                path.kind.word().to_owned(),
                place(&path.path),
                visible(&path.why),
            ]
        });
    let mut rows: Vec<Vec<String>> = rows.collect();
    if !rows.is_empty() {
        let titles = ["hides", "it is", "kind", "path", "why"];
        rows.insert(0, titles.map(str::to_owned).to_vec());
        out.table(&[0], &rows);
    }
}

fn performance(out: &mut Text, report: &Report) {
    let titles = [
        "metric",
        "of the",
        "new ÷ old",
        "at most",
        "answer",
        "95 % interval",
        "pairs",
        "operation",
    ];
    let mut rows = vec![titles.map(str::to_owned).to_vec()];
    for operation in &report.operations {
        for metric in &operation.performance {
            rows.extend(metric.verdicts.iter().map(|verdict| {
                let shown = |ratio: f64| format!("{}×", super::figure::ratio(ratio));
                vec![
                    super::figure::metric(&metric.metric),
                    verdict.statistic.word().to_owned(),
                    verdict.ratio.map_or_else(|| NOTHING.to_owned(), shown),
                    shown(verdict.at_most),
                    kept(verdict).to_owned(),
                    reach(verdict),
                    count(verdict.pairs),
                    visible(&operation.operation),
                ]
            }));
        }
    }
    let (limits, more) = limits(report);
    if !limits.is_empty() {
        out.section("Limits");
        let rows: Vec<_> = limits.into_iter().map(|row| row.to_vec()).collect();
        out.table(&[], &rows);
        if more > 0 {
            out.line(format!("  and {} more", count(more)));
        }
    }
    if rows.len() > 1 {
        out.section("Performance");
        if let Some(of) = of_records(report) {
            out.line(format!("  {of}"));
        }
        rows.truncate(2 * CLUSTERS);
        out.table(&[2, 3, 6], &rows);
    }
}

fn usage(out: &mut Text, report: &Report) {
    let measured = measured(report);
    let mut rows = Vec::new();
    for Measured {
        name,
        old,
        new,
        unit,
        ..
    } in &measured
    {
        for (side, spread) in [("old", old), ("new", new)] {
            if let Some(spread) = spread {
                let mut row = vec![(*name).to_owned(), side.to_owned()];
                row.extend(FIGURES.map(|(_, figure)| unit(figure(spread))));
                rows.push(row);
            }
        }
        if old.is_some() && new.is_some() {
            let mut row = vec![(*name).to_owned(), "change".to_owned()];
            row.extend(FIGURES.map(|(_, figure)| {
                spread_change(*old, *new, figure).map_or_else(|| NOTHING.to_owned(), change)
            }));
            rows.push(row);
        }
    }
    if rows.is_empty() && report.change.counters.is_empty() {
        return;
    }
    out.section("Time and memory");
    if !rows.is_empty() {
        let mut titles = vec![String::new(), String::new()];
        titles.extend(FIGURES.map(|(name, _)| name.to_owned()));
        rows.insert(0, titles);
        out.table(&[2, 3, 4, 5, 6], &rows);
    }
    for Measured { name, mean, .. } in &measured {
        if let Some(mean) = mean {
            let records = counted(mean.records, "record", "records");
            let change = change(mean.mean_percent);
            out.line(format!(
                "  {name}, record by record: {change} on average, {records}"
            ));
        }
    }
    if let Some(ratios) = &report.wall_ratios {
        let [least, quarter, median, three, most] =
            [0.0, 0.25, 0.5, 0.75, 1.0].map(|share| at(&ratios.points, share));
        out.line(format!(
            "  Time of new ÷ old: {least} to {most}, half of them {quarter} to {three}, median \
             {median}; {} faster, {} slower",
            count(ratios.faster),
            count(ratios.slower)
        ));
    }
    for (name, counter) in &report.change.counters {
        let percent = counter.percent.map_or_else(|| NOTHING.to_owned(), change);
        let (old, new) = (count(counter.old), count(counter.new));
        out.line(format!("  {}: {old} → {new}, {percent}", visible(name)));
    }
}

/// The ratio at a share of the ranks.
fn at(points: &[f64], share: f64) -> String {
    let last = points.len().saturating_sub(1);
    let point = points.get((last as f64 * share).round() as usize);
    point.map_or_else(
        || NOTHING.to_owned(),
        |ratio| format!("{}×", super::figure::ratio(*ratio)),
    )
}

fn outcomes_of_sides(out: &mut Text, report: &Report) {
    let mut rows = Vec::new();
    for (side, of_side) in [("old", &report.old), ("new", &report.new)] {
        for (outcome, times) in &of_side.outcomes {
            rows.push(vec![side.to_owned(), count(*times), visible(outcome)]);
        }
    }
    if !rows.is_empty() {
        out.section("Outcomes");
        out.table(&[1], &rows);
    }
}

fn hidden(out: &mut Text, report: &Report) {
    if report.hidden.is_empty() {
        return;
    }
    out.section("Hidden by rules");
    let rows: Vec<Vec<String>> = report
        .hidden
        .iter()
        .map(|hidden| {
            vec![
                counted(hidden.places, "place", "places"),
                format!("in {}", counted(hidden.records, "record", "records")),
                visible(&hidden.rule),
            ]
        })
        .collect();
    out.table(&[0], &rows);
}

fn slowest(out: &mut Text, report: &Report) {
    if report.slowest.is_empty() {
        return;
    }
    out.section("Slowest");
    let shown = |nanoseconds: Option<u64>| {
        nanoseconds.map_or_else(|| NOTHING.to_owned(), |value| time(value as f64))
    };
    let mut rows = vec![["old", "new", "change", "case"].map(str::to_owned).to_vec()];
    rows.extend(report.slowest.iter().map(|slow| {
        vec![
            shown(slow.old_ns),
            shown(slow.new_ns),
            slow.wall_percent.map_or_else(|| NOTHING.to_owned(), change),
            whereabouts(&slow.label, slow.unit.as_ref()),
        ]
    }));
    out.table(&[0, 1, 2], &rows);
}

fn runs(out: &mut Text, report: &Report) {
    if report.runs.len() < 2 {
        return;
    }
    out.section("Runs");
    let titles = [
        "started",
        "compared",
        "not proven equal",
        "pass share",
        "state",
        "run",
    ];
    let mut rows = vec![titles.map(str::to_owned).to_vec()];
    rows.extend(report.runs.iter().take(RUNS).map(|run| {
        let totals = &run.totals;
        vec![
            format!("{:.0}", run.started),
            count(totals.comparisons),
            count(totals.comparisons - totals.equal - totals.by_noise),
            totals
                .pass()
                .share
                .map_or_else(|| NOTHING.to_owned(), share),
            format!("{}{}", run.state, if run.silent { "?" } else { "" }),
            format!("{} ({})", visible(&run.name), run.id),
        ]
    }));
    out.table(&[1, 2, 3], &rows);
    let more = report.runs.len().saturating_sub(RUNS);
    if more > 0 {
        out.line(format!(
            "  and {}",
            counted(more as u64, "more run", "more runs")
        ));
    }
}

fn unreadable(out: &mut Text, report: &Report) {
    if report.unreadable.is_empty() {
        return;
    }
    out.section("Could not be read");
    for what in report.unreadable.iter().take(20) {
        out.line(format!("  {}", visible(what)));
    }
    let unlisted = report.unreadable.len().saturating_sub(20) as u64;
    let more = unlisted + report.unreadable_left_out;
    if more > 0 {
        out.line(format!("  and {more} more"));
    }
}
