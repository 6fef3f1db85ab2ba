//! Which columns are compared with which, and as what.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow_schema::DataType;

use crate::comparator::{TableComparator, Types};
use crate::comparison::{Matching, SchemaDifference, SchemaDifferenceKind};
use crate::kernel::Rule;
use crate::reconcile::{Common, Relation, declared, has_many_digits, reconcile, shown};
use crate::source::{Column, Described, Table, Wanted, Written};
use crate::{TableError, Tolerance};

/// Two columns that are compared.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) name: Arc<str>,
    pub(crate) new_name: Option<String>,
    pub(crate) old_type: String,
    pub(crate) new_type: String,
    pub(crate) target: DataType,
    pub(crate) rule: Rule,
    pub(crate) key: bool,
    old: Wanted,
    new: Wanted,
}

/// Which columns are compared with which, and where the columns themselves part.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) pairs: Vec<Pair>,
    /// Which of the pairs are the key, in its order.
    pub(crate) keys: Vec<usize>,
    pub(crate) schema: Vec<SchemaDifference>,
}

/// The columns of one table by name.
struct Named<'a> {
    table: &'a Table,
    columns: &'a [Column],
    places: HashMap<&'a str, usize>,
}

impl<'a> Named<'a> {
    fn new(
        table: &'a Table,
        columns: &'a [Column],
        ignored: &[String],
    ) -> Result<Self, TableError> {
        let ignored: HashSet<&str> = ignored.iter().map(String::as_str).collect();
        let mut places = HashMap::with_capacity(columns.len());
        for (at, column) in columns.iter().enumerate() {
            let name = column.name.as_str();
            if ignored.contains(name) {
                continue;
            }
            if let Some(first) = places.insert(name, at) {
                return Err(TableError::TwoColumns {
                    table: table.name().to_owned(),
                    column: name.to_owned(),
                    first: first + 1,
                    second: at + 1,
                });
            }
        }
        Ok(Self {
            table,
            columns,
            places,
        })
    }

    fn find(&self, column: &str) -> Result<usize, TableError> {
        self.places.get(column).copied().ok_or_else(|| {
            let mut columns: Vec<String> = self
                .columns
                .iter()
                .take(12)
                .map(|known| format!("{:?}", known.name))
                .collect();
            if self.columns.len() > columns.len() {
                columns.push(format!("… ({} in all)", self.columns.len()));
            }
            TableError::NoSuchColumn {
                table: self.table.name().to_owned(),
                column: column.to_owned(),
                columns: columns.join(", "),
            }
        })
    }

    /// The columns that are not ignored, in order.
    fn in_order(&self) -> impl Iterator<Item = (usize, &'a Column)> + '_ {
        let columns = self.columns.iter().enumerate();
        columns.filter(|(at, column)| self.places.get(column.name.as_str()) == Some(at))
    }
}

impl Plan {
    /// # Errors
    ///
    /// A column that was named is not there, or is there twice; nothing can be compared.
    pub(crate) fn new(
        settings: &TableComparator,
        (old_table, old_columns): (&Table, &[Column]),
        (new_table, new_columns): (&Table, &[Column]),
    ) -> Result<Self, TableError> {
        let old = Named::new(old_table, old_columns, &settings.ignored)?;
        let new = Named::new(new_table, new_columns, &settings.ignored)?;
        check(settings, &old, &new)?;
        let keys = settings.matching.key();
        let mut plan = Self {
            pairs: Vec::new(),
            keys: Vec::new(),
            schema: Vec::new(),
        };
        let mut taken = HashSet::new();
        for (at, column) in old.in_order() {
            let name = settings.mapped.get(&column.name).unwrap_or(&column.name);
            let Some(other) = new.places.get(name.as_str()).copied() else {
                plan.only(SchemaDifferenceKind::OnlyOld, column);
                continue;
            };
            taken.insert(other);
            let key = keys.contains(&column.name);
            plan.pair(settings, (at, column), (other, &new.columns[other]), key)?;
        }
        for (at, column) in new.in_order() {
            if !taken.contains(&at) {
                plan.only(SchemaDifferenceKind::OnlyNew, column);
            }
        }
        plan.note_order(settings.types);
        for key in keys {
            let place = plan.pairs.iter().position(|pair| *pair.name == **key);
            plan.keys.push(place.ok_or_else(|| {
                TableError::Settings(format!(
                    "the values of the key column {key:?} cannot be compared between the tables"
                ))
            })?);
        }
        if plan.pairs.is_empty() {
            return Err(TableError::Settings(format!(
                "{} and {} have no column in common that could be compared",
                old_table.name(),
                new_table.name()
            )));
        }
        Ok(plan)
    }

    fn only(&mut self, kind: SchemaDifferenceKind, column: &Column) {
        let kind_of_value = Some(shown(&column.kind));
        let old_has_it = kind == SchemaDifferenceKind::OnlyOld;
        let (old, new) = if old_has_it {
            (kind_of_value, None)
        } else {
            (None, kind_of_value)
        };
        self.schema.push(SchemaDifference {
            kind,
            column: column.name.clone(),
            old,
            new,
            material: true,
        });
    }

    fn pair(
        &mut self,
        settings: &TableComparator,
        (at, old): (usize, &Column),
        (other, new): (usize, &Column),
        key: bool,
    ) -> Result<(), TableError> {
        let exact = settings.floats.is_exact() || key;
        let declared_here = settings.declared.contains_key(&old.name);
        let common = match settings.declared.get(&old.name) {
            Some(column_type) => {
                let common = declared(*column_type, &old.kind, &new.kind);
                Some(common.ok_or_else(|| {
                    TableError::Settings(format!(
                        "column {:?} cannot be compared as {}: it is {} in old and {} in new",
                        old.name,
                        column_type.name(),
                        shown(&old.kind),
                        shown(&new.kind)
                    ))
                })?)
            }
            None => reconcile(&old.kind, &new.kind, exact),
        };
        let changed = matches!(&common, Some(common) if common.relation == Relation::Changed);
        let written = match Written::between(&old.kind, &new.kind) {
            _ if declared_here => Written::Plain,
            Written::Plain if changed && old.by_value && new.by_value => Written::Json,
            written => written,
        };
        let common = common.map(|common| match written {
            Written::Plain => common,
            Written::Json | Written::JsonWithoutNull => Common {
                target: DataType::Utf8View,
                ..common
            },
        });
        let relation = common.as_ref().map(|common| common.relation);
        let (kind, material) = match relation {
            Some(Relation::Same) => (None, false),
            Some(Relation::Widened) => (
                Some(SchemaDifferenceKind::Type),
                settings.types == Types::Strict,
            ),
            Some(Relation::Changed) => (Some(SchemaDifferenceKind::Type), true),
            None => (Some(SchemaDifferenceKind::NotCompared), true),
        };
        if let Some(kind) = kind {
            self.schema.push(SchemaDifference {
                kind,
                column: old.name.clone(),
                old: Some(shown(&old.kind)),
                new: Some(shown(&new.kind)),
                material,
            });
        }
        let Some(common) = common else {
            return Ok(());
        };
        let rule = if key {
            Rule::EXACT
        } else {
            Rule {
                tolerance: tolerance(settings, &old.name, &common)?,
                text: settings.text,
            }
        };
        let wanted = |column: usize, side: &Described, other: &Described| Wanted {
            column,
            target: common.target.clone(),
            // Between two CSV files an empty field is an empty field, however it is quoted.
            quoted_empty_is_text: matches!(other, Described::Typed(_)),
            written,
            lossless: common.mixed && rule.tolerance.is_exact() && has_many_digits(side),
        };
        self.pairs.push(Pair {
            name: Arc::from(old.name.as_str()),
            new_name: (old.name != new.name).then(|| new.name.clone()),
            old_type: shown(&old.kind),
            new_type: shown(&new.kind),
            old: wanted(at, &old.kind, &new.kind),
            new: wanted(other, &new.kind, &old.kind),
            target: common.target,
            rule,
            key,
        });
        Ok(())
    }

    /// Says which columns stand elsewhere among the common ones.
    fn note_order(&mut self, types: Types) {
        let mut places: Vec<usize> = self.pairs.iter().map(|pair| pair.new.column).collect();
        places.sort_unstable();
        for (at, pair) in self.pairs.iter().enumerate() {
            if places[at] != pair.new.column {
                self.schema.push(SchemaDifference {
                    kind: SchemaDifferenceKind::Order,
                    column: pair.name.to_string(),
                    old: Some((pair.old.column + 1).to_string()),
                    new: Some((pair.new.column + 1).to_string()),
                    material: types == Types::Strict,
                });
            }
        }
    }

    /// What to read of old: all pairs, in their order.
    pub(crate) fn of_old(&self) -> Vec<Wanted> {
        self.pairs.iter().map(|pair| pair.old.clone()).collect()
    }

    /// What to read of new.
    pub(crate) fn of_new(&self) -> Vec<Wanted> {
        self.pairs.iter().map(|pair| pair.new.clone()).collect()
    }

    /// What to read of new for its keys alone.
    pub(crate) fn keys_of_new(&self) -> Vec<Wanted> {
        let keys = self.keys.iter();
        keys.map(|at| self.pairs[*at].new.clone()).collect()
    }

    /// The types of the key columns.
    pub(crate) fn key_types(&self) -> impl Iterator<Item = &DataType> {
        self.keys.iter().map(|at| &self.pairs[*at].target)
    }
}

/// Every column that was named is there.
fn check(settings: &TableComparator, old: &Named<'_>, new: &Named<'_>) -> Result<(), TableError> {
    if let Matching::Key { columns } | Matching::SortedKey { columns } = &settings.matching {
        if columns.is_empty() {
            return Err(TableError::Settings(
                "a key needs at least one column".to_owned(),
            ));
        }
        for (at, column) in columns.iter().enumerate() {
            old.find(column)?;
            new.find(settings.mapped.get(column).unwrap_or(column))?;
            if columns[..at].contains(column) {
                return Err(TableError::Settings(format!(
                    "{column:?} is twice among the columns of the key"
                )));
            }
        }
    }
    let mut targets = HashSet::new();
    for (from, to) in &settings.mapped {
        old.find(from)?;
        new.find(to)?;
        // Without a new name of its own, the column of old called `to` would meet it as well.
        let taken_twice = !targets.insert(to)
            || (from != to
                && old.places.contains_key(to.as_str())
                && !settings.mapped.contains_key(to));
        if taken_twice {
            return Err(TableError::Settings(format!(
                "two columns of {} would be compared with {to:?} of {}; map or ignore one of them",
                old.table.name(),
                new.table.name()
            )));
        }
    }
    for column in settings.tolerances.keys().chain(settings.declared.keys()) {
        old.find(column)?;
    }
    for column in &settings.ignored {
        let has = |side: &Named<'_>| side.columns.iter().any(|known| known.name == *column);
        if !has(old) && !has(new) {
            old.find(column)?;
        }
    }
    Ok(())
}

fn tolerance(
    settings: &TableComparator,
    column: &str,
    common: &Common,
) -> Result<Tolerance, TableError> {
    let numeric = common.target.is_numeric();
    let own = settings.tolerances.get(column);
    let tolerance = match own {
        Some(_) if !numeric => {
            return Err(TableError::Settings(format!(
                "column {column:?} has a tolerance, but its values are no numbers on both sides"
            )));
        }
        Some(tolerance) => *tolerance,
        None if !numeric => Tolerance::EXACT,
        None => match settings.numbers {
            Some(tolerance) => tolerance,
            None if common.target == DataType::Float64 => settings.floats,
            None => Tolerance::EXACT,
        },
    };
    if !tolerance.is_valid() {
        return Err(TableError::Settings(format!(
            "the tolerance of column {column:?} must be a finite number from 0, or a share from 0 to \
             less than 1"
        )));
    }
    Ok(tolerance)
}
