use cutover_domain::flags::{FlagKey, FlagValue};

use super::Live;
use super::layers::{Forced, ScopeId};

/// Flags that answer what a test wants, until this is dropped; see [`Live::force_flags`].
#[derive(Debug)]
#[must_use = "when it is dropped, the flags answer as before"]
pub struct ForcedFlags {
    live: Live,
    scope: ScopeId,
}

impl Drop for ForcedFlags {
    fn drop(&mut self) {
        self.live.close_scope(self.scope);
    }
}

/// For tests.
impl Live {
    /// Runs `run` while a flag answers `value` to everybody, whatever is stored: killed or not,
    /// overridden, ruled, rolled out, of another type, or not there at all. Afterwards it answers
    /// as before, also after a panic.
    ///
    /// All threads that use this `Live` or a clone of it see it, so candidates in the background do,
    /// too; give each test its own. Scopes can be nested, and end in any order: the one that was
    /// opened last wins. What is stored meanwhile appears when the scope ends.
    ///
    /// The value is one of the flag's values or the name of one of its variants, as for
    /// [`Change::Set`](cutover_domain::flags::Change::Set), or anything else.
    ///
    /// Both sides of a flag are tested in a loop:
    ///
    /// ```
    /// use cutover_app::flags::Live;
    /// use cutover_domain::flags::Context;
    ///
    /// let live = Live::new();
    /// let use_new = live.flag("use_new_sum");
    /// let sum = |numbers: &[u64]| match use_new.is_on(&Context::anonymous()) {
    ///     true => numbers.iter().sum(),
    ///     false => numbers.iter().fold(0, |sum, number| sum + number),
    /// };
    ///
    /// for side in [false, true] {
    ///     live.with_flag("use_new_sum", side, || {
    ///         assert_eq!(sum(&[1, 2, 3]), 6, "use_new_sum = {side}");
    ///     });
    /// }
    /// ```
    ///
    /// # Panics
    ///
    /// `key` can be no flag's name: the test would be about nothing.
    #[track_caller]
    pub fn with_flag<R>(
        &self,
        key: &str,
        value: impl Into<FlagValue>,
        run: impl FnOnce() -> R,
    ) -> R {
        let _forced = self.force_flag(key, value);
        run()
    }

    /// As [`with_flag`](Self::with_flag), for several flags at once.
    ///
    /// ```
    /// use cutover_app::flags::Live;
    /// use cutover_domain::flags::Context;
    ///
    /// let live = Live::new();
    /// let on = |key: &str| live.decide(key, &Context::anonymous(), false).on;
    /// live.with_flags([("use_new_backend", true.into()), ("use_new_config", true.into())], || {
    ///     assert!(on("use_new_backend") && on("use_new_config"));
    ///     live.with_flag("use_new_config", false, || assert!(!on("use_new_config")));
    ///     assert!(on("use_new_config"));
    /// });
    /// assert!(!on("use_new_backend"));
    /// ```
    ///
    /// # Panics
    ///
    /// As [`with_flag`](Self::with_flag).
    #[track_caller]
    pub fn with_flags<'k, R>(
        &self,
        flags: impl IntoIterator<Item = (&'k str, FlagValue)>,
        run: impl FnOnce() -> R,
    ) -> R {
        let _forced = self.force_flags(flags);
        run()
    }

    /// As [`with_flag`](Self::with_flag), until the guard is dropped: for asynchronous tests, which
    /// hold it across their waiting.
    ///
    /// ```
    /// use cutover_app::flags::Live;
    /// use cutover_domain::flags::Context;
    ///
    /// # pollster::block_on(async {
    /// let live = Live::new();
    /// let answer = async || live.decide("use_new_backend", &Context::anonymous(), false).on;
    /// let forced = live.force_flag("use_new_backend", true);
    /// assert!(answer().await);
    /// drop(forced);
    /// assert!(!answer().await);
    /// # });
    /// ```
    ///
    /// # Panics
    ///
    /// As [`with_flag`](Self::with_flag).
    #[track_caller]
    pub fn force_flag(&self, key: &str, value: impl Into<FlagValue>) -> ForcedFlags {
        self.force_flags([(key, value.into())])
    }

    /// As [`force_flag`](Self::force_flag), for several flags at once.
    ///
    /// # Panics
    ///
    /// As [`with_flag`](Self::with_flag).
    #[track_caller]
    pub fn force_flags<'k>(
        &self,
        flags: impl IntoIterator<Item = (&'k str, FlagValue)>,
    ) -> ForcedFlags {
        let mut forced = Forced::new();
        for (key, value) in flags {
            forced.push((key_of(key), value));
        }
        ForcedFlags {
            scope: self.open_scope(forced),
            live: self.clone(),
        }
    }
}

#[track_caller]
#[expect(
    clippy::panic,
    reason = "these methods are for tests, and such a test tests nothing"
)]
fn key_of(key: &str) -> FlagKey {
    match key.parse() {
        Ok(key) => key,
        Err(error) => panic!("no flag can be forced: {error}"),
    }
}
