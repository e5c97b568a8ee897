//! What a path leads to. Paths are compared as they were sent, without decoding: a link has one
//! spelling.

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Confirm,
    Reveal,
    Favicon,
    Other,
}

impl Route {
    /// The route of a path as it was sent.
    pub(crate) fn of(path: &str) -> Self {
        match path {
            "/reveal" => Self::Reveal,
            "/favicon.ico" => Self::Favicon,
            _ if path.starts_with("/s/") => Self::Confirm,
            _ => Self::Other,
        }
    }

    /// The path with its variable part named, as logs and metrics show it: a path itself may hold a
    /// link's token.
    pub(crate) const fn pattern(self) -> &'static str {
        match self {
            Self::Confirm => "/s/:token",
            Self::Reveal => "/reveal",
            Self::Favicon => "/favicon.ico",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_compared_as_sent() {
        for (path, route) in [
            ("/s/abc", Route::Confirm),
            ("/s/", Route::Confirm),
            ("/s", Route::Other),
            ("/%73/abc", Route::Other),
            ("/reveal", Route::Reveal),
            ("/reveal/", Route::Other),
            ("/favicon.ico", Route::Favicon),
            ("//s/abc", Route::Other),
        ] {
            assert_eq!(Route::of(path), route, "{path}");
        }
    }
}
