//! Documents and rules made to do harm: a clear answer, no panic, bounded memory.

use std::fs::File;
use std::io::Write;
use std::process::Command;

use cutover_tests::{Answer, Cutover};

/// Runs a comparison that must end by itself and say what is wrong, whatever the answer is.
#[track_caller]
fn diff(cutover: &Cutover, arguments: &[&str]) -> Answer {
    let answer = cutover.run(["diff"].iter().chain(arguments));
    let said = answer.stderr();
    assert!(answer.code().is_some(), "ended by a signal: {answer}");
    assert!(!said.contains("panicked"), "{answer}");
    assert!(
        said.len() < 65_536,
        "too much was said: {} bytes",
        said.len()
    );
    answer
}

#[test]
fn documents_that_cannot_be_read_are_trouble_with_a_place() {
    let cutover = Cutover::new();
    cutover.write("good.json", "{}");
    let bomb = (1..12).fold("a0: &a0 [x, x]\n".to_owned(), |text, level| {
        let inner = vec![format!("*a{}", level - 1); 9].join(", ");
        text + &format!("a{level}: &a{level} [{inner}]\n")
    });
    let long_key = "x".repeat(1_000_000);
    for (name, content, place, reason) in [
        (
            "bad.json",
            b"{\n\"a\": \xff}".to_vec(),
            "bad.json:2:6",
            "UTF-8",
        ),
        ("bad.jsonl", b"1\n\xff\n".to_vec(), "bad.jsonl:2:1", "UTF-8"),
        (
            "bad.yaml",
            b"a: 1\nb: \xff\n".to_vec(),
            "bad.yaml:2:4",
            "UTF-8",
        ),
        (
            "bad.toml",
            b"a = 1\nb = \"\xff\"\n".to_vec(),
            "bad.toml:2:6",
            "UTF-8",
        ),
        ("bad.txt", b"a\n\xff\n".to_vec(), "bad.txt:2:1", "UTF-8"),
        ("wide.txt", b"\xff\xfea\0".to_vec(), "wide.txt", "UTF-16"),
        ("nan.json", b"[1, NaN]".to_vec(), "nan.json:1:5", "NaN"),
        (
            "bomb.yaml",
            bomb.into_bytes(),
            "bomb.yaml:",
            "aliases repeat more than",
        ),
        (
            "self.yaml",
            b"a: &a\n  b: *a\n".to_vec(),
            "self.yaml:2:6",
            "hold itself",
        ),
        (
            "open.yaml",
            b"a: [1, {b: 2".to_vec(),
            "open.yaml:1:",
            "cut off",
        ),
        (
            "date.toml",
            b"a = 2024-02-31\n".to_vec(),
            "date.toml:1:5",
            "not a date",
        ),
        (
            "deep.toml",
            format!("a = {}", "[".repeat(10_000)).into_bytes(),
            "deep.toml:1:",
            "nested deeper than 256",
        ),
        (
            "deep.json",
            "[".repeat(1_000_000).into_bytes(),
            "deep.json:1:",
            "nested deeper than",
        ),
        (
            "deep.yaml",
            "- ".repeat(1_000_000).into_bytes(),
            "deep.yaml:1:",
            "nested deeper than",
        ),
        (
            "twice.yaml",
            format!("{long_key}: 1\n").repeat(2).into_bytes(),
            "twice.yaml:",
            "",
        ),
        (
            "twice.json",
            b"{\"a\x1b[31m\": 1, \"a\x1b[31m\": 1}".to_vec(),
            "twice.json:1:",
            "",
        ),
    ] {
        cutover.write(name, content);
        let answer = diff(&cutover, &["good.json", name]);
        answer.expect(3).explains([place, reason]);
        assert!(!answer.stderr().contains('\u{1b}'), "{answer}");
    }
}

#[test]
fn a_difference_at_the_bottom_of_a_hundred_thousand_levels_is_told_in_every_form() {
    let cutover = Cutover::new();
    let deep = 100_000;
    let path = format!("${}", ".a".repeat(deep));
    let tree = |inside| format!("{}{inside}{}", r#"{"a":"#.repeat(deep), "}".repeat(deep));
    cutover.write("old.json", tree("1"));
    cutover.write("new.json", tree("2"));
    cutover.write("cases/deep.json", tree("1"));
    let shown = "…(100000 steps)…";
    let apart = diff(&cutover, &["old.json", "new.json"]);
    assert!(apart.expect(1).stdout().contains(shown));
    for format in ["json", "jsonl"] {
        let apart = diff(&cutover, &["old.json", "new.json", "--format", format]);
        assert!(apart.expect(1).stdout().contains(&path), "{format}");
    }
    let run = "compare run --name deep --old cat --cases cases --new".split(' ');
    cutover.run(run.chain(["sed s/1/2/"])).expect(1);
    for form in ["text", "html", "md", "junit"] {
        let report = cutover.run(["compare", "report", "latest", "--to", form]);
        assert!(report.expect(0).stdout().contains(shown), "{form}");
        assert!(report.stdout().len() < 100_000, "{form}");
    }
    let report = cutover.run(["compare", "report", "latest", "--to", "json"]);
    assert!(report.expect(0).stdout().contains(&path));
}

#[test]
fn a_record_too_long_for_the_store_is_shortened_and_the_run_goes_on() {
    for store in ["file:kept", "sqlite:kept.db"] {
        let cutover = Cutover::new();
        let (wide, name) = (5_000, "long".repeat(300));
        let inside = format!("[{}1]", "1,".repeat(wide - 1));
        cutover.write("cases/1-wide.json", format!(r#"{{"{name}":{inside}}}"#));
        cutover.write("cases/2-narrow.json", "[1]");
        let (down, up) = (r#"{"deep":"#.repeat(90_000), "}".repeat(90_000));
        let inside = format!("[{}1]", "1,".repeat(9));
        cutover.write("cases/3-deep.json", format!("{down}{inside}{up}"));
        let run = "compare run --name wide --old cat --cases cases --limit 100000".split(' ');
        let run = run.chain(["--new", "sed s/1/2/g", "--store", store]);
        let run: Vec<&str> = run.collect();
        cutover.run(&run).expect(1);
        let shown = |case, more: &[&str]| {
            let show = ["compare", "show", "latest", case, "--store", store];
            cutover.run(show.iter().chain(more))
        };
        for (case, differences) in [("1-wide.json", wide), ("3-deep.json", 10)] {
            let found = &shown(case, &["--format", "json"]).json()["records"][0]["judgement"];
            let found = &found["compared"];
            assert_eq!(found["counts"]["value"], differences, "{store}, {case}");
            assert_eq!(found["truncated"], true, "{store}, {case}");
            let kept = found["differences"].as_array().unwrap().len();
            assert!(0 < kept && kept < differences, "{store}, {case}: {kept}");
            let said = shown(case, &[]);
            assert!(said.stdout().contains("was too long to keep"), "{said}");
        }
        let narrow = shown("2-narrow.json", &[]);
        assert!(!narrow.stdout().contains("too long"), "{narrow}");
        let run = [&run[..], &["--resume", "latest"]].concat();
        cutover.run(run).expect(1);
    }
}

#[test]
fn a_secret_is_stored_in_none_of_the_forms_it_comes_in() {
    let cutover = Cutover::new();
    let key = |before: &str, after: &str| {
        let lines = [
            "-----BEGIN RSA PRIVATE KEY-----",
            "3cr3tB0dy1",
            "3cr3tB0dy2",
        ];
        let lines = [&lines[..], &["-----END RSA PRIVATE KEY-----"]].concat();
        let lines = lines.iter().map(|line| format!("{before}{line}{after}"));
        lines.collect::<String>()
    };
    let har =
        r#"{"headers":[{"name":"X-Api-Key","value":"3cr3tB0dy"},{"name":"Accept","value":"x"}]}"#;
    for (name, content) in [
        (
            "a.env",
            format!("A=1\nKEY=\"{}\"\nB=2\n", key("", "\n").trim_end()),
        ),
        ("a.log", key("12:00 INFO ", "\n") + "end\n"),
        ("a.csv", format!("1,\"{}\",2\n", key("", "\n").trim_end())),
        ("escaped.txt", format!("key {}\n", key("", "\\n"))),
        ("quoted.txt", key("\"", "\\n\",\n")),
        (
            "cut-off.txt",
            "-----BEGIN PRIVATE KEY-----\n3cr3tB0dy\n".to_owned(),
        ),
        ("a.har", har.to_owned()),
        (
            "a.xml",
            "<db>\n<password>3cr3tB0dy</password>\n</db>\n".to_owned(),
        ),
        ("a.sh", "run --token 3cr3tB0dy\n".to_owned()),
    ] {
        cutover.write(&format!("cases/{name}"), content);
    }
    let run = "compare run --name kept --old cat --cases cases --redact secrets --store file:kept";
    let run = cutover.run(run.split(' ').chain(["--new", "sed s/3cr3t/4cr3t/"]));
    run.expect(1);
    let shown = cutover.run("compare report latest --to json --store file:kept".split(' '));
    let mut stored = vec![run.stdout().to_owned(), shown.expect(0).stdout().to_owned()];
    let mut folders = vec![cutover.path("kept")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                stored.push(String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned());
            }
        }
    }
    assert!(stored.iter().any(|text| text.contains("[redacted]")));
    for text in stored {
        let leak = text.find("cr3tB0dy");
        let around = leak.map(|at| &text[text.floor_char_boundary(at.saturating_sub(200))..at + 8]);
        assert_eq!(around, None);
    }
}

#[test]
fn ten_thousand_levels_are_compared_in_every_format_that_nests() {
    let cutover = Cutover::new();
    let deep = 10_000;
    let brackets = |inside| format!("{}{inside}{}", "[".repeat(deep), "]".repeat(deep));
    let dashes = |inside| format!("{}{inside}", "- ".repeat(deep));
    let dots = |inside| format!("{} = {inside}", vec!["a"; deep].join("."));
    for (format, old, new) in [
        ("json", brackets("1"), brackets("2")),
        ("jsonl", brackets("1"), brackets("2")),
        ("yaml", dashes("1"), dashes("2")),
        ("toml", dots("1"), dots("2")),
    ] {
        let (old_name, new_name) = (format!("old.{format}"), format!("new.{format}"));
        cutover.write(&old_name, old);
        cutover.write(&new_name, new);
        diff(&cutover, &[&old_name, &old_name]).expect(0);
        for options in [&[][..], &["--unordered"], &["--format", "json"]] {
            let arguments = [&[&*old_name, &*new_name], options].concat();
            diff(&cutover, &arguments).expect(1);
        }
    }
}

#[test]
fn what_a_document_holds_does_not_steer_the_terminal() {
    let cutover = Cutover::new();
    let evil = "\u{1b}]0;title\u{7}\u{1b}[2J\u{202e}\u{feff}";
    cutover.write("old.txt", format!("{evil}\nsame {evil}\nold"));
    cutover.write("new.txt", format!("{evil}\nsame {evil}\nnew {evil}"));
    cutover.write("old.yaml", "a: \"\\e[2J\\u202E\"\n\"k\\e[2J\": 1");
    cutover.write("new.yaml", "a: \"\\e[3J\\u202E\"\n\"k\\e[2J\": 2");
    for extension in ["txt", "yaml"] {
        let (old, new) = (format!("old.{extension}"), format!("new.{extension}"));
        let answer = diff(&cutover, &[&old, &new]);
        let shown = answer.expect(1).stdout();
        assert!(
            !shown.contains(['\u{1b}', '\u{7}', '\u{202e}', '\u{feff}']),
            "{shown:?}"
        );
        let escaped = ["\\u{1b}[2J", "\\u001b[2J"];
        assert!(escaped.iter().any(|text| shown.contains(text)), "{shown}");
    }
}

#[test]
fn rules_that_cannot_be_used_are_wrong_usage() {
    let cutover = Cutover::new();
    cutover.write(
        "a.json",
        r#"{"a": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "n": [1]}"#,
    );
    cutover.write(
        "b.json",
        r#"{"a": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", "n": [2]}"#,
    );
    let deep = |open: &str, close: &str| open.repeat(10_000) + &close.repeat(10_000);
    for (name, text) in [
        ("deep.toml", format!("ignore = {}", deep("[", "]"))),
        ("table.toml", format!("numbers = {}", deep("{a = ", "}"))),
        (
            "dots.toml",
            format!("{} = 1", vec!["numbers"; 10_000].join(".")),
        ),
        ("deep.json", format!("{{\"ignore\": {}}}", deep("[", "]"))),
        ("cut.toml", "ignore = [\"$.a\"".to_owned()),
        ("cut.json", "{\"ignore\": [\"$.a\"".to_owned()),
        ("type.toml", "ignore = 7".to_owned()),
        ("unknown.toml", "ignored = [\"$.a\"]".to_owned()),
        (
            "path.toml",
            format!("ignore = [\"$[{}]\"]", "9".repeat(10_000)),
        ),
        ("filter.toml", "ignore = [\"$[?@.a > 1]\"]".to_owned()),
        ("nan.toml", "[numbers]\nabsolute = nan".to_owned()),
        ("minus.toml", "[numbers]\nrelative = -1.0".to_owned()),
        ("limit.toml", "limit = -1".to_owned()),
    ] {
        cutover.write(name, text);
        let answer = diff(&cutover, &["a.json", "b.json", "--rules", name]);
        let said = answer.expect(2).stderr();
        assert!(said.contains(name), "{answer}");
    }
    cutover.write("bytes.toml", b"ignore = [\"\xff\"]");
    let answer = diff(&cutover, &["a.json", "b.json", "--rules", "bytes.toml"]);
    assert!(matches!(answer.code(), Some(2 | 3)), "{answer}");
    answer.explains(["bytes.toml"]);
}

#[test]
fn rules_that_are_large_or_heavy_are_used_or_refused() {
    let cutover = Cutover::new();
    let text = "a".repeat(100_000);
    cutover.write("a.json", format!("{{\"a\": \"{text}b\", \"n\": [1]}}"));
    cutover.write("b.json", format!("{{\"a\": \"{text}c\", \"n\": [2]}}"));
    let many: Vec<String> = (0..20_000).map(|n| format!("\"$.x{n}[*].y\"")).collect();
    for (name, rules) in [
        ("many.toml", format!("ignore = [{}]", many.join(","))),
        (
            "long.toml",
            format!("ignore = [\"${}\"]", "[*]".repeat(10_000)),
        ),
        (
            "wild.toml",
            format!("ignore = [\"${}\"]", "..*".repeat(300)),
        ),
        (
            "key.toml",
            format!("[[keys]]\npath = \"$\"\nby = [\"{text}\"]"),
        ),
        // Takes exponential time where a pattern is tried with backtracking.
        (
            "bomb.toml",
            "[[strings.replace]]\npattern = \"^(a+)+$\"\n[[redact]]\ntext = \"(a|aa)+$\""
                .to_owned(),
        ),
        // Takes gigabytes where a pattern is written out.
        (
            "huge.toml",
            "[[strings.replace]]\npattern = \"(?:(?:a{1000}){1000}){1000}\"".to_owned(),
        ),
    ] {
        cutover.write(name, rules);
        let answer = diff(&cutover, &["a.json", "b.json", "--rules", name]);
        match answer.code() {
            Some(1) => {}
            Some(2) => {
                answer.explains([name]);
            }
            _ => panic!("{name}: {answer}"),
        }
    }
}

/// Address space in kilobytes for a comparison of two documents of 100 MB: each is held as its
/// bytes and as its text in a tree, and room for as much again is reserved while it is read.
const ADDRESS_SPACE: u64 = 1_000_000;

#[test]
fn a_text_of_100_megabytes_takes_its_own_size_and_little_more() {
    let cutover = Cutover::new();
    let block = "x".repeat(1 << 20);
    let mut file = File::create(cutover.path("long.json")).unwrap();
    file.write_all(b"[\"").unwrap();
    for _ in 0..100 {
        file.write_all(block.as_bytes()).unwrap();
    }
    file.write_all(b"\"]").unwrap();
    drop(file);
    cutover.write("short.json", "[\"x\"]");
    for (new, code) in [("long.json", 0), ("short.json", 1)] {
        let inner = cutover.command(["diff", "long.json", new]);
        let mut command = Command::new("sh");
        command
            .args(["-c", "ulimit -v \"$1\"; shift; exec \"$@\"", "sh"])
            .arg(ADDRESS_SPACE.to_string())
            .arg(inner.get_program())
            .args(inner.get_args())
            .current_dir(cutover.path(""));
        for (name, value) in inner.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let output = command.output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(code),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(output.stdout.len() < 4096, "a sample is enough");
    }
}
