//! Import and export: variables to flags for good, and back.

use cutover_domain::flags::{
    Condition, Context, Definition, FlagDocument, Interner, Operator, Preset, Rollout, Rule,
    Snapshot, State, ValueType, Weight,
};
use cutover_env::{EnvConfig, Imported, Scheme, dotenv, export, import};
use proptest::prelude::*;

use crate::overlay::{at, definition, document, scheme};

fn imported(scheme: Scheme, text: &str, into: &FlagDocument) -> Imported {
    import(&EnvConfig::new(scheme), dotenv::parse(text).unwrap(), into)
}

/// Every flag with what it is set to, a line each.
fn set(imported: &Imported) -> String {
    let told = imported.problems.iter().chain(&imported.warnings);
    let flags = imported.flags.iter().map(|(key, flag)| {
        let bucketing = flag.rollout.as_ref().map(|rollout| rollout.bucketing);
        format!(
            "{key}: {:?}, {}, {:?}, {}",
            flag.state,
            flag.default,
            flag.percentage().map(|share| share.to_string()),
            bucketing.unwrap_or_default()
        )
    });
    flags.chain(told.cloned()).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_pipelines_reference_environment_is_imported() {
    let text = "\
FEATURE_NEW_PIPELINE=true
FEATURE_NEW_PIPELINE_ROLLOUT=25
FEATURE_UNIFIED_ANALYZER=true
FEATURE_UNIFIED_ANALYZER_ROLLOUT=100
FEATURE_BATCH_LOADING_ROLLOUT=12.5
FEATURE_ALERT_MANAGER=true
FEATURE_COMPARISON_MODE=false
FEATURE_COMPARISON_MODE_ROLLOUT=0
METRICS_PORT=9090
REDIS_URL=redis://localhost:6379
";
    insta::assert_snapshot!(set(&imported(Scheme::Feature, text, &document([]))), @r#"
    alert_manager: Enabled, on, None, xxh3
    batch_loading: Enabled, off, Some("12.5"), xxh3
    comparison_mode: Killed, off, Some("0"), xxh3
    new_pipeline: Enabled, off, Some("25"), xxh3
    unified_analyzer: Enabled, on, None, xxh3
    "#);
}

#[test]
fn the_dataset_managers_environment_is_imported() {
    let text = "\
MDM_REFACTORING_USE_NEW_BACKEND=false
MDM_REFACTORING_BACKEND_ROLLOUT_PERCENTAGE=25
MDM_REFACTORING_USE_NEW_REGISTRAR=true
MDM_REFACTORING_REGISTRAR_ROLLOUT_PERCENTAGE=10
MDM_REFACTORING_FEATURES_ROLLOUT_PERCENTAGE=5
MDM_REFACTORING_AUTO_FALLBACK=true
MDM_REFACTORING_ENABLE_MEMORY_PROFILING=0
MDM_DATABASE__DEFAULT_BACKEND=duckdb
";
    insta::assert_snapshot!(set(&imported(Scheme::Mdm, text, &document([]))), @r#"
    auto_fallback: Enabled, on, None, md5-unsalted
    enable_memory_profiling: Enabled, off, Some("0"), md5-unsalted
    use_new_backend: Enabled, off, Some("25"), md5-unsalted
    use_new_features: Enabled, off, Some("5"), md5-unsalted
    use_new_registrar: Enabled, on, None, md5-unsalted
    "#);
}

#[test]
fn into_stored_flags_only_what_the_variables_say_is_carried() {
    let mut stored = document([]);
    stored.flags = Preset::Mspbyte.flags();
    let text = "FEATURE_NEW_PIPELINE_ROLLOUT=25\nFEATURE_BATCH_LOADING=false\nFEATURE_NEW=true";
    let imported = imported(Scheme::Feature, text, &stored);
    assert_eq!(imported.problems, [""; 0]);
    assert_eq!(imported.warnings, [""; 0]);
    let pipeline = &imported.flags["new_pipeline"];
    assert_eq!(pipeline.percentage(), Some("25".parse().unwrap()));
    let by = pipeline
        .rollout
        .as_ref()
        .and_then(|rollout| rollout.by.as_deref());
    assert_eq!(by, Some("tenant"), "as it was stored");
    assert_eq!(imported.flags["batch_loading"].state, State::Killed);
    assert_eq!(imported.flags["batch_loading"].requires.len(), 1);
    assert_eq!(
        imported.flags["alert_manager"],
        stored.flags["alert_manager"]
    );
    assert_eq!(imported.flags["new"].default, "on");
}

#[test]
fn what_cannot_be_imported_is_told_and_the_rest_is_imported() {
    let text = "FEATURE_A=perhaps\nFEATURE_B_ROLLOUT=101\nFEATURE_C=true\nFEATURE_=true";
    let imported = imported(Scheme::Feature, text, &document([]));
    insta::assert_snapshot!(set(&imported), @"
    c: Enabled, on, None, xxh3
    FEATURE_A=perhaps is not followed: write true or false
    FEATURE_B_ROLLOUT=101 is not followed: `101` is not a percentage: it is above 100
    FEATURE_ is not followed: no flag has this variable; did you mean FEATURE_A?
    ");
}

fn exported(scheme: Scheme, document: &FlagDocument) -> String {
    let exported = export(&EnvConfig::new(scheme), document);
    let unsaid: Vec<_> = exported.unsaid.iter().map(ToString::to_string).collect();
    format!("{}---\n{}", exported.text, unsaid.join("\n"))
}

#[test]
fn the_presets_are_exported_in_their_own_schemes() {
    let mut preset = document([]);
    preset.flags = Preset::Mspbyte.flags();
    insta::assert_snapshot!(exported(Scheme::Feature, &preset), @r#"
    # Process alerts through the alert manager
    FEATURE_ALERT_MANAGER=true
    FEATURE_ALERT_MANAGER_ROLLOUT=100
    # Load in batches
    FEATURE_BATCH_LOADING=true
    FEATURE_BATCH_LOADING_ROLLOUT=100
    # Run both pipelines and compare their results
    FEATURE_COMPARISON_MODE=true
    FEATURE_COMPARISON_MODE_ROLLOUT=0
    # Master switch: run the new pipeline
    FEATURE_NEW_PIPELINE=true
    FEATURE_NEW_PIPELINE_ROLLOUT=0
    # Record query times and slow queries
    FEATURE_PERFORMANCE_MONITORING=true
    FEATURE_PERFORMANCE_MONITORING_ROLLOUT=100
    # Analyse in one pass
    FEATURE_UNIFIED_ANALYZER=true
    FEATURE_UNIFIED_ANALYZER_ROLLOUT=100
    ---
    $.flags["alert_manager"].requires: no variable requires new_pipeline
    $.flags["batch_loading"].requires: no variable requires new_pipeline
    $.flags["performance_monitoring"].requires: no variable requires new_pipeline
    $.flags["unified_analyzer"].requires: no variable requires new_pipeline
    "#);
    preset.flags = Preset::Mdm.flags();
    insta::assert_snapshot!(exported(Scheme::Mdm, &preset), @"
    # Answer from old when new fails
    MDM_REFACTORING_AUTO_FALLBACK=true
    # Compare old and new on real calls
    MDM_REFACTORING_ENABLE_COMPARISON_TESTS=true
    # Measure the memory of both sides
    MDM_REFACTORING_ENABLE_MEMORY_PROFILING=false
    # Measure the time of both sides
    MDM_REFACTORING_ENABLE_PERFORMANCE_TRACKING=true
    # Store datasets through the new backend
    MDM_REFACTORING_USE_NEW_BACKEND=false
    MDM_REFACTORING_BACKEND_ROLLOUT_PERCENTAGE=0
    # Read the new configuration
    MDM_REFACTORING_USE_NEW_CONFIG=false
    MDM_REFACTORING_CONFIG_ROLLOUT_PERCENTAGE=0
    # Generate features with the new pipeline
    MDM_REFACTORING_USE_NEW_FEATURES=false
    MDM_REFACTORING_FEATURES_ROLLOUT_PERCENTAGE=0
    # Register datasets through the new registrar
    MDM_REFACTORING_USE_NEW_REGISTRAR=false
    MDM_REFACTORING_REGISTRAR_ROLLOUT_PERCENTAGE=0
    ---
    ");
}

#[test]
fn what_no_variable_says_is_listed_by_path() {
    let text = Definition::with_variants(
        ValueType::String,
        [("a".to_owned(), ValueType::String.zero())].into(),
        "a",
    );
    let inverse = Definition {
        default: "on".to_owned(),
        rollout: at("10").rollout.map(|rollout| Rollout {
            variant: Some("off".to_owned()),
            ..rollout
        }),
        ..Definition::boolean()
    };
    let staged = Definition {
        description: Some("first\nFEATURE_EVIL=true\u{1b}[2J".to_owned()),
        stage: Some(cutover_domain::Stage::Shadow),
        overrides: [("acme".to_owned(), "on".to_owned())].into(),
        requires: vec!["inverse".parse().unwrap()],
        ..at("12.5")
    };
    let killed = Definition {
        state: State::Killed,
        ..at("12.5")
    };
    let divided = Definition {
        rollout: Some(Rollout {
            split: vec![Weight::new("on", 1), Weight::new("off", 3)],
            ..Rollout::default()
        }),
        ..Definition::boolean()
    };
    let polish = Condition::test("country", Operator::Equals("PL".into()));
    let by_tenant = Definition {
        rules: vec![Rule::serving(polish, "on")].into(),
        rollout: at("10").rollout.map(|rollout| Rollout {
            by: Some("tenant".to_owned()),
            ..rollout
        }),
        ..Definition::boolean()
    };
    let flags = document([
        ("a.b", at("1")),
        ("a-b", at("1")),
        ("by-tenant", by_tenant),
        ("divided", divided),
        ("inverse", inverse),
        ("killed", killed),
        (
            "killed-text",
            Definition {
                state: State::Killed,
                ..text.clone()
            },
        ),
        ("staged", staged),
        ("text", text),
    ]);
    insta::assert_snapshot!(exported(Scheme::Feature, &flags), @r#"
    FEATURE_BY_TENANT=true
    FEATURE_BY_TENANT_ROLLOUT=10
    FEATURE_KILLED=false
    FEATURE_KILLED_ROLLOUT=12.5
    FEATURE_KILLED_TEXT=false
    # first
    # FEATURE_EVIL=true[2J
    FEATURE_STAGED=true
    FEATURE_STAGED_ROLLOUT=12.5
    ---
    $.flags["a-b"]: a-b and a.b have the same variable, FEATURE_A_B
    $.flags["a.b"]: a-b and a.b have the same variable, FEATURE_A_B
    $.flags["by-tenant"].rules: no variable has a condition
    $.flags["by-tenant"].rollout: units are bucketed in another way than by unit with xxh3: others are in
    $.flags["divided"].rollout.split: no variable divides units over variants
    $.flags["inverse"].rollout: the rollout takes the flag from those inside, and a variable can only give it to them
    $.flags["killed-text"].type: a variable is on or off, and this is of type string
    $.flags["staged"].requires: no variable requires inverse
    $.flags["staged"].overrides: no variable names a unit
    $.flags["staged"].stage: no variable has the stage shadow
    $.flags["text"].type: a variable is on or off, and this is of type string
    "#);
    insta::assert_snapshot!(exported(Scheme::Mdm, &flags), @r#"
    MDM_REFACTORING_BY_TENANT=false
    MDM_REFACTORING_BY_TENANT_ROLLOUT_PERCENTAGE=10
    MDM_REFACTORING_KILLED=false
    MDM_REFACTORING_KILLED_TEXT=false
    # first
    # FEATURE_EVIL=true[2J
    MDM_REFACTORING_STAGED=false
    MDM_REFACTORING_STAGED_ROLLOUT_PERCENTAGE=12.5
    ---
    $.flags["a-b"]: a-b and a.b have the same variable, MDM_REFACTORING_A_B
    $.flags["a.b"]: a-b and a.b have the same variable, MDM_REFACTORING_A_B
    $.flags["by-tenant"].rules: no variable has a condition
    $.flags["by-tenant"].rollout: units are bucketed in another way than by unit with md5-unsalted: others are in
    $.flags["divided"].rollout.split: no variable divides units over variants
    $.flags["inverse"].rollout: the rollout takes the flag from those inside, and a variable can only give it to them
    $.flags["killed"].state: no variable kills a flag; it is written as off for all, and what stands below the kill is lost
    $.flags["killed"].rollout: units are bucketed in another way than by unit with md5-unsalted: others are in
    $.flags["killed-text"].type: a variable is on or off, and this is of type string
    $.flags["killed-text"].state: no variable kills a flag; it is written as off for all, and what stands below the kill is lost
    $.flags["staged"].rollout.percentage: the programs of this scheme read whole percents only
    $.flags["staged"].requires: no variable requires inverse
    $.flags["staged"].overrides: no variable names a unit
    $.flags["staged"].stage: no variable has the stage shadow
    $.flags["staged"].rollout: units are bucketed in another way than by unit with md5-unsalted: others are in
    $.flags["text"].type: a variable is on or off, and this is of type string
    "#);
}

fn on_for(document: &FlagDocument, key: &str) -> Vec<bool> {
    let mut interner = Interner::default();
    let snapshot = Snapshot::compile(document, &mut interner);
    let slot = interner.slot(key);
    let units = (0..200).map(|unit| unit.to_string());
    units
        .map(|unit| snapshot.decide(slot, &Context::unit(&unit), false).on)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_exported_without_loss_answers_the_same_when_it_is_imported(
        flag in definition(),
        scheme in scheme(),
    ) {
        let stored = document([("use_new_x", flag)]);
        let config = EnvConfig::new(scheme);
        let exported = export(&config, &stored);
        let variables = dotenv::parse(&exported.text).unwrap();
        let mut back = document([]);
        back.flags = import(&config, variables, &back).flags;
        if exported.unsaid.is_empty() {
            prop_assert_eq!(back.flags["use_new_x"].state, stored.flags["use_new_x"].state);
            prop_assert_eq!(on_for(&back, "use_new_x"), on_for(&stored, "use_new_x"));
        }
    }
}
