//! The report as a comment on a pull request.

use cutover_app::report::markdown;
use cutover_domain::comparison::report::ReportBuilder;
use cutover_testkit::comparison::at_minute;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::{hostile_report, nightly_report, noisy_report};

fn events(page: &str) -> impl Iterator<Item = Event<'_>> {
    Parser::new_ext(page, Options::ENABLE_TABLES)
}

/// What a reader of Markdown makes of it: the cells of each row of each table.
fn tables(page: &str) -> Vec<Vec<usize>> {
    let mut tables: Vec<Vec<usize>> = Vec::new();
    for event in events(page) {
        match event {
            Event::Start(Tag::Table(_)) => tables.push(Vec::new()),
            Event::Start(Tag::TableHead | Tag::TableRow) => {
                tables.last_mut().unwrap().push(0);
            }
            Event::Start(Tag::TableCell) => {
                *tables.last_mut().unwrap().last_mut().unwrap() += 1;
            }
            _ => {}
        }
    }
    tables
}

/// Whether nothing in it became more than the text it is: the only tags are those that fold, each
/// row of a table has its cells, and nobody is mentioned.
pub(super) fn is_whole(page: &str) -> bool {
    let mut folds = 0_i64;
    let mut quiet = true;
    let mut in_block = false;
    for event in events(page) {
        match event {
            Event::Html(html) => {
                folds += html.matches("<details>").count() as i64;
                folds -= html.matches("</details>").count() as i64;
                let tags = [
                    "details", "/details", "summary", "/summary", "code", "/code",
                ];
                let mut pieces = html.split('<').skip(1);
                quiet &= pieces.all(|piece| {
                    piece
                        .split_once('>')
                        .is_some_and(|(tag, _)| tags.contains(&tag))
                });
            }
            Event::InlineHtml(_) => quiet = false,
            Event::Start(Tag::Link { .. } | Tag::Image { .. }) => quiet = false,
            Event::Start(Tag::CodeBlock(_)) => in_block = true,
            Event::End(TagEnd::CodeBlock) => in_block = false,
            Event::Text(text) if !in_block => quiet &= !text.contains(['@', '#']),
            _ => {}
        }
    }
    // The rows of a table are as wide as its head, or the reader cut or filled them.
    let rows = page.lines().filter(|line| line.starts_with('|')).count();
    let read: usize = tables(page).iter().map(|rows| rows.len() + 1).sum();
    quiet && folds == 0 && rows == read
}

#[test]
fn markdown_reads_well() {
    insta::assert_snapshot!(markdown(&nightly_report()));
}

#[test]
fn an_empty_report_says_so() {
    let page = markdown(&ReportBuilder::new().finish(at_minute(0)));
    assert_eq!(
        page,
        "## Comparison: unproven\n\n**Nothing was compared.**\n"
    );
}

#[test]
fn tables_stay_tables_whatever_the_records_hold() {
    let mut report = nightly_report();
    let hostile = [
        "a|b",
        r"a\|b",
        r"\",
        "`",
        "``|``",
        "| --- |",
        "<b>",
        "</details>",
        "@somebody",
        "\n\n# x",
        "[x](http://x)",
        "<!--",
        "*a* _b_",
        "&lt;",
        "https://example.com",
        "",
        " ",
    ];
    let hostile: Vec<String> = hostile.map(str::to_owned).into();
    for (text, slow) in hostile.iter().zip(report.slowest.iter_mut()) {
        slow.label.clone_from(text);
    }
    let operation = &mut report.operations[0];
    let cluster = operation.clusters[0].clone();
    operation.clusters = hostile
        .iter()
        .map(|text| {
            let mut cluster = cluster.clone();
            cluster.path.clone_from(text);
            cluster.example.label.clone_from(text);
            cluster.example.difference.path.clone_from(text);
            let json = serde_json::to_string(text).unwrap();
            cluster.example.difference.old = cutover_domain::tree::Tree::from_json(&json).ok();
            cluster
        })
        .collect();
    let page = markdown(&report);
    assert!(is_whole(&page), "{page}");
    let tables = tables(&page);
    assert_eq!(tables[1].len(), 1 + hostile.len());
    assert!(tables[1].iter().all(|cells| *cells == 5), "{page}");

    assert!(is_whole(&markdown(&noisy_report())));
    let page = markdown(&hostile_report());
    assert!(is_whole(&page), "{page}");
    let control = |character: char| character.is_control() && character != '\n';
    assert!(!page.contains(control) && !page.contains(['\u{202e}', '\u{2028}']));
}

#[test]
fn a_comment_is_never_too_long() {
    let mut report = nightly_report();
    let operation = report.operations[0].clone();
    report.operations = (0..200)
        .map(|number| {
            let mut operation = operation.clone();
            operation.operation = format!("operation {number}");
            operation
        })
        .collect();
    let page = markdown(&report);
    assert!(page.chars().count() <= 65_536 && page.chars().count() > 50_000);
    assert!(page.contains("left out to keep this short"));
    assert!(is_whole(&page));
}
