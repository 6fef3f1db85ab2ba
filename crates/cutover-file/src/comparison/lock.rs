//! The lock of a run, which the operating system gives back when its holder dies.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use cutover_ports::{PortError, PortErrorKind};

use super::error::{self, Operation};
use super::layout::private;
use crate::in_place;

/// Held as long as it lives.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock at `path`, whose directory must exist; `None` when it does not.
    pub(super) fn take(
        operation: Operation,
        path: &Path,
        patience: Duration,
    ) -> Result<Option<Self>, PortError> {
        let mut options = private();
        options.create(true).truncate(false).write(true);
        let opened = in_place::open(&options, path);
        let file = match opened {
            Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(error::io(operation, path))?,
        };
        let started = Instant::now();
        // A turn is short, so the first tries come quickly.
        let mut pause = Duration::from_micros(20);
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Self { _file: file })),
                Err(TryLockError::Error(source)) => {
                    return Err(error::io(operation, path)(source));
                }
                Err(TryLockError::WouldBlock) if started.elapsed() >= patience => {
                    return Err(PortError::new(PortErrorKind::Timeout, operation)
                        .at(path.display())
                        .because(format_args!(
                            "another process has held the lock for {patience:?}"
                        ))
                        .advice("look for a stopped process that uses the same directory"));
                }
                Err(TryLockError::WouldBlock) => {
                    thread::sleep(pause);
                    pause = (pause * 2).min(Duration::from_millis(2));
                }
            }
        }
    }
}
