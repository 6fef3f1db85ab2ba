use async_trait::async_trait;
use cutover_domain::comparison::{ComparisonRecord, Run};

use super::{ComparisonStore, MAX_PAGE, RecordQuery, RunQuery, Unreadable};
use crate::PortError;

/// Conveniences over any [`ComparisonStore`].
#[async_trait]
pub trait ComparisonStoreExt: ComparisonStore {
    /// The run that started last, if there is one.
    ///
    /// # Errors
    ///
    /// As [`ComparisonStore::runs`].
    async fn latest_run(&self) -> Result<Option<Run>, PortError> {
        let mut query = RunQuery::default().limit(1);
        loop {
            let page = self.runs(&query).await?;
            if let Some(run) = page.items.into_iter().next() {
                return Ok(Some(run));
            }
            match page.next {
                None => return Ok(None),
                next => query.after = next,
            }
        }
    }

    /// Shows every record that the query asks for to `visit`, newest first, page by page: memory
    /// stays bounded however many there are. The query's limit is the size of a page.
    ///
    /// # Errors
    ///
    /// As [`ComparisonStore::records`].
    async fn visit_records(
        &self,
        query: &RecordQuery,
        visit: &mut (dyn FnMut(ComparisonRecord) + Send),
    ) -> Result<Visited, PortError> {
        let mut query = query.clone();
        query.limit = query.limit.or(Some(MAX_PAGE / 10));
        let mut visited = Visited::default();
        loop {
            let page = self.records(&query).await?;
            visited.unreadable.extend(page.unreadable);
            for record in page.items {
                visited.records += 1;
                visit(record);
            }
            match page.next {
                None => return Ok(visited),
                next => query.after = next,
            }
        }
    }
}

impl<S: ComparisonStore + ?Sized> ComparisonStoreExt for S {}

/// What a visit met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visited {
    /// How many records.
    pub records: u64,
    /// What could not be read.
    pub unreadable: Vec<Unreadable>,
}
