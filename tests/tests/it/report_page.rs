//! `cutover compare report` as a page, in a real browser.

use std::path::{Path, PathBuf};

use cutover_tests::{Browser, CHROMIUM, Cutover, is_installed_or_left_out};
use serde_json::{Value, json};

const SUITE: &str = "the report's page in a real browser";

/// Letters of a hostile kind: tags, an end of the style, a mark that turns text around.
const HOSTILE: &str = "</style><img src=x onerror=alert(1)>\u{202e}";

/// A run over thirty cases in which every fifth differs, as a page and as JSON.
struct Reported {
    _cutover: Cutover,
    page: PathBuf,
    json: Value,
}

fn reported() -> Reported {
    let cutover = Cutover::new();
    for case in 0..30 {
        let columns: Vec<String> = ["price", "size", "weight", "colour", "rating"]
            .iter()
            .map(|column| format!("\"{column}\": {{\"mean\": {case}.25, \"rows\": {case}}}"))
            .collect();
        let note = if case == 7 {
            HOSTILE
        } else {
            "a  note\\nin two lines "
        };
        cutover.write(
            &format!("cases/table-{case:02}.json"),
            format!(
                "{{\"columns\": {{{}}}, \"note\": \"{note}\"}}\n",
                columns.join(", ")
            ),
        );
    }
    // Names are shown as well.
    cutover.write(
        "cases/<b>&\"'\u{202e}.json",
        "{\"columns\": {}, \"note\": \"x\"}\n",
    );
    cutover
        .run([
            "compare", "run", "--name", "profile <script>alert(1)</script>", "--old", "cat", "--new",
            "sed -e 's/[05].25/&5/g' -e 's/  note/ note/' -e 's/onerror/on error/' -e 's/\"x\"/null/'",
            "--cases", "cases", "--ignore", "$..rows",
        ])
        .expect(1);
    cutover
        .run(["compare", "report", "latest", "-o", "report.html"])
        .expect(0);
    let json = cutover.run(["compare", "report", "latest", "--to", "json"]);
    Reported {
        page: cutover.path("report.html"),
        json: json.expect(0).json(),
        _cutover: cutover,
    }
}

/// Nothing was asked for but the page, and nothing was complained about.
#[track_caller]
fn is_quiet(events: &[(String, Value)], page: &Path) {
    let own = format!("file://{}", page.display());
    for (name, event) in events {
        match name.as_str() {
            "Network.requestWillBeSent" => {
                let url = event["request"]["url"].as_str().unwrap_or_default();
                assert!(url == own || url == "data:,", "the page asks for {url}");
            }
            "Runtime.consoleAPICalled" | "Runtime.exceptionThrown" | "Log.entryAdded" => {
                panic!("{name}: {event}");
            }
            _ => {}
        }
    }
}

/// What of the page is wider than the window, and is not a part that scrolls by itself.
const TOO_WIDE: &str = "[...document.querySelectorAll('body, body *')]
    .filter(element => !element.closest('.scroll table, pre code, .skip'))
    .filter(element => element.getBoundingClientRect().right > innerWidth + 0.5)
    .map(element => element.outerHTML.slice(0, 120))";

/// Texts whose contrast with what is behind them is too small: WCAG 2 asks for 4.5 to 1.
const TOO_FAINT: &str = "(() => {
    const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const rgba = colour => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        return canvas.getImageData(0, 0, 1, 1).data;
    };
    const light = ([r, g, b]) => {
        const part = value => {
            value /= 255;
            return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
        };
        return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    };
    const behind = element => {
        for (; element; element = element.parentElement) {
            const colour = rgba(getComputedStyle(element).backgroundColor);
            if (colour[3] === 255) return colour;
        }
        return [255, 255, 255, 255];
    };
    const faint = [];
    for (const element of document.querySelectorAll('body *')) {
        const says = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
        if (!says || !element.checkVisibility()) continue;
        const style = getComputedStyle(element);
        const ink = element instanceof SVGElement ? style.fill : style.color;
        const [one, other] = [light(rgba(ink)), light(behind(element))];
        const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
        if (contrast < 4.5) faint.push(contrast.toFixed(2) + ' ' + element.outerHTML.slice(0, 120));
    }
    return faint;
})()";

#[test]
fn the_page_asks_for_nothing_fits_every_window_and_is_readable() {
    if !is_installed_or_left_out(CHROMIUM, SUITE) {
        return;
    }
    let reported = reported();
    let browser = Browser::start();
    let mut papers = Vec::new();
    for dark in [false, true] {
        for width in [360, 1280] {
            browser.look(width, dark);
            is_quiet(&browser.open(&reported.page), &reported.page);
            // Also what is folded has to fit.
            browser
                .evaluate("document.querySelectorAll('details').forEach(one => one.open = true)");
            assert_eq!(browser.evaluate("innerWidth"), width);
            assert_eq!(
                browser.evaluate("document.documentElement.scrollWidth"),
                width
            );
            assert_eq!(browser.evaluate(TOO_WIDE), json!([]), "at {width}");
            assert_eq!(browser.evaluate(TOO_FAINT), json!([]), "dark: {dark}");
        }
        papers.push(browser.evaluate("getComputedStyle(document.body).backgroundColor"));
    }
    assert_ne!(papers[0], papers[1], "dark is another page");
    // Nothing of the hostile texts became an element.
    let elements = "document.querySelectorAll('script, img, b, iframe, [onerror]').length";
    assert_eq!(browser.evaluate(elements), 0);
    let text = browser.evaluate("document.body.textContent");
    let text = text.as_str().unwrap();
    assert!(text.contains("profile <script>alert(1)</script>"));
    assert!(text.contains("\\u{202e}") && !text.contains('\u{202e}'));
    is_quiet(&browser.happened(), &reported.page);
}

#[test]
fn the_page_shows_the_figures_of_the_json_report() {
    if !is_installed_or_left_out(CHROMIUM, SUITE) {
        return;
    }
    let reported = reported();
    let json = &reported.json;
    let browser = Browser::start();
    let _ = browser.open(&reported.page);
    let shown = browser.evaluate(
        "[...document.querySelectorAll('data')]
            .map(figure => [figure.dataset.of, figure.value, figure.textContent])",
    );
    let mut checked = Vec::new();
    for figure in shown.as_array().unwrap() {
        let [of, value, text] = [0, 1, 2].map(|part| figure[part].as_str().unwrap());
        if of.is_empty() {
            continue;
        }
        let expected = json.pointer(of).unwrap_or(&Value::Null);
        let value: f64 = value.parse().unwrap();
        assert_eq!(Some(value), expected.as_f64(), "{of}");
        if expected.is_u64() {
            assert_eq!(text.replace(',', ""), expected.to_string(), "{of}");
        }
        checked.push(of.to_owned());
    }
    for of in [
        "/totals/equal",
        "/totals/different",
        "/pass/share",
        "/coverage/share",
        "/wall_ratios/faster",
        "/operations/0/clusters/0/records",
    ] {
        assert!(checked.iter().any(|found| found == of), "{of}: {checked:?}");
    }
    let page = browser.evaluate("document.body.innerText");
    let page = page.as_str().unwrap();
    for cluster in json["operations"][0]["clusters"].as_array().unwrap() {
        assert!(page.contains(cluster["path"].as_str().unwrap()));
    }
    assert_eq!(json["verdict"], "different");
    assert_eq!(
        browser.evaluate("document.querySelector('h2').innerText"),
        "Different"
    );
    // Five columns that differ alike are one finding, and blanks are seen.
    assert!(page.contains("$.columns.*.mean"), "{page}");
    assert!(page.contains('·') && page.contains('↵'), "{page}");
}

#[test]
fn the_page_is_used_by_keyboard_and_by_a_screen_reader() {
    if !is_installed_or_left_out(CHROMIUM, SUITE) {
        return;
    }
    let reported = reported();
    let browser = Browser::start();
    browser.look(1280, false);
    let _ = browser.open(&reported.page);
    browser.press("Tab");
    assert_eq!(
        browser.evaluate("document.activeElement.textContent"),
        "Skip to the result"
    );
    let closed = "document.activeElement.matches('.clusters details:not([open]) > summary')";
    let tabs = (0..60).take_while(|_| {
        browser.press("Tab");
        browser.evaluate(closed) != true
    });
    assert!(tabs.count() < 60, "a finding can be reached");
    for (key, open) in [("Enter", true), (" ", false), (" ", true)] {
        browser.press(key);
        let found = browser.evaluate("document.activeElement.parentElement.open");
        assert_eq!(found, open, "after {key:?}");
    }
    let outline = "getComputedStyle(document.activeElement).outlineStyle";
    assert_ne!(browser.evaluate(outline), "none", "the focus is seen");

    // What a screen reader is told.
    let nameless = "[...document.querySelectorAll(
            'section, nav, [role=region], svg:not([aria-hidden]), table')]
        .filter(element => {
            const by = element.getAttribute('aria-labelledby');
            const name = element.getAttribute('aria-label')
                || (by && document.getElementById(by)?.textContent)
                || element.querySelector(':scope > caption')?.textContent;
            return !name?.trim();
        })
        .map(element => element.outerHTML.slice(0, 120))";
    assert_eq!(browser.evaluate(nameless), json!([]));
    for (what, count) in [
        ("main", 1),
        ("header", 1),
        ("footer", 1),
        ("h1", 1),
        ("th:not([scope])", 0),
        ("svg[role=img] + svg", 0),
        ("nav a:not([href^='#'])", 0),
    ] {
        let found = browser.evaluate(&format!("document.querySelectorAll(\"{what}\").length"));
        assert_eq!(found, count, "{what}");
    }
    let dangling = "[...document.querySelectorAll('nav a')]
        .filter(link => !document.querySelector(link.getAttribute('href'))).length";
    assert_eq!(browser.evaluate(dangling), 0);
    let ids = "(ids => ids.length - new Set(ids).size)(
        [...document.querySelectorAll('[id]')].map(element => element.id))";
    assert_eq!(browser.evaluate(ids), 0, "no id is there twice");
}

#[test]
fn the_page_needs_no_script() {
    if !is_installed_or_left_out(CHROMIUM, SUITE) {
        return;
    }
    let reported = reported();
    let browser = Browser::start();
    browser.look(1280, false);
    browser.call(
        "Emulation.setScriptExecutionDisabled",
        json!({"value": true}),
    );
    is_quiet(&browser.open(&reported.page), &reported.page);
    assert_eq!(browser.evaluate("document.scripts.length"), 0);
    let first = "document.querySelector('.clusters details')";
    assert_eq!(browser.evaluate(&format!("{first}.open")), true);
    browser.evaluate(&format!("{first}.querySelector('summary').focus()"));
    browser.press("Enter");
    assert_eq!(browser.evaluate(&format!("{first}.open")), false);
}
