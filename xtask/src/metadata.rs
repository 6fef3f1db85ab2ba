//! What `cargo metadata` knows about the workspace, reduced to what the checks ask.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;

use crate::cargo;

/// How a package is depended on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Normal,
    Development,
    Build,
}

/// One line of a manifest's dependencies.
#[derive(Clone, Debug)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) optional: bool,
    /// The version requirement; `*` where only a path is given.
    pub(crate) requirement: String,
    /// The features that it is asked for.
    pub(crate) features: Vec<String>,
}

/// One package: ours, or a third party's.
#[derive(Clone, Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) licence: Option<String>,
    /// Ours: a member of the workspace.
    pub(crate) member: bool,
    pub(crate) dependencies: Vec<Dependency>,
    /// Features, and what each turns on.
    pub(crate) features: BTreeMap<String, Vec<String>>,
    /// Benchmarks by name.
    pub(crate) benches: Vec<String>,
}

/// The workspace and everything it is built from.
#[derive(Debug)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    pub(crate) target: PathBuf,
}

impl Metadata {
    /// Asks cargo.
    pub(crate) fn load() -> Result<Self, String> {
        let text = cargo::read(&mut cargo::cargo(["metadata", "--format-version", "1"]))?;
        Self::parse(&text)
    }

    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let unexpected = |what: &str| format!("`cargo metadata` answered without `{what}`");
        let value: Value = serde_json::from_str(text)
            .map_err(|error| format!("`cargo metadata` did not answer JSON: {error}"))?;
        let members: BTreeSet<&str> = value["workspace_members"]
            .as_array()
            .ok_or_else(|| unexpected("workspace_members"))?
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let packages = value["packages"]
            .as_array()
            .ok_or_else(|| unexpected("packages"))?
            .iter()
            .map(|package| {
                let id = package["id"].as_str().unwrap_or_default();
                self::package(package, members.contains(id))
            })
            .collect();
        let target = value["target_directory"]
            .as_str()
            .ok_or_else(|| unexpected("target_directory"))?;
        Ok(Self {
            packages,
            target: target.into(),
        })
    }

    /// Our packages.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.member)
    }

    /// Other people's packages.
    pub(crate) fn third_party(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| !package.member)
    }
}

fn package(value: &Value, member: bool) -> Package {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let texts = |value: &Value| list(value).iter().map(text).collect::<Vec<_>>();
    Package {
        name: text(&value["name"]),
        version: text(&value["version"]),
        licence: value["license"].as_str().map(str::to_owned),
        member,
        dependencies: list(&value["dependencies"])
            .iter()
            .map(|dependency| Dependency {
                name: text(&dependency["name"]),
                kind: match dependency["kind"].as_str() {
                    Some("dev") => Kind::Development,
                    Some("build") => Kind::Build,
                    _ => Kind::Normal,
                },
                optional: dependency["optional"].as_bool().unwrap_or(false),
                requirement: text(&dependency["req"]),
                features: texts(&dependency["features"]),
            })
            .collect(),
        features: value["features"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, turned_on)| (name.clone(), texts(turned_on)))
            .collect(),
        benches: list(&value["targets"])
            .iter()
            .filter(|target| list(&target["kind"]).iter().any(|kind| kind == "bench"))
            .map(|target| text(&target["name"]))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_dependencies_and_benches_are_read() {
        let metadata = Metadata::parse(
            r#"{
              "workspace_members": ["a"], "target_directory": "t",
              "packages": [
                {"id": "a", "name": "a", "version": "1.0.0", "license": null,
                 "features": {"default": []},
                 "targets": [{"name": "speed", "kind": ["bench"]}, {"name": "a", "kind": ["lib"]}],
                 "dependencies": [{"name": "b", "kind": "dev", "optional": false, "req": "*"}]},
                {"id": "b", "name": "b", "version": "2.0.0", "license": "MIT",
                 "features": {}, "targets": [], "dependencies": []}
              ]}"#,
        )
        .unwrap();
        let ours: Vec<&Package> = metadata.members().collect();
        assert_eq!(ours.len(), 1);
        assert_eq!(ours[0].benches, ["speed"]);
        assert_eq!(ours[0].dependencies[0].kind, Kind::Development);
        assert_eq!(
            metadata.third_party().next().unwrap().licence.as_deref(),
            Some("MIT")
        );
    }
}
