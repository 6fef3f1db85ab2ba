//! Figures as people read them.

use cutover_domain::comparison::noise::{Noise, NoiseClass};
use cutover_domain::comparison::performance::Metric;
use cutover_domain::comparison::report::{
    Cluster, MeanDelta, OperationReport, Pass, Report, Spread, Totals, Verdict, brief_path,
    shorten_apart,
};
use cutover_domain::comparison::{Coverage, Difference, RecordedUnit, percent_change};
use cutover_domain::tree::Tree;

/// `12,345`.
pub(super) fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 record`, `2 records`.
pub(super) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// A share as per cent that never claims more than is so: `100 %` and `0 %` are exact, whatever
/// lies between them shows as that.
pub(super) fn share(share: f64) -> String {
    let percent = share * 100.0;
    if share <= 0.0 || share >= 1.0 {
        return format!("{percent:.0} %");
    }
    let text = format!("{percent:.2}");
    match text.as_str() {
        "100.00" => "> 99.99 %".to_owned(),
        "0.00" => "< 0.01 %".to_owned(),
        _ => format!("{text} %"),
    }
}

/// A change in per cent with its sign: `+3.2 %`, `−98.3 %`.
pub(super) fn change(percent: f64) -> String {
    let size = percent.abs();
    let digits = match size {
        size if size < 0.05 => return "±0 %".to_owned(),
        size if size < 1000.0 => format!("{size:.1}"),
        size => count(size as u64),
    };
    format!("{}{digits} %", if percent < 0.0 { '−' } else { '+' })
}

/// A ratio with three digits: `0.612`, `1.04`, `12.5`.
pub(super) fn ratio(ratio: f64) -> String {
    match ratio {
        ratio if ratio < 0.001 => "< 0.001".to_owned(),
        ratio if ratio < 0.9995 => format!("{ratio:.3}"),
        ratio if ratio < 9.995 => format!("{ratio:.2}"),
        ratio if ratio < 99.95 => format!("{ratio:.1}"),
        ratio => count(ratio as u64),
    }
}

/// Nanoseconds with three significant digits and a unit.
pub(super) fn time(nanoseconds: f64) -> String {
    let units = [
        (1.0, "ns"),
        (1e3, "µs"),
        (1e6, "ms"),
        (1e9, "s"),
        (60e9, "min"),
        (3600e9, "h"),
    ];
    scaled(nanoseconds, &units)
}

/// Bytes with three significant digits and a unit.
pub(super) fn bytes(bytes: f64) -> String {
    let names = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut size = 1.0 / 1024.0;
    let units = names.map(|name| {
        size *= 1024.0;
        (size, name)
    });
    scaled(bytes, &units)
}

fn scaled(value: f64, units: &[(f64, &str)]) -> String {
    // What would be rounded up to the next unit belongs to it.
    let unit = units.iter().rev().find(|(size, _)| value >= size * 0.9995);
    let (size, name) = unit.or(units.first()).copied().unwrap_or((1.0, ""));
    let value = value / size;
    let whole = value.fract() == 0.0 && size <= 1.0;
    let digits = match value {
        _ if whole => 0,
        value if value < 9.995 => 2,
        value if value < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.digits$} {name}")
}

/// Something that was measured on a side or both.
pub(super) struct Measured<'a> {
    pub(super) name: &'static str,
    pub(super) old: Option<&'a Spread>,
    pub(super) new: Option<&'a Spread>,
    pub(super) mean: Option<MeanDelta>,
    pub(super) unit: fn(f64) -> String,
}

/// What the report has figures of.
pub(super) fn measured(report: &Report) -> Vec<Measured<'_>> {
    let (old, new, mean) = (&report.old, &report.new, &report.change);
    let all = [
        Measured {
            name: "Time",
            old: old.wall_ns.as_ref(),
            new: new.wall_ns.as_ref(),
            mean: mean.wall,
            unit: time,
        },
        Measured {
            name: "Processor time",
            old: old.cpu_ns.as_ref(),
            new: new.cpu_ns.as_ref(),
            mean: mean.cpu,
            unit: time,
        },
        Measured {
            name: "Peak memory",
            old: old.peak_memory_bytes.as_ref(),
            new: new.peak_memory_bytes.as_ref(),
            mean: mean.peak_memory,
            unit: bytes,
        },
    ];
    all.into_iter()
        .filter(|measured| measured.old.is_some() || measured.new.is_some())
        .collect()
}

impl Measured<'_> {
    /// From which mean to which, and the change in per cent.
    pub(super) fn of_means(&self) -> Option<(String, Option<f64>)> {
        let (old, new) = (self.old?, self.new?);
        let text = format!("{} → {}", (self.unit)(old.mean), (self.unit)(new.mean));
        Some((text, percent_change(old.mean, new.mean)))
    }
}

/// A figure of a spread.
pub(super) type Figure = fn(&Spread) -> f64;

/// The figures that are shown.
pub(super) const FIGURES: [(&str, Figure); 5] = [
    ("mean", |spread| spread.mean),
    ("median", |spread| spread.median),
    ("p95", |spread| spread.p95),
    ("p99", |spread| spread.p99),
    ("max", |spread| spread.max as f64),
];

/// The change between two spreads at one of their figures.
pub(super) fn spread_change(
    old: Option<&Spread>,
    new: Option<&Spread>,
    figure: Figure,
) -> Option<f64> {
    percent_change(figure(old?), figure(new?))
}

/// The text as the beginning of a sentence.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// What a metric is called.
pub(super) fn metric(metric: &Metric) -> String {
    match metric {
        Metric::Wall => "time".to_owned(),
        Metric::Cpu => "processor time".to_owned(),
        Metric::PeakMemory => "peak memory".to_owned(),
        Metric::Allocated => "memory asked for".to_owned(),
        Metric::Counter(name) => visible(name),
    }
}

/// How the comparisons ended and the share proven equal: but for noise, where that is known.
pub(super) fn settled(report: &Report) -> (Totals, Pass) {
    match report.noise {
        Some(noise) => (noise.totals, noise.pass),
        None => (report.totals, report.pass),
    }
}

/// How the comparisons of an operation ended, but for noise.
pub(super) fn settled_in(operation: &OperationReport) -> Totals {
    let mut totals = operation.totals;
    let by_noise = std::mem::take(&mut totals.by_noise);
    totals.equal += by_noise;
    totals.different -= by_noise;
    if let Some(noise) = &operation.noise {
        let inexact = noise.inexact.min(totals.different);
        totals.inexact += inexact;
        totals.different -= inexact;
    }
    totals
}

/// The clusters of an operation with their places, those that are noise behind the others; and how
/// many are not noise.
pub(super) fn by_noise(operation: &OperationReport) -> (Vec<(usize, &Cluster)>, usize) {
    let is_noise = |(_, cluster): &(usize, &Cluster)| cluster.noise == Some(NoiseClass::Noise);
    let (noise, mut clusters): (Vec<_>, Vec<_>) =
        operation.clusters.iter().enumerate().partition(is_noise);
    let real = clusters.len();
    clusters.extend(noise);
    (clusters, real)
}

/// How grave a cluster is, in one word; noise is not.
pub(super) fn graveness(cluster: &Cluster) -> &'static str {
    match cluster.noise {
        Some(NoiseClass::Noise) => "noise",
        _ => cluster.severity.word(),
    }
}

/// ` (noise counts as equal)` where there is noise that does not.
pub(super) fn but_for_noise(report: &Report) -> &'static str {
    match report.noise {
        Some(_) if report.totals.by_noise > 0 => " (noise counts as equal)",
        _ => "",
    }
}

/// The verdict in words: what is so, of how many.
pub(super) fn conclusion(report: &Report) -> String {
    let (totals, _) = settled(report);
    let all = counted(totals.comparisons, "comparison", "comparisons");
    let by_noise = report.totals.by_noise;
    let mut parts = Vec::new();
    if totals.failed > 0 {
        parts.push(format!("{} could not be compared", count(totals.failed)));
    }
    if totals.inexact > 0 {
        parts.push(format!("{} not compared to the end", count(totals.inexact)));
    }
    match report.verdict {
        Verdict::Equal => {
            let (all, are) = match totals.comparisons {
                1 => ("the comparison".to_owned(), "is"),
                _ => (format!("all {all}"), "are"),
            };
            return match by_noise {
                0 => format!("{all} {are} proven equal"),
                some if some == totals.comparisons => {
                    format!("{all} {are} equal except for noise{}", places(report))
                }
                some => format!(
                    "{all} are equal, {} of them except for noise{}",
                    count(some),
                    places(report)
                ),
            };
        }
        Verdict::Different => {
            let differ = if totals.different == 1 {
                "differs"
            } else {
                "differ"
            };
            parts.insert(0, format!("{} of {all} {differ}", count(totals.different)));
            if by_noise > 0 {
                parts.push(format!("{} different by noise alone", count(by_noise)));
            }
        }
        Verdict::Unproven if totals.comparisons == 0 => return "nothing was compared".into(),
        Verdict::Unproven => {
            let not_compared = not_compared(report);
            parts.insert(
                0,
                "no difference is known, yet not all is proven equal".into(),
            );
            parts.extend(not_compared);
            if !report.unreadable.is_empty() {
                let unreadable = report.unreadable.len() as u64 + report.unreadable_left_out;
                parts.push(format!(
                    "{} cannot be read",
                    counted(unreadable, "record", "records")
                ));
            }
        }
    }
    parts.join(", ")
}

/// ` at 2 places`, where it is known where noise is.
fn places(report: &Report) -> String {
    let noises = report.operations.iter().filter_map(|of| of.noise.as_ref());
    let paths = noises.flat_map(|noise| &noise.paths);
    match paths.filter(|path| path.hidden_records > 0).count() as u64 {
        0 => String::new(),
        places => format!(" at {}", counted(places, "place", "places")),
    }
}

/// Where an example is from: the case, and whose call it was where that is known.
pub(super) fn whereabouts(label: &str, unit: Option<&RecordedUnit>) -> String {
    match unit {
        None => visible(label),
        Some(RecordedUnit::Raw(unit)) => format!("{}, unit {}", visible(label), visible(unit)),
        Some(RecordedUnit::Pseudonym(unit)) => {
            // Enough of it to tell units apart.
            let unit: String = unit.chars().take(8).collect();
            format!("{}, unit {}… (pseudonym)", visible(label), visible(&unit))
        }
    }
}

/// A path as people read it: of a long one the middle is left out.
pub(super) fn place(path: &str) -> String {
    visible(&brief_path(path))
}

/// A value on one line, at most so many characters of it.
pub(super) fn value(value: Option<&Tree>, limit: usize) -> Option<String> {
    Some(cut(&visible(&value?.to_json()), limit))
}

/// Both values of a difference on one line each, at most so many characters of them: those around the
/// place where they part.
pub(super) fn values(difference: &Difference, limit: usize) -> [Option<String>; 2] {
    let [old, new] = [&difference.old, &difference.new];
    let line = |tree: &Tree| visible(&tree.to_json());
    match (old, new) {
        (Some(old), Some(new)) => shorten_apart(&line(old), &line(new), limit).map(Some),
        _ => [old, new].map(|side| value(side.as_ref(), limit)),
    }
}

/// The first characters of a text.
pub(super) fn cut(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What noise could not be looked for in, in sentences: there nothing is hidden.
pub(super) fn not_learned(report: &Report) -> Vec<String> {
    let noises = || report.operations.iter().filter_map(|of| of.noise.as_ref());
    let sum = |part: fn(&Noise) -> u64| noises().map(part).fold(0, u64::saturating_add);
    let mut lines = Vec::new();
    for (number, one, many, why) in [
        (
            sum(|noise| noise.incomplete),
            "record has",
            "records have",
            "more differences than are known by place, or longer paths",
        ),
        (
            sum(|noise| noise.unread),
            "record differs",
            "records differ",
            "at combinations of places past the number that is kept",
        ),
        (
            sum(|noise| noise.unlearned),
            "difference is",
            "differences are",
            "at places past the number that is learned about",
        ),
    ] {
        if number > 0 {
            lines.push(format!(
                "{} {why}: nothing of it is taken for noise.",
                counted(number, one, many)
            ));
        }
    }
    lines
}

/// What was not compared, in words: `2 dropped (timeout 2)`, `14 sampled out`.
pub(super) fn not_compared(report: &Report) -> Vec<String> {
    let coverage = &report.coverage;
    let mut parts = Vec::new();
    let dropped = dropped(report);
    if dropped > 0 {
        let reasons: Vec<String> = coverage
            .dropped
            .iter()
            .map(|(reason, part)| format!("{} {}", visible(reason), count(*part)))
            .collect();
        parts.push(format!(
            "{} dropped ({})",
            count(dropped),
            reasons.join(", ")
        ));
    }
    if coverage.sampled_out > 0 {
        parts.push(format!("{} sampled out", count(coverage.sampled_out)));
    }
    if coverage.not_run > 0 {
        parts.push(format!("{} not run", count(coverage.not_run)));
    }
    if report.cut_short > 0 {
        parts.push(format!(
            "{} of the different ones not compared to the end",
            count(report.cut_short)
        ));
    }
    parts
}

/// How many were dropped, for whatever reason.
pub(super) fn dropped(report: &Report) -> u64 {
    let reasons = report.coverage.dropped.values();
    reasons.fold(0, |sum, part| sum.saturating_add(*part))
}

/// Everything there was to compare.
pub(super) fn population(report: &Report) -> u64 {
    let coverage = &report.coverage;
    Coverage {
        made: coverage.made,
        dropped: coverage.dropped.clone(),
        sampled_out: coverage.sampled_out,
        not_run: coverage.not_run,
    }
    .population()
}

/// The text with everything that is not to be seen made visible: control characters would move a
/// terminal's cursor, and marks of direction would show a path that is another one.
pub(super) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hidden(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// What no reader sees, or XML does not allow.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use cutover_domain::comparison::Rules;

    use super::*;

    #[test]
    fn of_long_values_what_parts_is_seen() {
        let [old, new] = ["1", "2"].map(|digit| Tree::string("x".repeat(900) + digit));
        let found = Rules::new().build().unwrap().compare(&old, &new);
        let [old, new] = values(&found.differences[0], 40);
        assert_eq!(old, Some(format!("…{}1\"", "x".repeat(13))));
        assert_eq!(new, Some(format!("…{}2\"", "x".repeat(13))));
    }

    #[test]
    fn figures_read_well_at_every_size() {
        for (nanoseconds, text) in [
            (0.0, "0 ns"),
            (7.0, "7 ns"),
            (999.0, "999 ns"),
            (999.9, "1.00 µs"),
            (1500.0, "1.50 µs"),
            (12_345_678.0, "12.3 ms"),
            (999_600_000.0, "1.00 s"),
            (90e9, "1.50 min"),
            (7200e9, "2.00 h"),
        ] {
            assert_eq!(time(nanoseconds), text);
        }
        for (value, text) in [
            (0.0, "< 0.001"),
            (0.6123, "0.612"),
            (0.9999, "1.00"),
            (1.0, "1.00"),
            (12.34, "12.3"),
            (12345.6, "12,345"),
        ] {
            assert_eq!(ratio(value), text);
        }
        assert_eq!(bytes(512.0), "512 B");
        assert_eq!(bytes(1024.0 * 1023.9), "1.00 MiB");
        assert_eq!(bytes(u64::MAX as f64), "16.0 EiB");
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(count(number), text);
        }
        for (percent, text) in [
            (0.0, "±0 %"),
            (-0.04, "±0 %"),
            (3.21, "+3.2 %"),
            (-98.29, "−98.3 %"),
            (123_456.0, "+123,456 %"),
        ] {
            assert_eq!(change(percent), text);
        }
    }

    #[test]
    fn a_share_is_never_rounded_to_certainty() {
        for (value, text) in [
            (0.0, "0 %"),
            (1.0, "100 %"),
            (0.975, "97.50 %"),
            (0.999_999, "> 99.99 %"),
            (0.000_001, "< 0.01 %"),
        ] {
            assert_eq!(share(value), text);
        }
    }

    #[test]
    fn what_hides_is_shown() {
        assert_eq!(
            visible("a\u{1b}[2J\u{202e}b\né"),
            "a\\u{1b}[2J\\u{202e}b\\né"
        );
    }
}
