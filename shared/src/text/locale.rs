//! The languages there are.

/// A language with a catalogue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Locale {
    /// English.
    #[default]
    En,
}

impl Locale {
    /// Every language.
    pub const ALL: [Self; 1] = [Self::En];

    /// The language tag (RFC 5646), for `lang` attributes.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
        }
    }

    /// The language for a tag such as Slack's `fr-CA`; English for what has no catalogue.
    #[must_use]
    pub fn from_tag(tag: &str) -> Self {
        let language = tag.split(['-', '_']).next().unwrap_or_default();
        Self::ALL
            .into_iter()
            .find(|locale| locale.tag().eq_ignore_ascii_case(language))
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_does_not_matter_and_the_unknown_is_english() {
        for tag in ["en", "EN-ca", "en_GB", "tlh", ""] {
            assert_eq!(Locale::from_tag(tag), Locale::En, "{tag}");
        }
    }
}
