//! The command line: `mdm profile | register | list | demo`.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::Timestamp;
use mdm::catalog::{Cancellation, Catalog};
use mdm::demo::{DemoError, DemoOptions};
use mdm::{DatasetError, DatasetName, Implementation, ProfileRequest, RegisterRequest};

const HELP: &str = "\
mdm manages datasets, in an old and a new implementation.

  mdm profile FILE [--implementation legacy|modern]
  mdm register FILE --database DB [--name NAME] [--implementation legacy|modern]
  mdm list --database DB
  mdm demo [--home DIR] [--report FILE] [--data DIR]

`demo` carries datasets over from legacy to modern, with the `cutover` program of CUTOVER_BIN.

FILE is a .csv, .tsv, .txt or .json file. Answers are JSON on stdout, errors are on stderr.
Exit status: 0 done, 1 the dataset is not acceptable, 2 usage, 3 trouble.
";

/// What went wrong, with the exit status it has.
enum Failure {
    Usage(String),
    Dataset(DatasetError),
    Output(std::io::Error),
    Demo(DemoError),
    Promise,
}

impl From<DemoError> for Failure {
    fn from(error: DemoError) -> Self {
        Self::Demo(error)
    }
}

impl From<DatasetError> for Failure {
    fn from(error: DatasetError) -> Self {
        Self::Dataset(error)
    }
}

pub(crate) fn run(arguments: Vec<OsString>) -> ExitCode {
    let Err(failure) = dispatch(arguments) else {
        return ExitCode::SUCCESS;
    };
    let (status, message) = match failure {
        Failure::Usage(problem) => (2, format!("{problem}\n\n{HELP}")),
        Failure::Dataset(error) => (
            if error.is_about_the_dataset() { 1 } else { 3 },
            error.to_string(),
        ),
        Failure::Demo(error) => (3, error.to_string()),
        Failure::Promise => (1, "not everything went as it should: see above".to_owned()),
        Failure::Output(error) => (3, format!("cannot write the answer: {error}")),
    };
    eprintln!("{}", message.trim_end());
    ExitCode::from(status)
}

fn dispatch(arguments: Vec<OsString>) -> Result<(), Failure> {
    let mut arguments = Arguments::parse(arguments)?;
    let command = arguments.positional("a command")?;
    match command.to_str() {
        Some("profile") => {
            let file = PathBuf::from(arguments.positional("FILE")?);
            let implementation = arguments.implementation()?;
            arguments.finish()?;
            print_json(&implementation.profile(&ProfileRequest::new(file))?)
        }
        Some("register") => {
            let file = PathBuf::from(arguments.positional("FILE")?);
            let database = arguments.database()?;
            let implementation = arguments.implementation()?;
            let name = match arguments.option("name") {
                Some(name) => name.to_string_lossy().parse()?,
                None => DatasetName::from_file(&file)?,
            };
            arguments.finish()?;
            let mut catalog = Catalog::open(&database)?;
            let request = RegisterRequest { name, file };
            let cancellation = Cancellation::default();
            print_json(&implementation.register(&mut catalog, &request, now(), &cancellation)?)
        }
        Some("list") => {
            let database = arguments.database()?;
            arguments.finish()?;
            print_json(&Catalog::open(&database)?.list()?)
        }
        Some("demo") => {
            let options = demo_options(&mut arguments);
            arguments.finish()?;
            if mdm::demo::run(&options)? {
                Ok(())
            } else {
                Err(Failure::Promise)
            }
        }
        Some("help" | "--help" | "-h") => print(HELP),
        _ => Err(Failure::Usage(format!(
            "`{}` is not a command",
            command.display()
        ))),
    }
}

fn demo_options(arguments: &mut Arguments) -> DemoOptions {
    let home = arguments.option("home").map(PathBuf::from);
    let data = arguments.option("data").map(PathBuf::from);
    DemoOptions {
        home: home.unwrap_or_else(|| std::env::temp_dir().join("cutover-demo")),
        report: arguments.option("report").map(PathBuf::from),
        // The datasets are where the crate was built, unless somebody moved them.
        data: data.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("data")),
        cutover: std::env::var_os("CUTOVER_BIN")
            .map(PathBuf::from)
            .or_else(beside_this_program),
        no_colour: std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|value| value == "dumb"),
    }
}

/// The `cutover` program in the folder of this one, where cargo puts both.
fn beside_this_program() -> Option<PathBuf> {
    let this = std::env::current_exe().ok()?;
    let program = format!("cutover{}", std::env::consts::EXE_SUFFIX);
    Some(this.with_file_name(program)).filter(|program| program.exists())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the composition root is where time comes in"
)]
fn now() -> Timestamp {
    Timestamp::now()
}

fn print_json(answer: &impl serde::Serialize) -> Result<(), Failure> {
    let text =
        serde_json::to_string_pretty(answer).map_err(|error| Failure::Output(error.into()))?;
    print(&format!("{text}\n"))
}

fn print(text: &str) -> Result<(), Failure> {
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(Failure::Output)
}

/// Words and `--name value` pairs, in any order.
struct Arguments {
    words: std::vec::IntoIter<OsString>,
    options: Vec<(String, OsString)>,
}

impl Arguments {
    fn parse(arguments: Vec<OsString>) -> Result<Self, Failure> {
        let (mut words, mut options) = (Vec::new(), Vec::new());
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            match argument.to_str().and_then(|text| text.strip_prefix("--")) {
                Some("") => words.extend(arguments.by_ref()),
                Some("help") => words.insert(0, argument),
                Some(option) => {
                    let (name, value) = match option.split_once('=') {
                        Some((name, value)) => (name.to_owned(), Some(OsString::from(value))),
                        None => (option.to_owned(), arguments.next()),
                    };
                    let missing = || Failure::Usage(format!("--{name} needs a value"));
                    options.push((name.clone(), value.ok_or_else(missing)?));
                }
                None => words.push(argument),
            }
        }
        Ok(Self {
            words: words.into_iter(),
            options,
        })
    }

    fn positional(&mut self, what: &str) -> Result<OsString, Failure> {
        self.words
            .next()
            .ok_or_else(|| Failure::Usage(format!("{what} is missing")))
    }

    fn option(&mut self, name: &str) -> Option<OsString> {
        let place = self.options.iter().position(|(known, _)| known == name)?;
        Some(self.options.remove(place).1)
    }

    fn database(&mut self) -> Result<PathBuf, Failure> {
        let missing = || Failure::Usage("--database DB is missing".to_owned());
        self.option("database")
            .map(PathBuf::from)
            .ok_or_else(missing)
    }

    fn implementation(&mut self) -> Result<Implementation, Failure> {
        let word = self
            .option("implementation")
            .unwrap_or_else(|| "modern".into());
        word.to_string_lossy().parse().map_err(
            |error: mdm::implementation::UnknownImplementation| Failure::Usage(error.to_string()),
        )
    }

    fn finish(mut self) -> Result<(), Failure> {
        if let Some(word) = self.words.next() {
            return Err(Failure::Usage(format!(
                "`{}` is one word too many",
                word.display()
            )));
        }
        match self.options.first() {
            Some((name, _)) => Err(Failure::Usage(format!("--{name} is not an option here"))),
            None => Ok(()),
        }
    }
}
