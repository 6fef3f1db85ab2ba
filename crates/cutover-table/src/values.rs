//! Values of a column as parts of a document.

use arrow_array::cast::AsArray;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, GenericListArray, Int64Array, OffsetSizeTrait,
    StringViewArray, StructArray,
};
use arrow_buffer::NullBuffer;
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::DataType;
use cutover_domain::tree::{DuplicateKey, Tree, TreeBuilder};

use crate::conform::conform;
use crate::reconcile::plain;

/// The values of a column, by how they are added to a tree.
pub(crate) enum Values {
    Null,
    Booleans(BooleanArray),
    Integers(Int64Array),
    Floats(Float64Array),
    Texts(StringViewArray),
    /// Texts of JSON.
    Json(StringViewArray),
    /// Digits, which are a number.
    Digits(StringViewArray),
    Lists {
        nulls: Option<NullBuffer>,
        /// Where each list begins and ends among the items.
        ranges: Vec<(usize, usize)>,
        items: Box<Values>,
    },
    Objects {
        nulls: Option<NullBuffer>,
        members: Vec<(String, Values)>,
    },
    Maps {
        nulls: Option<NullBuffer>,
        ranges: Vec<(usize, usize)>,
        keys: StringViewArray,
        values: Box<Values>,
    },
}

impl Values {
    /// The values of `column`; its texts are JSON where that is so.
    pub(crate) fn of(column: &ArrayRef, as_json: bool) -> Self {
        match column.data_type() {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Booleans(column.as_boolean().clone()),
            DataType::Int64 => Self::Integers(column.as_primitive().clone()),
            DataType::Float64 => Self::Floats(column.as_primitive().clone()),
            DataType::Utf8View if as_json => Self::Json(column.as_string_view().clone()),
            DataType::Utf8View => Self::Texts(column.as_string_view().clone()),
            DataType::List(_) => Self::lists(column.as_list::<i32>()),
            DataType::LargeList(_) => Self::lists(column.as_list::<i64>()),
            DataType::FixedSizeList(..) => {
                let lists = column.as_fixed_size_list();
                let size = usize::try_from(lists.value_length()).unwrap_or(0);
                Self::Lists {
                    nulls: lists.nulls().cloned(),
                    ranges: (0..lists.len())
                        .map(|row| (row * size, (row + 1) * size))
                        .collect(),
                    items: Box::new(Self::within(lists.values())),
                }
            }
            DataType::Struct(fields) => {
                let parts = column.as_struct();
                Self::Objects {
                    nulls: parts.nulls().cloned(),
                    members: fields
                        .iter()
                        .zip(parts.columns())
                        .map(|(field, column)| (field.name().clone(), Self::within(column)))
                        .collect(),
                }
            }
            DataType::Map(..) => {
                let maps = column.as_map();
                let (ranges, entries) = part(maps.entries(), maps.value_offsets());
                Self::Maps {
                    nulls: maps.nulls().cloned(),
                    ranges,
                    keys: formatted(entries.column(0)),
                    values: Box::new(Self::within(entries.column(1))),
                }
            }
            other if other.is_decimal() => Self::Digits(formatted(column)),
            _ => Self::Texts(formatted(column)),
        }
    }

    /// The values of a part of a nested column, which are of any type.
    fn within(column: &ArrayRef) -> Self {
        let target = match plain(column.data_type()) {
            // Past what `i64` holds.
            DataType::UInt64 => DataType::Decimal128(20, 0),
            target => target,
        };
        let simple = matches!(
            target,
            DataType::Boolean
                | DataType::Int64
                | DataType::Float64
                | DataType::Decimal128(..)
                | DataType::Utf8View
        );
        // Texts of instants are in UTC: the rules of other zones are not known here.
        let is_instant = matches!(target, DataType::Timestamp(_, Some(_)));
        match conform(column, &target) {
            Ok(column) if simple || is_instant => Self::of(&column, false),
            _ => Self::of(column, false),
        }
    }

    fn lists<O: OffsetSizeTrait>(lists: &GenericListArray<O>) -> Self {
        let offsets = lists.value_offsets();
        let (first, last) = ends(offsets);
        Self::Lists {
            nulls: lists.nulls().cloned(),
            ranges: ranges(offsets),
            items: Box::new(Self::within(&lists.values().slice(first, last - first))),
        }
    }

    /// Adds the value of `row`.
    ///
    /// # Errors
    ///
    /// A map has a key twice.
    pub(crate) fn add(&self, row: usize, builder: &mut TreeBuilder) -> Result<(), DuplicateKey> {
        match self {
            Self::Booleans(values) if values.is_valid(row) => builder.bool(values.value(row)),
            Self::Integers(values) if values.is_valid(row) => builder.integer(values.value(row)),
            Self::Floats(values) if values.is_valid(row) => builder.float(values.value(row)),
            Self::Texts(values) if values.is_valid(row) => builder.string(values.value(row)),
            Self::Digits(values) if values.is_valid(row) => {
                builder.number(without_zeros(values.value(row)));
            }
            Self::Json(values) if values.is_valid(row) => {
                let text = values.value(row);
                match Tree::from_json(text) {
                    Ok(tree) => builder.value(tree.root()),
                    // What SQLite writes for bytes is no JSON.
                    Err(_) => builder.string(text),
                }
            }
            Self::Lists {
                nulls,
                ranges,
                items,
            } if is_valid(nulls, row) => {
                let (from, to) = ranges[row];
                builder.begin_array();
                for item in from..to {
                    items.add(item, builder)?;
                }
                builder.end_array();
            }
            Self::Objects { nulls, members } if is_valid(nulls, row) => {
                builder.begin_object();
                for (name, values) in members {
                    builder.key(name);
                    values.add(row, builder)?;
                }
                builder.end_object()?;
            }
            Self::Maps {
                nulls,
                ranges,
                keys,
                values,
            } if is_valid(nulls, row) => {
                let (from, to) = ranges[row];
                builder.begin_object();
                for entry in from..to {
                    builder.key(keys.value(entry));
                    values.add(entry, builder)?;
                }
                builder.end_object()?;
            }
            _ => builder.null(),
        }
        Ok(())
    }
}

fn is_valid(nulls: &Option<NullBuffer>, row: usize) -> bool {
    nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row))
}

/// Where the first and the last list begin and end.
fn ends<O: OffsetSizeTrait>(offsets: &[O]) -> (usize, usize) {
    let at = |offset: Option<&O>| offset.map_or(0, |offset| offset.as_usize());
    (at(offsets.first()), at(offsets.last()))
}

/// Where each list begins and ends, from the first item of the first.
fn ranges<O: OffsetSizeTrait>(offsets: &[O]) -> Vec<(usize, usize)> {
    let (first, _) = ends(offsets);
    let places = offsets.windows(2);
    places
        .map(|two| (two[0].as_usize() - first, two[1].as_usize() - first))
        .collect()
}

/// The entries that maps have, and where those of each are.
fn part(entries: &StructArray, offsets: &[i32]) -> (Vec<(usize, usize)>, StructArray) {
    let (first, last) = ends(offsets);
    (ranges(offsets), entries.slice(first, last - first))
}

/// Values as texts.
fn formatted(column: &ArrayRef) -> StringViewArray {
    let options = FormatOptions::new().with_null("null");
    let nested = FormatOptions::new()
        .with_null("null")
        .with_quoted_strings(true);
    let options = if column.data_type().is_nested() {
        &nested
    } else {
        &options
    };
    let Ok(formatter) = ArrayFormatter::try_new(column.as_ref(), options) else {
        return StringViewArray::new_null(column.len());
    };
    let text = |row: usize| match formatter.value(row).try_to_string() {
        Ok(text) => text,
        // A date past the calendar: shown as what it is.
        Err(error) => format!("({error})"),
    };
    (0..column.len())
        .map(|row| column.is_valid(row).then(|| text(row)))
        .collect()
}

/// Digits without the zeros that only the widest number of the column needs.
fn without_zeros(digits: &str) -> &str {
    if digits.contains('.') {
        digits.trim_end_matches('0').trim_end_matches('.')
    } else {
        digits
    }
}
