use cutover_domain::flags::Revision;

/// What is written to the log about live flags, once no lock is held: a log is code of somebody
/// else, and may itself ask for flags.
pub(super) enum Notice {
    Trouble { text: String, revision: Revision },
    Recovered { revision: Revision },
    Stale { revision: Revision },
    NotFollowed { problem: String },
}

impl Notice {
    pub(super) fn log(self) {
        match self {
            Self::Trouble { text, revision } => tracing::warn!(
                trouble = text,
                %revision,
                "the flags cannot be refreshed; the last good state stays in force"
            ),
            Self::Recovered { revision } => {
                tracing::info!(%revision, "the flags can be refreshed again");
            }
            Self::Stale { revision } => tracing::warn!(
                %revision,
                "the flags are older than allowed; answers say STALE"
            ),
            Self::NotFollowed { problem } => tracing::warn!("{problem}"),
        }
    }
}
