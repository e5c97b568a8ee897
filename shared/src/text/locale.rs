//! The languages there are.

use serde::{Serialize, Serializer};

/// A language with a catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Locale {
    /// English, as written in Canada.
    En,
    /// French, as written in Canada.
    Fr,
}

impl Locale {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::En, Self::Fr];

    /// The language (RFC 5646), for `lang` attributes, addresses and settings.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fr => "fr",
        }
    }

    /// The language with the region whose habits times and numbers follow.
    pub(super) const fn regional_tag(self) -> &'static str {
        match self {
            Self::En => "en-CA",
            Self::Fr => "fr-CA",
        }
    }

    /// The language's name in itself.
    #[must_use]
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Fr => "Français",
        }
    }

    /// The language of a tag such as Slack's `fr-CA`, whatever its region; `None` without a
    /// catalogue.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let language = tag.split(['-', '_']).next().unwrap_or_default();
        Self::ALL
            .into_iter()
            .find(|locale| locale.tag().eq_ignore_ascii_case(language))
    }

    /// The language that a browser likes best of those there are, from its `Accept-Language`
    /// (RFC 9110, section 12.5.4). Between equals the first one counts; `*` chooses nothing.
    #[must_use]
    pub fn preferred(accept_language: &str) -> Option<Self> {
        let mut best = None;
        for range in accept_language.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let locale = parts.next().and_then(Self::from_tag);
            let weight = parts.find_map(|part| part.strip_prefix("q="));
            let weight = weight.map_or(Some(1.0), |q| q.parse::<f32>().ok());
            let (Some(locale), Some(weight)) = (locale, weight) else {
                continue;
            };
            if weight > best.map_or(0.0, |(_, weight)| weight) {
                best = Some((locale, weight));
            }
        }
        best.map(|(locale, _)| locale)
    }
}

impl Serialize for Locale {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.tag())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_does_not_matter_and_the_unknown_is_none() {
        for (tag, locale) in [
            ("en", Some(Locale::En)),
            ("EN-ca", Some(Locale::En)),
            ("fr_FR", Some(Locale::Fr)),
            ("tlh", None),
            ("french", None),
            ("", None),
        ] {
            assert_eq!(Locale::from_tag(tag), locale, "{tag}");
        }
    }

    #[test]
    fn a_browser_gets_what_it_likes_best() {
        for (header, locale) in [
            ("fr-CA,fr;q=0.9,en;q=0.8", Some(Locale::Fr)),
            ("de,en;q=0.5,fr;q=0.7", Some(Locale::Fr)),
            ("en, fr", Some(Locale::En)),
            ("fr;q=0, en;q=0.1", Some(Locale::En)),
            ("fr ; q=0.3 , en ; q=0.2", Some(Locale::Fr)),
            ("de, *;q=0.5", None),
            ("fr;q=NaN, en;q=x", None),
            ("", None),
        ] {
            assert_eq!(Locale::preferred(header), locale, "{header}");
        }
    }
}
