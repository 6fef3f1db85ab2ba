use std::collections::BTreeMap;
use std::ffi::OsStr;

use cutover_domain::flags::{Definition, FlagDocument, FlagKey, OverlayMode};

use crate::EnvConfig;

/// What variables make of stored flags, for good.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// All flags: those that were there, with what variables say in the place of their rollout, and
    /// those that only variables define.
    pub flags: BTreeMap<FlagKey, Definition>,
    /// Variables of flags that cannot be followed; those flags are as they were.
    pub problems: Vec<String>,
    /// What else people should know: variables of no flag, flags that share a variable.
    pub warnings: Vec<String>,
}

/// The flags of `document` as the variables would have them, and those that only the variables
/// define. The mode of `config` does not matter; its keys do: without them every variable under the
/// prefix makes a flag.
///
/// A flag that is new is bucketed as the program bucketed that the scheme comes from: by unit, with
/// `xxh3` or `md5-unsalted`. For another bucketing create it before.
///
/// ```
/// use cutover_domain::flags::FlagDocument;
/// use cutover_env::{EnvConfig, Scheme, import};
///
/// let document = FlagDocument::empty("2026-01-01T00:00:00Z".parse()?);
/// let variables = [
///     ("MDM_REFACTORING_USE_NEW_BACKEND", "false"),
///     ("MDM_REFACTORING_BACKEND_ROLLOUT_PERCENTAGE", "25"),
/// ];
/// let imported = import(&EnvConfig::new(Scheme::Mdm), variables, &document);
/// assert_eq!(imported.flags["use_new_backend"].percentage(), Some("25".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn import<N, V>(
    config: &EnvConfig,
    variables: impl IntoIterator<Item = (N, V)>,
    document: &FlagDocument,
) -> Imported
where
    N: AsRef<OsStr>,
    V: AsRef<OsStr>,
{
    let variables: Vec<_> = variables.into_iter().collect();
    let read = |mode| {
        let variables = variables.iter().map(|(name, value)| (name, value));
        config.clone().with_mode(mode).read(variables)
    };
    let with_new = read(OverlayMode::Initial).apply(document);
    let with_all = read(OverlayMode::Override).apply(&with_new.document);
    let mut problems = with_new.problems;
    problems.extend(with_all.problems);
    problems.sort_unstable();
    problems.dedup();
    Imported {
        flags: with_all.document.flags,
        problems,
        // Only there it is known which names could have made a flag.
        warnings: with_new.warnings,
    }
}
