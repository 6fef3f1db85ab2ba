//! One database file, and connections to it that notice when another file takes its place.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cutover_ports::{PortError, PortErrorKind};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::error::{self, Operation};
use crate::space::empty_log;
use crate::{create, migrations};

/// The environment of those who name none.
pub const DEFAULT_ENVIRONMENT: &str = "default";

/// A write-ahead log that is longer is written into the database and emptied by those who write,
/// before they write on. SQLite writes it into the database at a quarter of this, but begins it anew
/// only when nobody uses it, which with many processes that write is hardly ever.
const LONGEST_LOG: u64 = 16 << 20;

/// So long they try, each time the log has grown by so much. Somebody may read from it for longer.
const LOG_PATIENCE: Duration = Duration::from_millis(200);
const LOG_PAUSE: Duration = Duration::from_millis(1);

/// How often a waiting writer tries the lock.
const LOCK_TRIES: [Duration; 3] = [
    Duration::from_micros(200),
    Duration::from_millis(1),
    Duration::from_millis(3),
];

/// Where the database is.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) path: PathBuf,
    /// How long to wait for others.
    pub(crate) lock_timeout: Duration,
    /// What a commit survives.
    pub(crate) durability: Durability,
}

/// What a commit survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// The end of the process. A loss of power may take the last commits, as a whole each.
    #[cfg_attr(
        not(feature = "comparison"),
        expect(dead_code, reason = "flags are never lost")
    )]
    Process,
    /// A loss of power, too.
    Power,
}

impl Durability {
    /// The setting of SQLite.
    pub(crate) fn synchronous(self) -> &'static str {
        match self {
            Self::Process => "normal",
            Self::Power => "full",
        }
    }
}

/// What tells that a database file is another one, or was written to. In WAL mode only a
/// checkpoint writes to it, so this changes seldom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    pub(crate) identity: Identity,
    len: u64,
    modified: Option<std::time::SystemTime>,
}

/// The write-ahead log of a database.
#[derive(Clone, Copy, Debug)]
struct Log {
    identity: Identity,
    len: u64,
}

/// What a file keeps for life: its device and number. Nothing where there is no such thing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Identity(u64, u64);

impl Identity {
    #[cfg(unix)]
    fn of(found: &fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self(found.dev(), found.ino())
    }

    #[cfg(not(unix))]
    fn of(_: &fs::Metadata) -> Self {
        // An open file cannot be replaced here.
        Self::default()
    }
}

impl Database {
    pub(crate) fn new(path: &Path, lock_timeout: Duration) -> Self {
        // SQLite would take `:memory:` and `file:…` for something else than names of files.
        let path = if path.is_relative() {
            Path::new(".").join(path)
        } else {
            path.to_owned()
        };
        Self {
            path,
            lock_timeout,
            durability: Durability::Power,
        }
    }

    /// The file as it is now; `None` when there is none.
    ///
    /// The file is never opened but by SQLite: closing it would drop SQLite's locks on it.
    pub(crate) fn look(&self, operation: Operation) -> Result<Option<Fingerprint>, PortError> {
        let path = &self.path;
        match fs::metadata(path) {
            Ok(found) if !found.is_file() => {
                Err(
                    error::corrupt(operation, path.display(), "it is not a file")
                        .advice("move it away, or name another place"),
                )
            }
            Ok(found) if found.len() == 0 => {
                Err(
                    error::corrupt(operation, path.display(), "the file is empty").advice(
                        "restore the database from a backup; if there never was anything in it, \
                     remove the file",
                    ),
                )
            }
            Ok(found) => Ok(Some(Fingerprint {
                identity: Identity::of(&found),
                len: found.len(),
                modified: found.modified().ok(),
            })),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                self.check_absence(operation)?;
                Ok(None)
            }
            Err(cause) => Err(PortError::io(operation, path.display(), cause)
                .advice("check the name, and that this process may look into the directory")),
        }
    }

    fn gone(&self, kind: PortErrorKind, operation: Operation) -> PortError {
        PortError::new(kind, operation)
            .at(self.path.display())
            .because("the database or its write-ahead log was moved, removed or replaced meanwhile")
            .advice("read again to see what is there")
    }

    /// The write-ahead log beside it; `None` when there is none. SQLite removes it only when nobody
    /// has the database open.
    fn log(&self) -> Option<Log> {
        let found = fs::metadata(create::beside(&self.path, "-wal")).ok()?;
        Some(Log {
            identity: Identity::of(&found),
            len: found.len(),
        })
    }

    /// Absent is only what has left no trace.
    fn check_absence(&self, operation: Operation) -> Result<(), PortError> {
        if self.path.is_symlink() {
            let why = "it is a symbolic link that leads nowhere";
            return Err(error::corrupt(operation, self.path.display(), why)
                .advice("put the database back where the link leads, or remove the link"));
        }
        let log = create::beside(&self.path, "-wal");
        if fs::metadata(&log).is_ok_and(|found| found.len() > 0) && !self.path.exists() {
            let why = format_args!(
                "the database is missing, but its write-ahead log {} is there",
                log.display()
            );
            return Err(error::corrupt(operation, self.path.display(), why).advice(
                "put the database back beside its log; or, to start anew, move the log away, too",
            ));
        }
        Ok(())
    }

    /// A connection to the file, which is there.
    fn connect(&self, operation: Operation) -> Result<Connection, PortError> {
        let path = &self.path;
        let failed = || error::sqlite(operation, path);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_EXRESCODE;
        let mut connection = Connection::open_with_flags(path, flags).map_err(failed())?;
        self.set_up(&connection).map_err(failed())?;
        migrations::bring_up_to_date(operation, path, &mut connection)?;
        let mode: String = connection
            .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))
            .map_err(failed())?;
        if mode != "wal" {
            return Err(PortError::new(PortErrorKind::Unavailable, operation)
                .at(path.display())
                .because("SQLite cannot keep a write-ahead log here")
                .advice(
                    "keep the database on a local disk, in a directory that this process may \
                     write to",
                ));
        }
        Ok(connection)
    }

    /// What every connection is told before it reads.
    pub(crate) fn set_up(&self, connection: &Connection) -> rusqlite::Result<()> {
        connection.busy_timeout(self.lock_timeout)?;
        // A sync alone does not reach the disk everywhere (macOS).
        connection.pragma_update(None, "synchronous", self.durability.synchronous())?;
        connection.pragma_update(None, "fullfsync", true)?;
        // A damaged page is an error, not a guess; and the file may come from anybody.
        connection.pragma_update(None, "cell_size_check", true)?;
        connection.pragma_update(None, "trusted_schema", false)
    }

    /// The right to write: waits for other writers, and changes nothing when they take too long.
    pub(crate) fn begin<'c>(
        &self,
        operation: Operation,
        connection: &'c Connection,
    ) -> Result<Transaction<'c>, PortError> {
        self.begin_while(operation, connection, || Ok(()))
    }

    /// The same, but gives up as soon as waiting is of no use any more.
    pub(crate) fn begin_while<'c>(
        &self,
        operation: Operation,
        connection: &'c Connection,
        is_of_use: impl FnMut() -> Result<(), PortError>,
    ) -> Result<Transaction<'c>, PortError> {
        let failed = || error::sqlite(operation, &self.path);
        // SQLite's own waiting looks again after as much as a tenth of a second.
        connection.busy_timeout(Duration::ZERO).map_err(failed())?;
        let begun = self.wait_for_lock(operation, connection, is_of_use);
        connection
            .busy_timeout(self.lock_timeout)
            .map_err(failed())?;
        begun
    }

    /// Whether somebody else has the right to write now. Where nobody may have it, nobody has it.
    #[cfg(any(feature = "flags", test))]
    pub(crate) fn is_locked(&self, connection: &Connection) -> rusqlite::Result<bool> {
        connection.busy_timeout(Duration::ZERO)?;
        let begun = Transaction::new_unchecked(connection, TransactionBehavior::Immediate);
        let is_locked = begun.is_err_and(|error| is_busy(&error));
        connection.busy_timeout(self.lock_timeout)?;
        Ok(is_locked)
    }

    fn wait_for_lock<'c>(
        &self,
        operation: Operation,
        connection: &'c Connection,
        mut is_of_use: impl FnMut() -> Result<(), PortError>,
    ) -> Result<Transaction<'c>, PortError> {
        let start = Instant::now();
        let mut pauses = LOCK_TRIES.iter().copied();
        let mut pause = Duration::ZERO;
        loop {
            match Transaction::new_unchecked(connection, TransactionBehavior::Immediate) {
                Ok(transaction) => return Ok(transaction),
                Err(error) if is_busy(&error) && start.elapsed() >= self.lock_timeout => {
                    let patience = self.lock_timeout;
                    return Err(
                        error::sqlite(operation, &self.path)(error).because(format_args!(
                            "another writer has held the lock for {patience:?}"
                        )),
                    );
                }
                Err(error) if is_busy(&error) => {}
                Err(error) => return Err(error::sqlite(operation, &self.path)(error)),
            }
            is_of_use()?;
            pause = pauses.next().unwrap_or(pause);
            std::thread::sleep(pause);
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ffi::ErrorCode::DatabaseBusy)
}

/// A place to work at: the database, and a connection as long as it is good.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) database: Arc<Database>,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    database: Arc<Database>,
    connection: Connection,
    file: Fingerprint,
    /// The write-ahead log, once it is there.
    log: Option<Identity>,
    /// How long the log was when it could not be emptied.
    log_in_use: u64,
}

impl Open {
    /// Whether somebody took the log away from under the connection: what it writes from then on
    /// nobody else sees, and it is gone with the last process that has the old log open.
    fn has_lost_its_log(&mut self) -> bool {
        let now = self.database.log().map(|log| log.identity);
        self.log = self.log.or(now);
        self.log != now
    }

    /// Empties a log that has become too long.
    fn keep_log_short(&mut self) {
        let len = || self.database.log().map_or(0, |log| log.len);
        let now = len();
        if now < self.log_in_use {
            self.log_in_use = 0;
        }
        if now <= self.log_in_use + LONGEST_LOG || self.patience(Duration::ZERO).is_err() {
            return;
        }
        let start = Instant::now();
        // Another one may empty it meanwhile.
        while len() > LONGEST_LOG && !empty_log(&self.connection) && start.elapsed() < LOG_PATIENCE
        {
            std::thread::sleep(LOG_PAUSE);
        }
        let _ = self.patience(self.database.lock_timeout);
        self.log_in_use = if len() > LONGEST_LOG { len() } else { 0 };
    }

    fn patience(&self, patience: Duration) -> rusqlite::Result<()> {
        self.connection.busy_timeout(patience)
    }
}

/// The last connection that is closed writes its log into the database, which brings back what is
/// in a log that was taken away; and it removes what stands in the log's place. That must not be
/// what others have written meanwhile.
impl Drop for Open {
    fn drop(&mut self) {
        let is_begun = self.database.log().is_some_and(|log| log.len > 0);
        if is_begun && self.has_lost_its_log() {
            let stays = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
            let _ = self.connection.set_db_config(stays, true);
        }
    }
}

impl Desk {
    pub(crate) fn new(database: Arc<Database>) -> Self {
        let open = None;
        Self { database, open }
    }

    /// Closes the connection.
    pub(crate) fn leave(&mut self) {
        self.open = None;
    }

    /// Connects to the file as it is now, anew when it is not as it was. True when it did.
    pub(crate) fn refresh(&mut self, operation: Operation) -> Result<bool, PortError> {
        let found = self.database.look(operation).inspect_err(|_| {
            self.open = None;
        })?;
        let is_good = match &mut self.open {
            Some(open) => Some(open.file) == found && !open.has_lost_its_log(),
            None => found.is_none(),
        };
        if is_good {
            return Ok(false);
        }
        self.open = None;
        let Some(file) = found else { return Ok(true) };
        let connection = self.database.connect(operation)?;
        let log = self.database.log().map(|log| log.identity);
        self.open = Some(Open {
            database: Arc::clone(&self.database),
            connection,
            file,
            log,
            log_in_use: 0,
        });
        Ok(true)
    }

    /// The connection, if there is a file.
    #[cfg(any(feature = "flags", test))]
    pub(crate) fn connection(&self) -> Option<&Connection> {
        self.open.as_ref().map(|open| &open.connection)
    }

    /// Which file is open.
    #[cfg(any(feature = "flags", test))]
    pub(crate) fn identity(&self) -> Identity {
        self.open
            .as_ref()
            .map(|open| open.file.identity)
            .unwrap_or_default()
    }

    /// Reads; `None` when there is no file.
    pub(crate) fn read<T>(
        &mut self,
        operation: Operation,
        job: impl FnOnce(&Connection) -> Result<T, PortError>,
    ) -> Result<Option<T>, PortError> {
        self.refresh(operation)?;
        let Some(open) = &self.open else {
            return Ok(None);
        };
        let answer = job(&open.connection).map(Some);
        self.leave_after_trouble(answer)
    }

    /// Writes, to a new file if there is none. What is written while another file takes the place
    /// of this one is not acknowledged.
    pub(crate) fn write<T>(
        &mut self,
        operation: Operation,
        job: impl FnOnce(&Database, &Connection) -> Result<T, PortError>,
    ) -> Result<T, PortError> {
        self.refresh(operation)?;
        if self.open.is_none() {
            create::create(operation, &self.database)?;
            self.refresh(operation)?;
        }
        let Some(open) = &mut self.open else {
            return Err(self.database.gone(PortErrorKind::Unavailable, operation));
        };
        let database = &self.database;
        let answer = job(database, &open.connection).and_then(|answer| {
            let is_there = match database.look(operation) {
                Ok(Some(now)) => now.identity == open.file.identity,
                _ => false,
            };
            if is_there && !open.has_lost_its_log() {
                open.keep_log_short();
                Ok(answer)
            } else {
                Err(database.gone(PortErrorKind::OutcomeUnknown, operation))
            }
        });
        self.leave_after_trouble(answer)
    }

    fn leave_after_trouble<T>(&mut self, answer: Result<T, PortError>) -> Result<T, PortError> {
        answer.inspect_err(|error| {
            let is_refusal = matches!(
                error.kind(),
                PortErrorKind::Conflict { .. } | PortErrorKind::AlreadyExists
            );
            if !is_refusal {
                self.leave();
            }
        })
    }
}
