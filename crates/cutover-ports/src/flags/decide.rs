use std::sync::Arc;

use cutover_domain::flags::{Context, Decision};

/// Who decides: asked on every call of an operation, so it must not wait, fail or allocate.
///
/// cutover's own live flags implement it, so does any closure, and an adapter to another flag
/// system can.
///
/// ```
/// use cutover_domain::flags::{Context, Decision};
/// use cutover_ports::flags::Decide;
///
/// let only_acme = |context: &Context<'_>| Decision::fixed(context.tenant_id() == Some("acme"));
/// assert!(only_acme.decide(&Context::anonymous().with_tenant("acme")).on);
/// ```
pub trait Decide: Send + Sync {
    /// The decision for this context.
    fn decide(&self, context: &Context<'_>) -> Decision;
}

impl<F: Fn(&Context<'_>) -> Decision + Send + Sync> Decide for F {
    fn decide(&self, context: &Context<'_>) -> Decision {
        self(context)
    }
}

impl Decide for Arc<dyn Decide> {
    fn decide(&self, context: &Context<'_>) -> Decision {
        (**self).decide(context)
    }
}
