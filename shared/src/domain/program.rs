//! The programs of which Secure Secret consists.

use std::fmt;

/// The programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// `secure-secret-bot`.
    Bot,
    /// `secure-secret-web`.
    Web,
    /// `secure-secret-migrate`.
    Migrate,
}

impl Program {
    /// Every program.
    pub const ALL: [Self; 3] = [Self::Bot, Self::Web, Self::Migrate];

    /// As the documentation calls it for short.
    #[must_use]
    pub const fn short_name(self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::Web => "web",
            Self::Migrate => "migrate",
        }
    }
}

/// The name of its executable file.
impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "secure-secret-{}", self.short_name())
    }
}
