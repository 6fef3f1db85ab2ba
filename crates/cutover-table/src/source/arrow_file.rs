//! Arrow's own files and streams: `.arrow`, `.feather` (version 2), `.ipc`.

use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, SchemaRef};

use super::batches::{Shape, columns};
use super::input::open;
use super::parquet::guarded;
use super::{Batches, Column, Reading, Source, Surroundings, Wanted};
use crate::TableError;
use crate::error::Place;

/// What a file starts with; a stream starts with its schema.
const MAGIC: &[u8] = b"ARROW1";

/// A file of record batches.
pub(super) struct ArrowFile {
    path: PathBuf,
}

impl ArrowFile {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    /// Opens it, for some of its columns.
    fn open(
        &self,
        projection: Option<Vec<usize>>,
        around: &Surroundings,
    ) -> Result<Box<dyn RecordBatchReader + Send>, TableError> {
        let io = |error| TableError::io(&around.name, error);
        let mut head = Vec::new();
        let file = open(&self.path).map_err(io)?;
        let mut first = file.take(MAGIC.len() as u64);
        first.read_to_end(&mut head).map_err(io)?;
        let file = BufReader::new(open(&self.path).map_err(io)?);
        let opened = guarded(
            &around.name,
            || -> Result<Box<dyn RecordBatchReader + Send>, ArrowError> {
                Ok(if head == MAGIC {
                    Box::new(FileReader::try_new(file, projection)?)
                } else {
                    Box::new(StreamReader::try_new(file, projection)?)
                })
            },
        )?;
        opened.map_err(|error| {
            TableError::malformed(
                &around.name,
                Place::Whole,
                format_args!("is no Arrow file or stream that can be read: {error}"),
            )
        })
    }
}

impl Source for ArrowFile {
    fn describe(
        &mut self,
        around: &Surroundings,
        _: &mut dyn FnMut(u64),
    ) -> Result<Vec<Column>, TableError> {
        let schema: SchemaRef = self.open(None, around)?.schema();
        Ok(columns(&schema))
    }

    fn rows(&self) -> Option<u64> {
        None
    }

    fn read(
        &mut self,
        wanted: &[Wanted],
        _: Reading,
        around: &Surroundings,
    ) -> Result<Batches<'_>, TableError> {
        let mut projected: Vec<usize> = wanted.iter().map(|wanted| wanted.column).collect();
        projected.sort_unstable();
        projected.dedup();
        let mut reader = self.open(Some(projected.clone()), around)?;
        let mut shape = Shape::projected(wanted, &projected, around);
        let name = Arc::clone(&around.name);
        let mut ended = false;
        Ok(Box::new(std::iter::from_fn(move || {
            if ended {
                return None;
            }
            let next: Result<Option<Result<RecordBatch, ArrowError>>, TableError> =
                guarded(&name, || reader.next());
            let batch = match next {
                Ok(Some(Ok(batch))) => shape.batch(&batch),
                Ok(Some(Err(error))) => Err(TableError::arrow(&name, shape.rows(), error)),
                Ok(None) => return None,
                Err(error) => Err(error),
            };
            ended = batch.is_err();
            Some(batch)
        })))
    }
}
