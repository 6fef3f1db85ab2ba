//! A store of flags, or of comparisons, under load, by a process of its own: what several of these
//! do at once to one store is what the black-box tests look at.
//!
//! Every change sets the owner of all flags to the number of the revision that it makes, so that a
//! document that is a mixture of two revisions shows.

#![expect(
    clippy::print_stdout,
    reason = "what it found is said on standard output, one JSON value a line"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "a program is its own composition root, and times what it does"
)]

mod address;
mod comparisons;
mod latency;
mod read;
mod watch;
mod write;

use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use cutover_ports::flags::FlagStore;

/// Any failure: it is printed, and the exit code is 1.
type Failure = Box<dyn Error + Send + Sync>;

const HELP: &str = "\
Usage: store-driver COMMAND STORE [OPTIONS]

STORE is file:DIR or sqlite:FILE.

  init STORE --flags N               the first revision: N boolean flags
  write STORE --actor A --count N    changes, each as soon as the last is acknowledged;
                or --seconds S       one line for each: number, revision, microseconds waited
  read STORE --seconds S             loads and watches; fails unless every revision is whole, and
                                     each comes once and in order
  watch STORE --since R              a line for each event, for ever
  history STORE                      a line for each record, oldest first
  latency STORE --changes N          from a change in one process until another one sees it

  record STORE --writer W --count N --batch B [--max-records M] [--max-bytes B]
                                     comparison records in a run of its own, within a retention
  recorded STORE                     fails unless every run has its newest records, each once
  ask STORE --times N                how long each kind of question takes
";

/// The options behind the store, by name.
struct Options(Vec<(String, String)>);

impl Options {
    fn read(words: &[String]) -> Result<Self, Failure> {
        let pairs = words.chunks(2).map(|pair| match pair {
            [name, value] if name.starts_with("--") => Ok((name.clone(), value.clone())),
            _ => Err(format!("an option and its value, not `{}`", pair.join(" "))),
        });
        Ok(Self(pairs.collect::<Result<_, _>>()?))
    }

    fn text(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(option, _)| option == name);
        found.map(|(_, value)| value.as_str())
    }

    fn number(&self, name: &str) -> Result<Option<u64>, Failure> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let number = text.parse();
        number
            .map(Some)
            .map_err(|error| format!("{name} {text}: {error}").into())
    }

    fn wanted(&self, name: &str) -> Result<u64, Failure> {
        self.number(name)?
            .ok_or_else(|| format!("say {name} NUMBER").into())
    }

    fn seconds(&self) -> Result<Duration, Failure> {
        Ok(Duration::from_secs(self.wanted("--seconds")?))
    }
}

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("store-driver: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[String]) -> Result<(), Failure> {
    let [command, address, rest @ ..] = words else {
        print!("{HELP}");
        return Ok(());
    };
    let options = Options::read(rest)?;
    let comparisons = || comparisons::Place::open(address);
    match command.as_str() {
        "record" => return comparisons::record(&comparisons()?, &options),
        "recorded" => return comparisons::recorded(&comparisons()?),
        "ask" => return comparisons::ask(&comparisons()?, &options),
        _ => {}
    }
    let store: Arc<dyn FlagStore> = address::open(address)?;
    match command.as_str() {
        "init" => write::init(&*store, options.wanted("--flags")?),
        "write" => {
            let actor = options.text("--actor").ok_or("say --actor NAME")?;
            let until = match options.number("--count")? {
                Some(count) => write::Until::Made(count),
                None => write::Until::Passed(options.seconds()?),
            };
            write::write(&*store, actor, until)
        }
        "read" => read::read(&store, options.seconds()?),
        "watch" => watch::watch(&*store, options.number("--since")?.unwrap_or(0)),
        "history" => read::history(&*store),
        "latency" => latency::latency(&*store, address, options.wanted("--changes")?),
        _ => Err(format!("there is no command `{command}`\n{HELP}").into()),
    }
}
