//! How many bytes retained batches hold on to.

use std::collections::HashSet;

use arrow_array::{Array, ArrayRef};
use arrow_data::ArrayData;

/// Counts each allocation once, however many arrays look into it: a page of text is shared by
/// the batches that were cut from it, and a slice keeps the whole alive.
#[derive(Debug, Default)]
pub(crate) struct Footprint {
    seen: HashSet<usize>,
}

/// What the set itself takes for each allocation.
const PER_ALLOCATION: usize = 32;

impl Footprint {
    /// The bytes that `arrays` hold on to and nobody before them did.
    pub(crate) fn of_arrays(&mut self, arrays: &[ArrayRef]) -> u64 {
        let columns = arrays.iter();
        let bytes: usize = columns.map(|column| self.of_data(&column.to_data())).sum();
        let headers: usize = arrays.len() * size_of::<ArrayData>();
        (bytes + headers) as u64
    }

    fn of_data(&mut self, data: &ArrayData) -> usize {
        let mut bytes = 0;
        let nulls = data.nulls().map(|nulls| nulls.buffer());
        for buffer in data.buffers().iter().chain(nulls) {
            if self.seen.insert(buffer.data_ptr().as_ptr() as usize) {
                bytes += buffer.capacity() + PER_ALLOCATION;
            }
        }
        let children = data.child_data().iter();
        bytes + children.map(|child| self.of_data(child)).sum::<usize>()
    }
}
