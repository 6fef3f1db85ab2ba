//! Reading what a program writes, in bounded memory.

use std::io::{self, Read};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::counters::{Counters, Sieve};
use super::stop::{Cut, Lifeline};

/// Which part of a stream is kept. All of it is read.
pub(super) enum Keep {
    /// The first bytes; more ends the program.
    Start {
        limit: usize,
        exceeded: Arc<Lifeline>,
    },
    /// The last bytes, without the lines of counters among them.
    End(usize),
}

/// A thread that reads a stream. It may outlive the execution, when a process that nobody could
/// end holds the stream open; what was read by then is what counts.
pub(super) struct Reader(Arc<Mutex<Captured>>);

#[derive(Default)]
struct Captured {
    bytes: Vec<u8>,
    dropped: u64,
    sieve: Sieve,
    done: bool,
}

impl Reader {
    pub(super) fn spawn<R: Read + Send + 'static>(
        stream: Option<R>,
        keep: Keep,
        done: Sender<()>,
    ) -> Self {
        let captured = Arc::new(Mutex::new(Captured::default()));
        let shared = Arc::clone(&captured);
        thread::spawn(move || {
            if let Some(stream) = stream {
                read_all(stream, &keep, &shared);
            }
            shared.lock().unwrap_or_else(PoisonError::into_inner).done = true;
            let _ = done.send(());
        });
        Self(captured)
    }

    pub(super) fn is_done(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).done
    }

    /// At most `kept` bytes from the end, and how many went before them.
    pub(super) fn take_end(&self, kept: usize) -> (Vec<u8>, u64) {
        let mut captured = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        captured.end_line();
        captured.keep_end(kept);
        (std::mem::take(&mut captured.bytes), captured.dropped)
    }

    /// What was counted in the stream.
    pub(super) fn take_counters(&self) -> Counters {
        let mut captured = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        captured.end_line();
        std::mem::take(&mut captured.sieve.counters)
    }
}

fn read_all(mut stream: impl Read, keep: &Keep, captured: &Mutex<Captured>) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = match stream.read(&mut buffer) {
            Ok(0) => return,
            Ok(read) => &buffer[..read],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return,
        };
        let mut captured = captured.lock().unwrap_or_else(PoisonError::into_inner);
        match keep {
            Keep::Start { limit, exceeded } => {
                let room = limit.saturating_sub(captured.bytes.len()).min(read.len());
                captured.bytes.extend_from_slice(&read[..room]);
                if room < read.len() {
                    captured.dropped += (read.len() - room) as u64;
                    exceeded.cut(Cut::TooMuchOutput);
                }
            }
            Keep::End(kept) => {
                let captured = &mut *captured;
                captured.sieve.feed(read, &mut captured.bytes);
                // Cut back only now and then, so that it costs nothing per byte.
                if captured.bytes.len() > kept.saturating_mul(8) {
                    captured.keep_end(*kept);
                }
            }
        }
    }
}

impl Captured {
    fn end_line(&mut self) {
        self.sieve.finish(&mut self.bytes);
    }

    fn keep_end(&mut self, kept: usize) {
        let surplus = self.bytes.len().saturating_sub(kept);
        self.bytes.drain(..surplus);
        self.dropped += surplus as u64;
    }
}
