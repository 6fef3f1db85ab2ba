//! The report as Markdown, for a comment on a pull request.
//!
//! What the records hold is only ever inside code spans and code blocks: there, nobody is
//! mentioned, nothing is a link and no tag is one.

use cutover_domain::comparison::Difference;
use cutover_domain::comparison::report::{Cluster, OperationReport, Report, brief_path};

use super::figure::{
    FIGURES, by_noise, change, conclusion, count, counted, graveness, measured, not_compared,
    not_learned, population, ratio, sentence, settled, settled_in, share, spread_change, time,
    value, values, visible, whereabouts,
};
use super::limit::{kept, limits, of_records, reach};

/// The longest comment that GitHub takes has 65,536 characters; some are left for a greeting.
const MOST: usize = 64_000;

/// So many clusters are rows of the table of an operation.
const ROWS: usize = 20;

/// So many of them are shown with both values.
const EXAMPLES: usize = 10;

/// So many characters of a value are in a table, and in a block of its own.
const SHORT: usize = 40;
const LONG: usize = 600;

pub(super) fn render(report: &Report) -> String {
    let mut page = Page::default();
    page.block(head(report));
    for operation in &report.operations {
        mismatches(&mut page, operation);
    }
    for (title, body) in [
        ("Noise", noise(report)),
        ("Performance", performance(report)),
        ("Time and memory", usage(report)),
        ("Hidden by rules", hidden(report)),
        ("Slowest", slowest(report)),
        ("Runs", runs(report)),
        ("Could not be read", unreadable(report)),
    ] {
        if let Some(Folded { summary, body }) = body {
            page.block(folded(&format!("{title}: {summary}"), &body));
        }
    }
    page.finish()
}

/// Blocks with an empty line between them, as many as fit.
#[derive(Default)]
struct Page {
    text: String,
    left_out: u64,
}

impl Page {
    fn block(&mut self, block: String) {
        if self.text.chars().count() + block.chars().count() > MOST {
            self.left_out += 1;
            return;
        }
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(block.trim_end());
        self.text.push('\n');
    }

    fn finish(mut self) -> String {
        if self.left_out > 0 {
            let parts = counted(self.left_out, "part", "parts");
            self.text.push_str(&format!(
                "\n{parts} left out to keep this short: the JSON report has all.\n"
            ));
        }
        self.text
    }
}

/// Something to be opened.
struct Folded {
    summary: String,
    body: String,
}

fn folded(summary: &str, body: &str) -> String {
    format!(
        "<details>\n<summary>{summary}</summary>\n\n{}\n\n</details>",
        body.trim_end()
    )
}

/// The text as a code span.
fn code(text: &str) -> String {
    span(&visible(text))
}

/// The text as a code span in a table, where a bar would end the cell: it is escaped. After a
/// backslash readers of tables do not agree on what that means, so there it is spelled.
fn cell(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in visible(text).chars() {
        match character {
            '|' if shown.ends_with('\\') => shown.push_str("\\u{7c}"),
            '|' => shown.push_str("\\|"),
            other => shown.push(other),
        }
    }
    span(&shown)
}

fn span(shown: &str) -> String {
    let fence = "`".repeat(longest_run(shown) + 1);
    // A space at both ends is taken away again, and a backtick must not join the fence.
    let needs_room = |end: Option<char>| end.is_none_or(|end| end == '`' || end == ' ');
    let room = if needs_room(shown.chars().next()) || needs_room(shown.chars().last()) {
        " "
    } else {
        ""
    };
    format!("{fence}{room}{shown}{room}{fence}")
}

/// The longest run of backticks.
fn longest_run(text: &str) -> usize {
    let runs = text.split(|character| character != '`');
    runs.map(str::len).max().unwrap_or(0)
}

/// The text where Markdown is not read, inside a tag.
fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in visible(text).chars() {
        match character {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            other => shown.push(other),
        }
    }
    shown
}

/// A table. Cells are Markdown; columns in `right` end together.
fn table(heads: &[&str], right: &[usize], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: &mut dyn Iterator<Item = String>| {
        cells.fold("|".to_owned(), |line, cell| format!("{line} {cell} |")) + "\n"
    };
    let mut table = line(&mut heads.iter().map(|head| (*head).to_owned()));
    table += &line(&mut (0..heads.len()).map(|column| {
        if right.contains(&column) {
            "---:"
        } else {
            "---"
        }
        .to_owned()
    }));
    for row in rows {
        table += &line(&mut row.into_iter());
    }
    table
}

fn head(report: &Report) -> String {
    let mut names: Vec<&str> = report.runs.iter().map(|run| run.name.as_str()).collect();
    names.dedup();
    let title = match (&names[..], &report.operations[..]) {
        ([name], _) => code(name),
        (_, [operation]) => code(&operation.operation),
        _ => "Comparison".to_owned(),
    };
    let mut head = format!(
        "## {title}: {}\n\n**{}.**",
        report.verdict,
        sentence(&conclusion(report))
    );
    let (totals, pass) = settled(report);
    if let (Some(pass), Some(interval)) = (pass.share, pass.interval) {
        head += &format!(
            " {} proven equal{} (95 % interval {} to {}, for a single look)",
            share(pass),
            if report.totals.by_noise > 0 {
                " but for noise"
            } else {
                ""
            },
            share(interval.low),
            share(interval.high)
        );
        if let Some(covered) = report.coverage.share {
            head += &format!(
                "; {} covered: {} of {} compared",
                share(covered),
                count(report.coverage.made),
                count(population(report))
            );
            let mut reasons: Vec<String> = report
                .coverage
                .dropped
                .iter()
                .map(|(reason, part)| format!("{} dropped: {}", count(*part), code(reason)))
                .collect();
            // Those without a text of somebody's own.
            let plain = not_compared(report);
            reasons.extend(plain.into_iter().filter(|part| !part.contains("dropped")));
            if !reasons.is_empty() {
                head += &format!(", {}", reasons.join(", "));
            }
        }
        head += ".\n";
    }
    if let [run] = &report.runs[..] {
        let state = if run.silent {
            format!("running?, last heard of {}", run.updated)
        } else {
            run.state.to_string()
        };
        head += &format!(
            "\nRun {}, {}: {state}.\n",
            code(run.id.as_str()),
            run.started
        );
    }
    if totals.comparisons > 0 {
        head += "\n";
        head += &table(
            &["equal", "different", "inexact", "failed"],
            &[0, 1, 2, 3],
            [[
                totals.equal,
                totals.different,
                totals.inexact,
                totals.failed,
            ]
            .map(count)
            .to_vec()],
        );
    }
    if report.coverage.without_record > 0 {
        head += &format!(
            "\n{} counted only: examples, times and memory are those of the others.\n",
            count(report.coverage.without_record)
        );
    }
    head
}

fn mismatches(page: &mut Page, operation: &OperationReport) {
    let totals = settled_in(operation);
    if totals.comparisons == totals.equal && operation.clusters.is_empty() {
        return;
    }
    let mut block = format!(
        "### {}: {} of {} not proven equal\n\n",
        code(&operation.operation),
        count(totals.comparisons - totals.equal),
        count(totals.comparisons)
    );
    if !operation.clusters.is_empty() {
        let clusters = by_noise(operation).0.into_iter();
        let rows = clusters.take(ROWS).map(|(_, cluster)| {
            let paths = match cluster.paths {
                0 | 1 => String::new(),
                paths => format!(" ({} paths)", count(paths)),
            };
            vec![
                count(cluster.records),
                cluster.kind.to_string(),
                graveness(cluster).to_owned(),
                format!("{}{paths}", cell(&brief_path(&cluster.path))),
                example(&cluster.example.difference),
            ]
        });
        let heads = ["records", "kind", "severity", "path", "smallest example"];
        block += &table(&heads, &[0], rows);
    }
    let mut notes = Vec::new();
    let more = operation.clusters.len().saturating_sub(ROWS) as u64;
    if more > 0 {
        notes.push(format!("{} besides", counted(more, "path", "paths")));
    }
    if operation.unclustered > 0 {
        notes.push(format!(
            "{} more, too many to keep with their records or to list",
            counted(operation.unclustered, "difference", "differences")
        ));
    }
    for (reason, times) in &operation.failures {
        let times = counted(*times, "time", "times");
        notes.push(format!("comparing failed {times}: {}", code(reason)));
    }
    for note in notes {
        block += &format!("\n- {note}");
    }
    page.block(block);
    let (clusters, real) = by_noise(operation);
    let examples: Vec<String> = clusters[..real]
        .iter()
        .take(EXAMPLES)
        .map(|(_, cluster)| both_values(cluster))
        .collect();
    if !examples.is_empty() {
        page.block(folded("Old and new", &examples.join("\n")));
    }
}

/// One difference in a cell: `1.5 → 2`.
fn example(difference: &Difference) -> String {
    let shown =
        |text: Option<String>| text.map_or_else(|| "nothing".to_owned(), |text| cell(&text));
    if let Some(times) = difference.times {
        let both = difference.old.as_ref().or(difference.new.as_ref());
        let both = shown(value(both, SHORT));
        return format!("{both}: {} → {} times", times.old, times.new);
    }
    let [old, new] = values(difference, SHORT).map(shown);
    format!("{old} → {new}")
}

/// One difference with both values, one below the other.
fn both_values(cluster: &Cluster) -> String {
    let example = &cluster.example;
    let difference = &example.difference;
    let lines: Vec<String> = ["-", "+"]
        .into_iter()
        .zip(values(difference, LONG))
        .filter_map(|(sign, value)| Some(format!("{sign} {}", value?)))
        .collect();
    let lines = lines.join("\n");
    let fence = "`".repeat(longest_run(&lines).max(2) + 1);
    format!(
        "{} in {}\n\n{fence}diff\n{lines}\n{fence}\n",
        code(&brief_path(&difference.path)),
        code(&whereabouts(&example.label, example.unit.as_ref())),
    )
}

fn noise(report: &Report) -> Option<Folded> {
    let noise = report.noise.as_ref()?;
    let of_operations = report.operations.iter();
    let learned = of_operations.filter_map(|operation| operation.noise.as_ref());
    let paths = learned.flat_map(|noise| &noise.paths).take(ROWS);
    let rows: Vec<Vec<String>> = paths
        .map(|path| {
            vec![
                cell(&brief_path(&path.path)),
                path.kind.to_string(),
                path.class.to_string(),
                count(path.hidden_differences),
                cell(&path.why),
            ]
        })
        .collect();
    let mut body = format!(
        "Old was compared with itself {}.\n\n",
        counted(noise.self_pairs, "time", "times")
    );
    if !rows.is_empty() {
        body += &table(&["path", "kind", "it is", "hides", "why"], &[3], rows);
    }
    for line in not_learned(report) {
        body += &format!("\n{line}\n");
    }
    Some(Folded {
        summary: format!(
            "hides {} in {}",
            counted(noise.hidden_differences, "difference", "differences"),
            counted(noise.hidden_records, "record", "records")
        ),
        body,
    })
}

fn performance(report: &Report) -> Option<Folded> {
    let shown = |bound: f64| format!("{}×", ratio(bound));
    let mut rows = Vec::new();
    for operation in &report.operations {
        for metric in &operation.performance {
            rows.extend(metric.verdicts.iter().map(|verdict| {
                vec![
                    cell(&super::figure::metric(&metric.metric)),
                    verdict.statistic.word().to_owned(),
                    kept(verdict).to_owned(),
                    verdict.ratio.map_or_else(|| "–".to_owned(), shown),
                    shown(verdict.at_most),
                    reach(verdict),
                    count(verdict.pairs),
                    cell(&operation.operation),
                ]
            }));
        }
    }
    let (limits, more) = limits(report);
    if rows.is_empty() && limits.is_empty() {
        return None;
    }
    rows.truncate(2 * ROWS);
    let mut before = String::new();
    for [answer, said] in limits {
        before += &format!("- {answer}: {}\n", code(&said));
    }
    if more > 0 {
        before += &format!("- and {} more\n", count(more));
    }
    if let Some(of) = of_records(report) {
        before += &format!("\n{}.\n", sentence(&of));
    }
    if !before.is_empty() {
        before.push('\n');
    }
    let heads = [
        "metric",
        "of the",
        "answer",
        "new ÷ old",
        "at most",
        "95 % interval",
        "pairs",
        "operation",
    ];
    Some(Folded {
        summary: super::limit::performance(report)
            .unwrap_or_else(|| "beside the usual limits, as nobody has set any".to_owned()),
        body: match rows.is_empty() {
            true => before,
            false => before + &table(&heads, &[3, 4, 6], rows),
        },
    })
}

fn usage(report: &Report) -> Option<Folded> {
    let mut summary = Vec::new();
    let mut rows = Vec::new();
    let mut notes = String::new();
    for measured in measured(report) {
        if let Some((means, percent)) = measured.of_means() {
            let percent = percent.map_or_else(String::new, |percent| change(percent) + ", ");
            summary.push(format!("{} {percent}{means}", measured.name.to_lowercase()));
        }
        for (side, spread) in [("old", measured.old), ("new", measured.new)] {
            if let Some(spread) = spread {
                let mut row = vec![format!("{} {side}", measured.name)];
                row.extend(FIGURES.map(|(_, figure)| (measured.unit)(figure(spread))));
                rows.push(row);
            }
        }
        if measured.old.is_some() && measured.new.is_some() {
            let mut row = vec![format!("{} change", measured.name)];
            row.extend(FIGURES.map(|(_, figure)| {
                spread_change(measured.old, measured.new, figure)
                    .map_or_else(|| "–".to_owned(), change)
            }));
            rows.push(row);
        }
        if let Some(mean) = measured.mean {
            notes += &format!(
                "\n- {}: record by record {} on average, {}",
                measured.name,
                change(mean.mean_percent),
                counted(mean.records, "record", "records")
            );
        }
    }
    for (name, counter) in report.change.counters.iter().take(20) {
        let percent = counter
            .percent
            .map_or_else(String::new, |percent| format!(", {}", change(percent)));
        let (old, new) = (count(counter.old), count(counter.new));
        notes += &format!("\n- {}: {old} → {new}{percent}", code(name));
        summary.push(format!("<code>{}</code> {old} → {new}", escaped(name)));
    }
    let mut body = String::new();
    if !rows.is_empty() {
        let mut heads = vec![""];
        heads.extend(FIGURES.map(|(name, _)| name));
        body = table(&heads, &[1, 2, 3, 4, 5], rows);
    }
    body += &notes;
    summary.truncate(3);
    (!summary.is_empty()).then(|| Folded {
        summary: summary.join("; "),
        body,
    })
}

fn hidden(report: &Report) -> Option<Folded> {
    let places = report.hidden.iter();
    let places = places.fold(0_u64, |sum, hidden| sum.saturating_add(hidden.places));
    let rows = report.hidden.iter().map(|hidden| {
        vec![
            cell(&hidden.rule),
            count(hidden.places),
            count(hidden.records),
        ]
    });
    (!report.hidden.is_empty()).then(|| Folded {
        summary: format!(
            "{} by {}",
            counted(places, "place", "places"),
            counted(report.hidden.len() as u64, "rule", "rules")
        ),
        body: table(&["rule", "places", "records"], &[1, 2], rows),
    })
}

fn slowest(report: &Report) -> Option<Folded> {
    let longest = report.slowest.first()?.longest();
    let shown = |nanoseconds: Option<u64>| {
        nanoseconds.map_or_else(|| "–".to_owned(), |value| time(value as f64))
    };
    let rows = report.slowest.iter().map(|slow| {
        vec![
            cell(&whereabouts(&slow.label, slow.unit.as_ref())),
            shown(slow.old_ns),
            shown(slow.new_ns),
            slow.wall_percent.map_or_else(|| "–".to_owned(), change),
        ]
    });
    Some(Folded {
        summary: time(longest.as_nanos() as f64),
        body: table(&["case", "old", "new", "change"], &[1, 2, 3], rows),
    })
}

fn runs(report: &Report) -> Option<Folded> {
    let rows = report.runs.iter().take(ROWS).map(|run| {
        vec![
            cell(run.id.as_str()),
            cell(&run.name),
            run.started.to_string(),
            if run.silent {
                format!("running?, last heard of {}", run.updated)
            } else {
                run.state.to_string()
            },
            count(run.totals.comparisons),
            count(run.totals.comparisons - run.totals.equal),
        ]
    });
    let heads = [
        "run",
        "name",
        "started",
        "state",
        "compared",
        "not proven equal",
    ];
    (report.runs.len() > 1).then(|| Folded {
        summary: counted(report.runs.len() as u64, "run", "runs"),
        body: table(&heads, &[4, 5], rows),
    })
}

fn unreadable(report: &Report) -> Option<Folded> {
    let lines = report.unreadable.iter().take(ROWS);
    let lines: Vec<String> = lines.map(|what| format!("- {}", code(what))).collect();
    (!lines.is_empty()).then(|| Folded {
        summary: counted(
            report.unreadable.len() as u64 + report.unreadable_left_out,
            "record",
            "records",
        ),
        body: lines.join("\n"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_span_holds_its_text_whatever_it_is() {
        assert_eq!(cell("a|b"), r"`a\|b`");
        assert_eq!(cell(r"a\|b"), r"`a\\u{7c}b`");
        for (text, span) in [
            ("a", "`a`"),
            ("a|b", "`a|b`"),
            ("`", "`` ` ``"),
            ("a``b", "```a``b```"),
            (" a", "`  a `"),
            ("", "`  `"),
            ("a\nb", r"`a\nb`"),
            ("@somebody <b>", "`@somebody <b>`"),
        ] {
            assert_eq!(code(text), span, "{text}");
        }
    }
}
