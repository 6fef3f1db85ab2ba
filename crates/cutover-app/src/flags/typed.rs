use std::any::type_name;
use std::fmt;

use cutover_domain::flags::{Bucket, Context, ErrorCode, Evaluation, Reason, Revision, Slot};
use serde::de::DeserializeOwned;

use super::Live;

/// A flag of any type, resolved once: `i64`, `f64`, `String`, an enum of its values, or whatever
/// else can be deserialized from them.
///
/// ```
/// use cutover_app::flags::Live;
/// use cutover_domain::flags::{Context, ErrorCode};
///
/// #[derive(Clone, Debug, Default, PartialEq, serde::Deserialize)]
/// #[serde(rename_all = "lowercase")]
/// enum Theme {
///     #[default]
///     Light,
///     Dark,
/// }
///
/// let live = Live::new();
/// let page_size = live.typed::<i64>("page_size").with_default(20);
/// let theme = live.typed::<Theme>("theme");
/// let anybody = Context::anonymous();
/// assert_eq!((page_size.get(&anybody), theme.get(&anybody)), (20, Theme::Light));
///
/// live.with_flags([("page_size", 50.into()), ("theme", "dark".into())], || {
///     assert_eq!((page_size.get(&anybody), theme.get(&anybody)), (50, Theme::Dark));
/// });
///
/// // Another type than asked for: the default, and why.
/// live.with_flag("page_size", "many", || {
///     page_size.with_answer(&anybody, |answer| {
///         assert_eq!((answer.value, answer.error), (20, Some(ErrorCode::TypeMismatch)));
///     });
/// });
/// ```
#[derive(Clone)]
pub struct Typed<T> {
    live: Live,
    slot: Slot,
    default: T,
}

/// The answer of a flag of any type, with how it came about.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Answer<'a, T> {
    /// What is answered; the caller's default when `error` is there.
    pub value: T,
    /// The name of the answer, where there was one.
    pub variant: Option<&'a str>,
    /// Why.
    pub reason: Reason,
    /// The document that decided.
    pub revision: Revision,
    /// Where the unit fell, if a percentage or a split was asked.
    pub bucket: Option<Bucket>,
    /// Why there was no answer.
    pub error: Option<ErrorCode>,
}

impl Live {
    /// A handle on a flag of any type, to be kept, as [`Live::flag`] for booleans. It answers the
    /// default of `T` where there is no answer; see [`Typed::with_default`].
    #[must_use]
    pub fn typed<T: DeserializeOwned + Clone + Default>(&self, key: &str) -> Typed<T> {
        Typed {
            live: self.clone(),
            slot: self.slot(key),
            default: T::default(),
        }
    }
}

impl<T: DeserializeOwned + Clone> Typed<T> {
    /// The same with another answer for when there is none.
    #[must_use]
    pub fn with_default(self, default: T) -> Self {
        Self { default, ..self }
    }

    /// The value for this context. Waits for nothing; allocates only what `T` itself does, so
    /// nothing for numbers and booleans.
    #[must_use]
    pub fn get(&self, context: &Context<'_>) -> T {
        self.with_answer(context, |answer| answer.value)
    }

    /// Hands the answer to `read`: the value, and how it came about. Allocates as
    /// [`get`](Self::get).
    pub fn with_answer<R>(
        &self,
        context: &Context<'_>,
        read: impl FnOnce(Answer<'_, T>) -> R,
    ) -> R {
        let snapshot = self.live.inner.snapshot.load();
        let none = |error, variant, bucket| Answer {
            value: self.default.clone(),
            variant,
            reason: Reason::Error,
            revision: snapshot.revision(),
            bucket,
            error: Some(error),
        };
        let answer = match snapshot.evaluate(self.slot, context) {
            Err(error) => none(error, None, None),
            Ok(Evaluation {
                value,
                variant,
                reason,
                revision,
                bucket,
            }) => match T::deserialize(&value.0) {
                Ok(value) => Answer {
                    value,
                    variant: Some(variant),
                    reason,
                    revision,
                    bucket,
                    error: None,
                },
                Err(_) => none(ErrorCode::TypeMismatch, Some(variant), bucket),
            },
        };
        read(answer)
    }
}

impl Typed<String> {
    /// Hands the text for this context to `read`, without a copy of it.
    ///
    /// ```
    /// use cutover_app::flags::Live;
    /// use cutover_domain::flags::Context;
    ///
    /// let greeting = Live::new().typed("greeting").with_default("hello".to_owned());
    /// assert_eq!(greeting.with_str(&Context::anonymous(), str::len), 5);
    /// ```
    pub fn with_str<R>(&self, context: &Context<'_>, read: impl FnOnce(&str) -> R) -> R {
        let snapshot = self.live.inner.snapshot.load();
        let answer = snapshot.evaluate(self.slot, context).ok();
        let text = answer.and_then(|found| found.value.0.as_str());
        read(text.unwrap_or(&self.default))
    }
}

impl<T> fmt::Debug for Typed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Typed")
            .field("type", &type_name::<T>())
            .field("slot", &self.slot)
            .finish_non_exhaustive()
    }
}
