//! Giving space back to the file system.

use rusqlite::Connection;

/// So many pages are given back in one transaction.
const PAGES: i64 = 2000;

/// Shrinks the file. That it stays as large is no failure: the space is used again.
pub(crate) fn give_space_back(connection: &Connection) {
    let free = || connection.pragma_query_value(None, "freelist_count", |row| row.get::<_, i64>(0));
    let shrink = || {
        let mut statement = connection.prepare(&format!("PRAGMA incremental_vacuum({PAGES})"))?;
        let mut pages = statement.query([])?;
        while pages.next()?.is_some() {}
        Ok::<(), rusqlite::Error>(())
    };
    let mut left = i64::MAX;
    while let Ok(free) = free()
        && free < left
        && free > 0
        && shrink().is_ok()
    {
        left = free;
    }
    empty_log(connection);
}

/// Writes the log into the file and empties it; false if somebody still reads from it, or writes.
pub(crate) fn empty_log(connection: &Connection) -> bool {
    connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        .is_ok_and(|is_busy: i64| is_busy == 0)
}
