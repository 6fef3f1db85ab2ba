//! The values of new that old never gives, in single records.

use std::collections::{HashMap, HashSet};

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use super::GivenAt;
use super::evidence::{path_hash, value_in_case};
use super::learner::Group;

/// Records in which new gave the same values.
#[derive(Clone, Debug)]
pub(super) struct Suspect {
    pub(super) group: Group,
    pub(super) marks: Marks,
}

impl Suspect {
    /// Records of the same hash are read in the same way.
    pub(super) fn hash(&self) -> u128 {
        let mut hash = Xxh3::new();
        hash.update(&self.group.hash().to_le_bytes());
        for member in &self.group.members {
            for count in [member.differences, member.alone, member.parted] {
                hash.update(&count.to_le_bytes());
            }
        }
        hash.update(&self.marks.case.unwrap_or_default().to_le_bytes());
        for mark in &self.marks.values {
            hash.update(&mark.path.to_le_bytes());
            hash.update(&mark.value.to_le_bytes());
            hash.update(&mark.at.to_le_bytes());
            hash.update(&[u8::from(mark.is_alone)]);
        }
        hash.digest128()
    }
}

/// The values of new in one record, where it differs from old's first.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Marks {
    case: Option<u64>,
    pub(super) values: Vec<Mark>,
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Mark {
    path: u64,
    value: u32,
    at: u32,
    /// Whether old's runs gave one and the same other one.
    is_alone: bool,
}

/// The values of new that old never gives, where old does otherwise repeat itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Foreign {
    pub(super) values: HashSet<(u64, u32)>,
    pub(super) of_cases: HashSet<u128>,
    /// At each place, how many values old never gave in any case, and in how many cases new always
    /// gives what old never does.
    pub(super) places: HashMap<u64, [u64; 2]>,
    /// Whether single records cannot be told: then all differences at such places count.
    pub(super) is_blunt: bool,
}

/// How many values of a record old never gives, by place; and how many of them stand where old
/// answers in several ways.
pub(super) type ForeignIn = HashMap<u64, [u64; 2]>;

impl Marks {
    /// What new gave in a record, and old's first run did not.
    pub(super) fn of(given: &[GivenAt], case: Option<&str>) -> Self {
        let values = given.iter().flat_map(|place| {
            let path = path_hash(&place.path);
            let of_new = place.values.iter().filter(|given| given.is_new());
            of_new.map(move |given| Mark {
                path,
                value: given.value,
                at: given.at,
                is_alone: given.is_alone(),
            })
        });
        Self {
            case: case.map(|case| xxh3_64(case.as_bytes())),
            values: values.collect(),
        }
    }

    /// The value of one difference of new.
    pub(super) fn one(path: &str, [value, at]: [u32; 2], case: Option<&str>) -> Self {
        let mark = |at| Mark {
            path: path_hash(path),
            value,
            at,
            is_alone: false,
        };
        Self {
            case: case.map(|case| xxh3_64(case.as_bytes())),
            values: vec![mark(at), mark(0)],
        }
    }
}

impl Foreign {
    /// What old never gives of the values of a record.
    pub(super) fn of(&self, marks: &Marks) -> ForeignIn {
        let mut found = ForeignIn::new();
        for mark in &marks.values {
            let in_case = |case| {
                let key = value_in_case(case, (mark.path, mark.value, mark.at));
                self.of_cases.contains(&key)
            };
            if self.values.contains(&(mark.path, mark.value)) || marks.case.is_some_and(in_case) {
                let [all, varied] = found.entry(mark.path).or_default();
                *all += 1;
                *varied += u64::from(!mark.is_alone);
            }
        }
        found
    }
}
