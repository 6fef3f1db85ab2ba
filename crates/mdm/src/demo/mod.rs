//! The demonstration: the work of the legacy implementation is carried over to the modern one, by
//! cutover, on real datasets. Every figure that it prints comes from the flags, comparisons and
//! metrics of the run.

mod before;
pub mod datasets;
mod during;
mod error;
mod findings;
mod operator;
mod rules;
mod setting;
pub mod story;

use std::path::PathBuf;

pub use error::DemoError;
use operator::Operator;
use setting::Setting;
use story::Story;

/// What the demonstration needs to know.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// The folder of flags, comparisons, metrics, datasets and the catalog. It is made anew; one
    /// that the demonstration did not make must be empty.
    pub home: PathBuf,
    /// Where the HTML report goes; into the home when nothing is said.
    pub report: Option<PathBuf>,
    /// The real datasets.
    pub data: PathBuf,
    /// The `cutover` program, if there is one.
    pub cutover: Option<PathBuf>,
    /// Whether colours are unwelcome.
    pub no_colour: bool,
}

/// Plays the demonstration; answers whether everything went as cutover promises.
///
/// # Errors
///
/// Something that it needs does not work, see [`DemoError`].
pub fn run(options: &DemoOptions) -> Result<bool, DemoError> {
    keep_injected_panics_quiet();
    let mut story = Story::on_stdout(options.no_colour);
    let setting = Setting::prepare(options)?;
    let operator = Operator::new(options.cutover.clone(), &options.home);

    before::introduce(&mut story, &setting)?;
    before::legacy_only(&mut story, &setting)?;
    let found = before::shadow(&mut story, &setting)?;
    before::mend(&mut story, &setting, &found)?;
    let profile = before::accept(&mut story, &setting)?;

    let register = setting.register_operation()?;
    during::roll_out(&mut story, &setting, &profile, &register)?;
    during::fault(&mut story, &setting, &profile)?;
    during::kill(&mut story, &setting, &profile, &operator)?;
    during::undo(&mut story, &setting, &profile, &operator)?;
    during::conclude(&mut story, &setting, &operator, options)?;
    Ok(story.went_well())
}

/// The panic of the injected fault is expected and contained: a hundred backtraces would bury
/// what is told. All other panics are shown as always.
fn keep_injected_panics_quiet() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let message = panic.payload().downcast_ref::<&str>();
        if !message.is_some_and(|message| message.contains("an injected fault")) {
            usual(panic);
        }
    }));
}
