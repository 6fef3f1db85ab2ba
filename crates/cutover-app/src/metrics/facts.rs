//! What the flag store knows by itself, as metrics.

use cutover_domain::flags::{FlagDocument, State};
use cutover_domain::metrics::snapshot::STORE_INSTANCE;
use cutover_domain::metrics::{Descriptor, GaugeReading, Snapshot, standard};
use jiff::Timestamp;

/// The flags as metrics, read at `now`: they are exported even when no process runs.
///
/// The rollout ratio is the share of units that is given the rollout's variant: 0 while the flag is
/// killed, and for a boolean flag without a rollout 1 when its default is on, else 0.
///
/// ```
/// use cutover_app::metrics::flag_facts;
/// use cutover_domain::flags::{Definition, FlagDocument};
///
/// let noon = "2026-01-01T12:00:00Z".parse()?;
/// let mut document = FlagDocument::empty(noon);
/// document.flags.insert("use_new_backend".parse()?, Definition::boolean());
/// let gauges = flag_facts(&document, noon).summarize().gauges;
/// assert_eq!(gauges[r#"cutover_flag_enabled{flag="use_new_backend"}"#], 1.0);
/// assert_eq!(gauges[r#"cutover_flag_rollout_ratio{flag="use_new_backend"}"#], 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn flag_facts(document: &FlagDocument, now: Timestamp) -> Snapshot {
    let mut facts = Snapshot::empty(now, now);
    let mut gauge = |descriptor: &Descriptor, labels: &[&str], value: f64| {
        facts.set_gauge(
            descriptor,
            labels,
            STORE_INSTANCE,
            GaugeReading { value, at: now },
        );
    };
    gauge(
        &standard::FLAG_REVISION,
        &[],
        document.revision.number() as f64,
    );
    for (key, definition) in &document.flags {
        let enabled = definition.state == State::Enabled;
        gauge(
            &standard::FLAG_ENABLED,
            &[key.as_str()],
            f64::from(u8::from(enabled)),
        );
        let rollout = definition
            .rollout
            .as_ref()
            .and_then(|rollout| rollout.percentage);
        let default_is_on = definition
            .variants
            .get(&definition.default)
            .and_then(|value| value.as_bool())
            .map(|on| f64::from(u8::from(on)));
        let ratio = rollout
            .map(|percentage| percentage.ratio())
            .or(default_is_on);
        if let Some(ratio) = ratio {
            let ratio = if enabled { ratio } else { 0.0 };
            gauge(&standard::FLAG_ROLLOUT_RATIO, &[key.as_str()], ratio);
        }
    }
    facts
}
