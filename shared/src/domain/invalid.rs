//! Why a text is not what it should be.

/// Why a text is no value of a setting. Never holds the text or a part of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(String);

impl Invalid {
    /// The reason, to be read after the setting's name, e.g. `is not a URL`.
    #[must_use]
    pub fn because(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}
