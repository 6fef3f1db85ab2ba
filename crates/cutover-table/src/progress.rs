//! How far a comparison is.

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Old is looked through for its types.
    LookAtOld,
    /// New is looked through for its types.
    LookAtNew,
    /// Old is read.
    ReadOld,
    /// The keys of new are read.
    ReadKeys,
    /// New is read.
    ReadNew,
    /// Rows are compared.
    Compare,
}

/// How far a comparison is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// Rows read in this phase.
    pub rows: u64,
    /// Rows there are, where the table says.
    pub of: Option<u64>,
}

/// Whoever wants to know.
pub(crate) type Watcher<'a> = dyn Fn(Progress) + Sync + 'a;
