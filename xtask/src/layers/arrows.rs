//! Who may depend on whom. `docs/architecture.md` tells why; these tables are what is enforced.

use crate::metadata::{Kind, Metadata, Package};

/// A crate's place in the architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    /// Pure rules.
    Domain,
    /// Traits to the outside, with their in-memory reference.
    Ports,
    /// Documents into the domain's value tree.
    Formats,
    /// Procedural macros: expand to paths, depend on nothing of ours.
    Macros,
    /// Use cases.
    App,
    /// One way to the outside.
    Adapter,
    /// Contract suites, for us and for other workspaces.
    Testkit,
    /// HTTP.
    Server,
    /// What an application adds.
    Facade,
    /// The command line.
    CommandLine,
    /// Uses the facade as a stranger would.
    Stranger,
    /// Developer tools: depend on nothing of ours and look at what was built.
    Tools,
    /// A store in a process of its own, for tests that need many.
    Driver,
}

use Layer::{
    Adapter, App, CommandLine, Domain, Driver, Facade, Formats, Macros, Ports, Server, Stranger,
    Testkit, Tools,
};

/// Every crate has a place. A crate that is not here cannot be added by accident.
const PLACES: &[(&str, Layer)] = &[
    ("cutover", Facade),
    ("cutover-app", App),
    ("cutover-cli", CommandLine),
    ("cutover-domain", Domain),
    ("cutover-env", Adapter),
    ("cutover-file", Adapter),
    ("cutover-formats", Formats),
    ("cutover-http", Adapter),
    ("cutover-macros", Macros),
    ("cutover-ports", Ports),
    ("cutover-postgres", Adapter),
    ("cutover-prometheus", Adapter),
    ("cutover-server", Server),
    ("cutover-sqlite", Adapter),
    ("cutover-store-driver", Driver),
    ("cutover-table", Formats),
    ("cutover-testkit", Testkit),
    ("cutover-tests", Tools),
    ("mdm", Stranger),
    ("xtask", Tools),
];

/// What each layer may name. What is not listed is forbidden: adapter → adapter, app → adapter,
/// domain → anything of ours.
const ARROWS: &[(Layer, &[Layer])] = &[
    (Domain, &[]),
    (Macros, &[]),
    (Tools, &[]),
    (Ports, &[Domain]),
    (Formats, &[Domain]),
    (App, &[Domain, Ports]),
    (Adapter, &[Domain, Ports]),
    (Testkit, &[Domain, Ports]),
    (Server, &[Domain, Ports, Formats, App, Adapter]),
    (Facade, &[Domain, Ports, Formats, Macros, App, Adapter]),
    (CommandLine, &[Domain, Ports, Formats, App, Adapter, Server]),
    (Stranger, &[Facade]),
    (Driver, &[Domain, Ports, App, Adapter]),
];

/// What tests of any crate may name besides.
const ARROWS_OF_TESTS: &[Layer] = &[Testkit];

/// A heavy library has one owner; an application's own use of it is named here too.
const OWNERS: &[(&str, &[&str])] = &[
    ("arrow-array", &["cutover-table"]),
    ("axum", &["cutover-server"]),
    ("clap", &["cutover-cli"]),
    ("deadpool-postgres", &["cutover-postgres"]),
    ("notify", &["cutover-file"]),
    ("parquet", &["cutover-table"]),
    ("ratatui", &["cutover-cli"]),
    ("rusqlite", &["cutover-sqlite", "cutover-table", "mdm"]),
    ("syn", &["cutover-macros"]),
    ("tokio-postgres", &["cutover-postgres"]),
];

/// Effects that the domain gets as arguments and may therefore not reach itself.
const IMPURE: &[&str] = &[
    "async-trait",
    "futures-channel",
    "futures-core",
    "getrandom",
    "notify",
    "rand",
    "rustix",
    "tempfile",
    "tokio",
    "tracing",
    "uuid",
];

/// Libraries that a user of the crate must be able to leave out.
const OPTIONAL: &[(&str, &str)] = &[
    ("cutover-app", "maud"),
    ("cutover-app", "tokio"),
    ("cutover-file", "notify"),
];

/// Libraries where another or the standard library does it. Others may bring them along.
const NOT_DIRECTLY: &[(&str, &str)] = &[
    ("anyhow", "errors are `thiserror` enums or `PortError`"),
    ("chrono", "times are `jiff::Timestamp`"),
    (
        "criterion",
        "benchmarks use divan, which builds in a tenth of the time",
    ),
    ("fd-lock", "`std::fs::File::lock` does it"),
    ("fs4", "`std::fs::File::lock` does it"),
    ("lazy_static", "`std::sync::LazyLock` does it"),
    ("once_cell", "`std::sync::OnceLock` and `LazyLock` do it"),
];

/// One feature for each concern, so that who wants only flags compiles only flags.
const CONCERNS: &[(&str, &[&str])] = &[
    (
        "cutover-app",
        &["flags", "execution", "comparison", "metrics"],
    ),
    (
        "cutover-domain",
        &["flags", "execution", "comparison", "metrics"],
    ),
    ("cutover-file", &["flags", "comparison", "metrics"]),
    ("cutover-ports", &["flags", "comparison", "metrics"]),
    ("cutover-sqlite", &["flags", "comparison"]),
];

fn place(name: &str) -> Option<Layer> {
    PLACES
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, layer)| *layer)
}

fn allowed(layer: Layer) -> &'static [Layer] {
    ARROWS
        .iter()
        .find(|(from, _)| *from == layer)
        .map_or(&[], |(_, to)| to)
}

/// Every broken arrow.
pub(super) fn check(metadata: &Metadata) -> Vec<String> {
    let ours: Vec<&Package> = metadata.members().collect();
    let mut broken = Vec::new();
    for package in &ours {
        match place(&package.name) {
            Some(layer) => check_arrows(package, layer, &ours, &mut broken),
            None => broken.push(format!(
                "{} has no place in the architecture: give it one in \
                 xtask/src/layers/arrows.rs and docs/architecture.md",
                package.name
            )),
        }
        check_libraries(package, &mut broken);
        check_concerns(package, &mut broken);
    }
    broken
}

fn check_arrows(package: &Package, layer: Layer, ours: &[&Package], broken: &mut Vec<String>) {
    let name = &package.name;
    for dependency in &package.dependencies {
        let to = &dependency.name;
        if !ours.iter().any(|package| package.name == *to) {
            continue;
        }
        let Some(target) = place(to) else { continue };
        let for_tests = dependency.kind == Kind::Development;
        let fine = allowed(layer).contains(&target)
            || (for_tests && (ARROWS_OF_TESTS.contains(&target) || to == name));
        if !fine {
            broken.push(format!(
                "{name} → {to}: {layer:?} may not depend on {target:?}"
            ));
        }
        if target == Testkit && (!for_tests || dependency.requirement != "*") {
            broken.push(format!(
                "{name} → {to}: the test kit is a development dependency by path alone, \
                 because a published crate must not depend on the version of its own test kit"
            ));
        }
    }
}

fn check_libraries(package: &Package, broken: &mut Vec<String>) {
    let name = package.name.as_str();
    for dependency in &package.dependencies {
        let library = dependency.name.as_str();
        let owners = OWNERS
            .iter()
            .find(|(owned, _)| *owned == library)
            .map(|(_, by)| by);
        if let Some(owners) = owners.filter(|owners| !owners.contains(&name)) {
            broken.push(format!(
                "{name} → {library}: only {} may use it",
                owners.join(", ")
            ));
        }
        if let Some((_, why)) = NOT_DIRECTLY.iter().find(|(banned, _)| *banned == library) {
            broken.push(format!("{name} → {library}: {why}"));
        }
        let impure = IMPURE.contains(&library) && dependency.kind != Kind::Development;
        if place(name) == Some(Domain) && impure {
            broken.push(format!(
                "{name} → {library}: the domain is pure; pass it in"
            ));
        }
        let optional = OPTIONAL.contains(&(name, library)) && dependency.kind == Kind::Normal;
        if optional && !dependency.optional {
            broken.push(format!(
                "{name} → {library}: must be optional, behind a feature"
            ));
        }
    }
}

fn check_concerns(package: &Package, broken: &mut Vec<String>) {
    let Some((_, concerns)) = CONCERNS.iter().find(|(name, _)| *name == package.name) else {
        return;
    };
    for concern in *concerns {
        if !package.features.contains_key(*concern) {
            broken.push(format!("{} has no feature `{concern}`", package.name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::Dependency;

    fn package(name: &str, dependencies: &[(&str, Kind)]) -> Package {
        Package {
            name: name.to_owned(),
            version: "0.1.0".to_owned(),
            licence: None,
            member: true,
            dependencies: dependencies
                .iter()
                .map(|(name, kind)| Dependency {
                    name: (*name).to_owned(),
                    kind: *kind,
                    optional: false,
                    requirement: "*".to_owned(),
                    features: Vec::new(),
                })
                .collect(),
            features: ["flags", "execution", "comparison", "metrics"]
                .map(|name| (name.to_owned(), Vec::new()))
                .into(),
            benches: Vec::new(),
        }
    }

    /// The problems of a workspace in which `name` has one dependency.
    fn problems(name: &str, dependency: &str, kind: Kind) -> Vec<String> {
        let mut packages: Vec<Package> = PLACES
            .iter()
            .filter(|(known, _)| *known != name)
            .map(|(name, _)| package(name, &[]))
            .collect();
        packages.push(package(name, &[(dependency, kind)]));
        check(&Metadata {
            packages,
            target: "target".into(),
        })
    }

    #[test]
    fn arrows_of_the_architecture_are_allowed() {
        for (from, to, kind) in [
            ("cutover-ports", "cutover-domain", Kind::Normal),
            ("cutover-file", "cutover-ports", Kind::Normal),
            ("cutover-cli", "cutover-file", Kind::Normal),
            ("cutover", "cutover-sqlite", Kind::Normal),
            ("mdm", "cutover", Kind::Normal),
            ("cutover-file", "cutover-testkit", Kind::Development),
            ("mdm", "rusqlite", Kind::Normal),
            ("cutover-domain", "uuid", Kind::Development),
        ] {
            assert_eq!(
                problems(from, to, kind),
                Vec::<String>::new(),
                "{from} → {to}"
            );
        }
    }

    #[test]
    fn every_forbidden_arrow_is_found() {
        for (from, to, kind) in [
            ("cutover-file", "cutover-sqlite", Kind::Normal),
            ("cutover-app", "cutover-file", Kind::Normal),
            ("cutover-app", "cutover-file", Kind::Development),
            ("cutover-domain", "cutover-ports", Kind::Normal),
            ("cutover-domain", "tokio", Kind::Normal),
            ("cutover-formats", "cutover-ports", Kind::Normal),
            ("mdm", "cutover-file", Kind::Normal),
            ("xtask", "cutover-domain", Kind::Normal),
            ("cutover-file", "cutover-testkit", Kind::Normal),
            ("cutover-app", "rusqlite", Kind::Normal),
            ("cutover-cli", "anyhow", Kind::Normal),
            ("cutover-cli", "lazy_static", Kind::Build),
            ("cutover-app", "tokio", Kind::Normal),
            ("cutover-file", "notify", Kind::Normal),
        ] {
            assert_ne!(
                problems(from, to, kind),
                Vec::<String>::new(),
                "{from} → {to}"
            );
        }
    }

    #[test]
    fn a_crate_without_a_place_is_found() {
        let found = problems("cutover-misc", "serde", Kind::Normal);
        assert!(found[0].contains("has no place"), "{found:?}");
    }

    #[test]
    fn every_layer_has_its_arrows() {
        for (name, layer) in PLACES {
            assert!(ARROWS.iter().any(|(from, _)| from == layer), "{name}");
        }
    }
}
