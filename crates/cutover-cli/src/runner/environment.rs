//! What a program finds around it: its variables and the folder it runs in.

use std::ffi::{OsStr, OsString};

use super::rooms::Room;

/// Names the file that a program may write its counters to.
const COUNTERS: &str = "CUTOVER_COUNTERS";

/// Which variables programs get.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    /// Only those that are named here, and a few that nothing runs without.
    pub(crate) clean: bool,
    /// Passed on although it is clean.
    pub(crate) pass: Vec<String>,
    /// Set for both programs.
    pub(crate) set: Vec<(String, String)>,
}

impl Environment {
    /// Where programs are looked up.
    pub(super) fn search_path(&self) -> Option<OsString> {
        let set = self.set.iter().rev().find(|(name, _)| name == "PATH");
        set.map(|(_, value)| value.into())
            .or_else(|| std::env::var_os("PATH"))
    }

    /// The variables of one execution, the later ones in place of earlier ones. They come on top of
    /// the runner's own unless it is clean.
    pub(super) fn variables(
        &self,
        room: &Room,
        case: &[(String, String)],
    ) -> Vec<(OsString, OsString)> {
        let given = |name: &str| std::env::var_os(name).map(|value| (OsString::from(name), value));
        let text = |name: &str, value: &str| (OsString::from(name), OsString::from(value));
        let mut variables = Vec::new();
        if self.clean {
            variables.extend(given("PATH"));
            variables.push(("HOME".into(), room.home().into_os_string()));
            variables.push(text("LANG", "C.UTF-8"));
            variables.push(text("TZ", "UTC"));
            variables.extend(self.pass.iter().filter_map(|name| given(name)));
        }
        variables.push(("TMPDIR".into(), room.temporary().into_os_string()));
        variables.push((COUNTERS.into(), room.counters().into_os_string()));
        let set = self.set.iter().chain(case);
        variables.extend(set.map(|(name, value)| text(name, value)));
        variables
    }

    /// Which of the variables to pass on are not there.
    pub(crate) fn missing(&self) -> impl Iterator<Item = &str> {
        let is_missing = |name: &&str| std::env::var_os(OsStr::new(name)).is_none();
        self.pass.iter().map(String::as_str).filter(is_missing)
    }
}
