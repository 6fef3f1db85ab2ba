//! `cutover flag export`.

use serde_json::json;

use crate::harness::Home;

#[test]
fn the_same_flags_are_the_same_text_whatever_happened_in_between() {
    let home = Home::new();
    home.done(&["flag", "init", "--preset", "mdm", "--yes"]);
    let before = home.done(&["flag", "export"]);
    home.done(&["flag", "kill", "use_new_backend", "--yes"]);
    assert_ne!(home.done(&["flag", "export"]), before);
    home.done(&["flag", "restore", "use_new_backend", "--yes"]);
    assert_eq!(home.done(&["flag", "export"]), before);
    let one = home.json(&["flag", "export", "use_new_backend"]);
    assert_eq!(one["flags"].as_object().unwrap().len(), 1);
    assert_eq!(
        one["flags"]["use_new_backend"]["rollout"]["bucketing"],
        "md5-unsalted"
    );
    let unknown = home.run(&["flag", "export", "use_new_bakend"]);
    assert_eq!(unknown.code, 1);
    assert!(
        unknown.err.contains("did you mean use_new_backend?"),
        "{unknown}"
    );
    assert_eq!(Home::new().json(&["flag", "export"])["flags"], json!({}));
}

#[test]
fn a_file_that_is_there_is_replaced_only_by_force() {
    let home = Home::with_flag();
    let file = home.file("flags.json", "mine");
    let refused = home.run(&["flag", "export", "--output", &file]);
    assert_eq!(refused.code, 2, "{refused}");
    assert!(
        refused.err.contains("flags.json is there already"),
        "{refused}"
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    home.done(&["flag", "export", "--output", &file, "--force"]);
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        home.done(&["flag", "export"])
    );
    std::fs::remove_file(&file).unwrap();
    let written = home.run(&["flag", "export", "-o", &file]);
    assert_eq!((written.code, written.out.as_str()), (0, ""), "{written}");
    assert!(written.err.contains("wrote 1 flag to"), "{written}");
    let nowhere = home.run(&["flag", "export", "-o", "nowhere/flags.json"]);
    assert_eq!(nowhere.code, 3, "{nowhere}");
}

#[test]
fn variables_say_what_they_can_and_the_rest_is_told() {
    let home = Home::new();
    home.done(&["flag", "init", "--preset", "mdm", "--yes"]);
    home.done(&["flag", "rollout", "use_new_backend", "25", "--yes"]);
    let all = ["flag", "export", "--to", "env", "--scheme", "mdm"];
    insta::assert_snapshot!(home.told(&all));
    home.done(&["flag", "override", "use_new_backend", "acme", "on", "--yes"]);
    home.done(&["flag", "set", "page_size", "50", "--create", "--yes"]);
    let told = [
        home.told(&all),
        home.told(&[&all[..], &["--lossy"]].concat()),
    ];
    insta::assert_snapshot!(told.join("\n"));
    let wrong = home.run(&["flag", "export", "--scheme", "mdm"]);
    assert_eq!(wrong.code, 2, "{wrong}");
}
