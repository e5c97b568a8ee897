//! How long a secret can be opened.

use std::{fmt, time::Duration};

/// The lifetimes a sender can choose from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lifetime {
    /// A quarter of an hour.
    Minutes15,
    /// One hour, preset in the dialog.
    #[default]
    Hour1,
    /// Four hours.
    Hours4,
    /// One day, the longest there is.
    Hours24,
}

impl Lifetime {
    /// Every lifetime, shortest first.
    pub const ALL: [Self; 4] = [Self::Minutes15, Self::Hour1, Self::Hours4, Self::Hours24];

    /// The code typed after the command and carried in the dialog's options.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Minutes15 => "15m",
            Self::Hour1 => "1h",
            Self::Hours4 => "4h",
            Self::Hours24 => "24h",
        }
    }

    /// The lifetime with this [code](Self::code); upper case is understood too.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|lifetime| lifetime.code().eq_ignore_ascii_case(code))
    }

    /// How long it is.
    #[must_use]
    pub const fn duration(self) -> Duration {
        match self {
            Self::Minutes15 => Duration::from_mins(15),
            Self::Hour1 => Duration::from_hours(1),
            Self::Hours4 => Duration::from_hours(4),
            Self::Hours24 => Duration::from_hours(24),
        }
    }
}

impl fmt::Display for Lifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_leads_back_to_its_lifetime() {
        for lifetime in Lifetime::ALL {
            assert_eq!(Lifetime::parse(lifetime.code()), Some(lifetime));
        }
        assert_eq!(Lifetime::parse("24H"), Some(Lifetime::Hours24));
    }

    #[test]
    fn anything_else_is_no_lifetime() {
        for text in ["", "2h", "1 h", "1h ", "60m", "１h"] {
            assert_eq!(Lifetime::parse(text), None, "{text:?}");
        }
    }
}
