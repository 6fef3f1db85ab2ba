//! The file that is imported.

use std::path::Path;

use cutover_domain::flags::import::mdm::{Answered, Mdm, Nested};
use cutover_domain::flags::import::{self, Imported, native};
use cutover_domain::flags::{FlagKey, Problems};

use super::Form;
use crate::commands::flag::units::read_whole;
use crate::exit::Failure;
use crate::output::printable;

/// More is no file of flags: ten thousand flags with a hundred rules each are a third of it.
const LIMIT: u64 = 512 << 20;

/// What was read.
pub(super) struct Source {
    /// The file, as it is told.
    pub(super) name: String,
    pub(super) imported: Imported,
    /// The code behind the file, where it is known what that answered.
    mdm: Option<Mdm>,
}

impl Source {
    pub(super) fn read(file: &Path, form: Form, as_answered: bool) -> Result<Self, Failure> {
        let name = if file.as_os_str() == "-" {
            "standard input".to_owned()
        } else {
            printable(&file.display().to_string())
        };
        let text = read_whole(file, LIMIT)?;
        let document = import::read(&text).map_err(|error| {
            Failure::trouble(format_args!(
                "{name}:{}:{}: {} (at {})",
                error.line, error.column, error.message, error.path
            ))
        })?;
        let wrong = |problems| refuse(&name, form, &problems);
        let nested = if as_answered {
            Nested::AsAnswered
        } else {
            Nested::Live
        };
        let (imported, mdm) = match form {
            Form::Mdm => {
                let mdm = Mdm::read(&document).map_err(wrong)?;
                (mdm.import(nested), Some(mdm))
            }
            Form::Native => (native::import(&document).map_err(wrong)?, None),
        };
        Ok(Self {
            name,
            imported,
            mdm,
        })
    }

    /// Whether it is known what the code behind the file answered.
    pub(super) fn is_answering(&self) -> bool {
        self.mdm.is_some()
    }

    /// What the code behind the file answered to a unit.
    pub(super) fn answered(&self, key: &FlagKey, unit: &str) -> Option<Answered> {
        self.mdm.as_ref()?.answered(key.as_str(), unit)
    }
}

fn refuse(name: &str, form: Form, problems: &Problems) -> Failure {
    Failure::no(format_args!(
        "{name} is not what --from {} reads:\n{problems}",
        form.name()
    ))
}
