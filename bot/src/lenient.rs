//! The one way in which Slack's payloads and answers are read.
//!
//! `null`, `[]` and nothing at all stand where Slack's pages promise an object
//! (HubSpot/slack-client#168, SlackNet#15), a name can come twice, and a text can hold half a
//! character (`"\ud800"`), which no Rust string can. So nothing is read as a whole: an object is
//! taken apart into its members, each still as it was sent, and only what is looked at has to be as
//! expected. Whoever looks decides what the rest means:
//!
//! - [`Object::text`], [`Object::object`] and the like give a default, for what does no harm when
//!   missing.
//! - [`Object::given`] tells what is missing from what can't be read, for what nothing may stand in
//!   for.
//!
//! Nothing is copied before it is asked for: what was sent can hold a secret.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

/// An object's members, as they were sent. One that can't be read as an object has none.
#[derive(Default)]
pub(crate) struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

/// What stands under a name.
pub(crate) enum Given<'a> {
    /// Nothing, or `null`: Slack uses both.
    Nothing,
    /// A value, or the same one several times.
    Value(&'a RawValue),
    /// Values that contradict each other.
    Contradictory,
}

/// What a flag says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Yes,
    /// Also where it is missing or empty.
    No,
    /// It is neither.
    Unclear,
}

/// Something without which nothing can be done has a form that we don't know. Names it by the path
/// that our own code asks for, never by what was sent, and holds nothing of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} can't be read")]
pub(crate) struct Unreadable(pub(crate) &'static str);

impl<'a> Object<'a> {
    /// The members; `None` for what is no object.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Whether it has no members, or is none.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there is a member of this name, whatever it is.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.each(name).next().is_some()
    }

    /// The names of its members.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| &**name)
    }

    /// Every value of this name.
    pub(crate) fn each(&self, name: &str) -> impl Iterator<Item = &'a RawValue> {
        let members = self.0.iter();
        members.filter_map(move |(known, value)| (known == name).then_some(*value))
    }

    /// What stands under a name.
    pub(crate) fn given(&self, name: &str) -> Given<'a> {
        let mut values = self.each(name);
        let Some(first) = values.next() else {
            return Given::Nothing;
        };
        if values.any(|other| other.get() != first.get()) {
            Given::Contradictory
        } else if first.get() == "null" {
            Given::Nothing
        } else {
            Given::Value(first)
        }
    }

    /// A value, if there is one and no other.
    pub(crate) fn value(&self, name: &str) -> Option<&'a RawValue> {
        match self.given(name) {
            Given::Value(value) => Some(value),
            Given::Nothing | Given::Contradictory => None,
        }
    }

    /// A text, if it is one.
    pub(crate) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        text(self.value(name)?)
    }

    /// A number that is not negative, if it is one.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        serde_json::from_str(self.value(name)?.get()).ok()
    }

    /// An object; one without members if it is none.
    pub(crate) fn object(&self, name: &str) -> Self {
        let value = self.value(name);
        value.and_then(Self::of).unwrap_or_default()
    }

    /// The elements of a list; none if it is no list.
    pub(crate) fn list(&self, name: &str) -> Vec<&'a RawValue> {
        let list = self
            .value(name)
            .map(|value| serde_json::from_str(value.get()));
        list.and_then(Result::ok).unwrap_or_default()
    }

    /// The objects in a list.
    pub(crate) fn objects(&self, name: &str) -> impl Iterator<Item = Self> + use<'a> {
        self.list(name).into_iter().filter_map(Self::of)
    }

    /// The texts in a list.
    pub(crate) fn texts(&self, name: &str) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
        self.list(name).into_iter().filter_map(text)
    }

    /// What a flag says: `true`, and what Slack's older payloads and forms write for it. Of several
    /// values the one that says most counts.
    pub(crate) fn flag(&self, name: &str) -> Said {
        let said = |value: &RawValue| match value.get().to_ascii_lowercase().as_str() {
            "true" | "1" | "\"true\"" | "\"1\"" => Said::Yes,
            "false" | "0" | "\"false\"" | "\"0\"" | "null" | "\"\"" | "[]" | "{}" => Said::No,
            _ => Said::Unclear,
        };
        self.each(name)
            .map(said)
            .fold(Said::No, |so_far, next| match (so_far, next) {
                (Said::Yes, _) | (_, Said::Yes) => Said::Yes,
                (Said::Unclear, _) | (_, Said::Unclear) => Said::Unclear,
                (Said::No, Said::No) => Said::No,
            })
    }

    /// A value as an object, if it is one.
    pub(crate) fn of(value: &'a RawValue) -> Option<Self> {
        Self::parse(value.get())
    }
}

/// A value as a text, if it is one.
pub(crate) fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    // Borrowed unless there are escapes within.
    if let Ok(text) = serde_json::from_str::<&str>(value.get()) {
        return Some(text.into());
    }
    let text = serde_json::from_str::<String>(value.get());
    text.ok().map(Cow::Owned)
}

/// A value as a text that may be secret, if it is one.
pub(crate) fn secret_text(value: &RawValue) -> Option<Zeroizing<String>> {
    serde_json::from_str(value.get()).ok()
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<&RawValue, &RawValue>()? {
                    // A name that is no text is none of those that are asked for.
                    if let Some(name) = text(name) {
                        members.push((name, value));
                    }
                }
                Ok(Object(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &str) -> Object<'_> {
        Object::parse(text).unwrap()
    }

    #[test]
    fn what_is_as_expected_is_read_whatever_stands_beside_it() {
        let read = object(
            r#"{"a":"x\u0041","\ud800":1,"b":"\ud800","c":{"d":"e"},"f":[1,"g","\udfff",{"h":2}],"i":7,"j":1e999}"#,
        );
        assert_eq!(read.text("a").as_deref(), Some("xA"));
        assert_eq!(read.object("c").text("d").as_deref(), Some("e"));
        assert_eq!(read.texts("f").collect::<Vec<_>>(), ["g"]);
        assert_eq!(read.objects("f").next().unwrap().number("h"), Some(2));
        assert_eq!(read.number("i"), Some(7));
        for odd in ["b", "c", "f", "i", "j", "k"] {
            assert!(read.text(odd).is_none(), "{odd}");
        }
        for odd in ["a", "b", "f", "i", "k"] {
            assert!(read.object(odd).is_empty(), "{odd}");
        }
        for odd in ["a", "b", "c", "i", "k"] {
            assert!(read.list(odd).is_empty(), "{odd}");
        }
        for text in ["", "[]", "null", "{", "\"x\"", "{\"a\":}"] {
            assert!(Object::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn nothing_is_told_from_what_contradicts_itself() {
        let read = object(r#"{"a":null,"b":"x","b":"x","c":"x","c":"y","d":null,"d":"x"}"#);
        assert!(matches!(read.given("a"), Given::Nothing));
        assert!(matches!(read.given("none"), Given::Nothing));
        assert!(matches!(read.given("b"), Given::Value(value) if value.get() == "\"x\""));
        assert!(matches!(read.given("c"), Given::Contradictory));
        assert!(matches!(read.given("d"), Given::Contradictory));
        assert!(read.has("a") && !read.has("none"));
    }

    #[test]
    fn flags_say_yes_in_several_ways_and_the_strongest_word_counts() {
        for (text, said) in [
            ("{}", Said::No),
            (r#"{"f":null}"#, Said::No),
            (r#"{"f":false}"#, Said::No),
            (r#"{"f":"false"}"#, Said::No),
            (r#"{"f":0}"#, Said::No),
            (r#"{"f":[]}"#, Said::No),
            (r#"{"f":true}"#, Said::Yes),
            (r#"{"f":"True"}"#, Said::Yes),
            (r#"{"f":1}"#, Said::Yes),
            (r#"{"f":7}"#, Said::Unclear),
            (r#"{"f":"odd"}"#, Said::Unclear),
            (r#"{"f":[true]}"#, Said::Unclear),
            (r#"{"f":true,"f":false}"#, Said::Yes),
            (r#"{"f":false,"f":"odd"}"#, Said::Unclear),
        ] {
            assert_eq!(object(text).flag("f"), said, "{text}");
        }
    }
}
