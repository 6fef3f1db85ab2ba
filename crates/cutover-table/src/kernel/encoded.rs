//! Values of nested types, by an encoding of bytes that is equal where they are.

use arrow_array::{Array, ArrayRef};
use arrow_row::{RowConverter, Rows, SortField};
use arrow_schema::DataType;

use super::not_comparable;
use crate::TableError;
use crate::mask::Mask;

/// Encodes values of one nested type. Floats within them are compared bit by bit.
pub(crate) struct Encoded {
    converter: RowConverter,
}

impl Encoded {
    /// Whether values of this type are compared by their encoding.
    pub(crate) fn needed(data_type: &DataType) -> bool {
        data_type.is_nested()
    }

    pub(crate) fn new(data_type: &DataType) -> Result<Self, TableError> {
        let fields = vec![SortField::new(data_type.clone())];
        if !RowConverter::supports_fields(&fields) {
            return Err(not_comparable(data_type));
        }
        let converter = RowConverter::new(fields).map_err(|_| not_comparable(data_type))?;
        Ok(Self { converter })
    }

    /// The encodings, one for each row.
    pub(crate) fn rows(&self, array: &ArrayRef) -> Result<Rows, TableError> {
        self.converter
            .convert_columns(std::slice::from_ref(array))
            .map_err(|_| not_comparable(array.data_type()))
    }

    pub(crate) fn compare(&self, old: &ArrayRef, new: &ArrayRef) -> Result<Mask, TableError> {
        let (old_rows, new_rows) = (self.rows(old)?, self.rows(new)?);
        Ok(Mask::from_fn(old.len(), |row| {
            old_rows.row(row) != new_rows.row(row)
        }))
    }
}
