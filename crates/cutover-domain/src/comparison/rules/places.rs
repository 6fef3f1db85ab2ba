//! Where a rule holds: nowhere, everywhere or at some paths.

use std::fmt;

use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// Written `true` for everywhere, or as a list of paths.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Places {
    Everywhere(bool),
    At(Vec<String>),
}

impl Default for Places {
    fn default() -> Self {
        Self::Everywhere(false)
    }
}

impl Places {
    pub(super) fn is_nowhere(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn is_everywhere(&self) -> bool {
        *self == Self::Everywhere(true)
    }

    pub(super) fn paths(&self) -> &[String] {
        match self {
            Self::At(paths) => paths,
            Self::Everywhere(_) => &[],
        }
    }

    /// One path more; everywhere stays everywhere.
    pub(super) fn add(&mut self, path: String) {
        match self {
            Self::Everywhere(true) => {}
            Self::Everywhere(false) => *self = Self::At(vec![path]),
            Self::At(paths) => paths.push(path),
        }
    }

    /// As [`add`](Self::add), for rules that hold at a path and below it: `$` is everywhere.
    pub(super) fn add_below(&mut self, path: String) {
        if path == "$" {
            *self = Self::Everywhere(true);
        } else {
            self.add(path);
        }
    }

    /// What holds at the places of both.
    pub(super) fn joined(&self, own: &Self) -> Self {
        match (self, own) {
            (Self::Everywhere(true), _) | (_, Self::Everywhere(true)) => Self::Everywhere(true),
            (Self::At(base), Self::At(own)) => Self::At([&base[..], own].concat()),
            (base, Self::Everywhere(false)) => base.clone(),
            (Self::Everywhere(false), own) => own.clone(),
        }
    }
}

impl Serialize for Places {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Everywhere(everywhere) => serializer.serialize_bool(*everywhere),
            Self::At(paths) => paths.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Places {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PlacesVisitor)
    }
}

struct PlacesVisitor;

impl<'de> Visitor<'de> for PlacesVisitor {
    type Value = Places;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`true` for everywhere, or a list of paths")
    }

    fn visit_bool<E: de::Error>(self, everywhere: bool) -> Result<Places, E> {
        Ok(Places::Everywhere(everywhere))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Places, A::Error> {
        let mut paths = Vec::new();
        while let Some(path) = access.next_element()? {
            paths.push(path);
        }
        Ok(Places::At(paths))
    }
}
