//! The catalogues, parsed once.

use std::sync::LazyLock;

use fluent_bundle::{FluentResource, concurrent::FluentBundle};

use super::{Locale, Message};

type Bundle = FluentBundle<FluentResource>;

static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| bundle(Locale::En, include_str!("en.ftl")));

/// The text of a message. Arguments are inserted as they are: escaping is the business of whoever
/// builds a page or a Slack message of it.
#[must_use]
pub fn text(locale: Locale, message: Message<'_>) -> String {
    let (id, arguments) = message.parts();
    let bundle = match locale {
        Locale::En => &*ENGLISH,
    };
    let Some(pattern) = bundle.get_message(id).and_then(|entry| entry.value()) else {
        tracing::error!(id, "a message is missing from the catalogue");
        return id.to_owned();
    };
    let mut errors = Vec::new();
    let text = bundle.format_pattern(pattern, Some(&arguments), &mut errors);
    if !errors.is_empty() {
        tracing::error!(
            id,
            count = errors.len(),
            "a message of the catalogue lacks an argument"
        );
    }
    text.into_owned()
}

fn bundle(locale: Locale, source: &str) -> Bundle {
    let tag = locale.tag().parse().unwrap_or_default();
    let mut bundle = Bundle::new_concurrent(vec![tag]);
    // Isolation marks around arguments would break Slack's mentions and show up in copied text.
    bundle.set_use_isolating(false);
    // A tested catalogue parses; of one that did not, what parsed is better than nothing.
    let resource = match FluentResource::try_new(source.to_owned()) {
        Ok(resource) | Err((resource, _)) => resource,
    };
    bundle.add_resource_overriding(resource);
    bundle
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn source(locale: Locale) -> &'static str {
        match locale {
            Locale::En => include_str!("en.ftl"),
        }
    }

    fn ids(locale: Locale) -> BTreeSet<&'static str> {
        source(locale)
            .lines()
            .filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()))
            .filter_map(|line| line.split_once(" =").map(|(id, _)| id))
            .collect()
    }

    #[test]
    fn catalogues_parse_without_an_error() {
        for locale in Locale::ALL {
            assert!(
                FluentResource::try_new(source(locale).to_owned()).is_ok(),
                "{locale:?}"
            );
        }
    }

    #[test]
    fn messages_and_catalogues_have_the_same_ids() {
        let used: BTreeSet<_> = Message::samples()
            .iter()
            .map(|message| message.parts().0)
            .collect();
        for locale in Locale::ALL {
            assert_eq!(used, ids(locale), "{locale:?}");
        }
    }

    #[test]
    fn every_message_formats_without_an_error() {
        for locale in Locale::ALL {
            for message in Message::samples() {
                let (id, arguments) = message.parts();
                let bundle = bundle(locale, source(locale));
                let pattern = bundle.get_message(id).unwrap().value().unwrap();
                let mut errors = Vec::new();
                let text = bundle.format_pattern(pattern, Some(&arguments), &mut errors);
                assert!(errors.is_empty(), "{id}: {errors:?}");
                for (name, _) in arguments.iter() {
                    assert!(
                        text.contains("SAMPLE") || text.contains('7'),
                        "{id} leaves out {name}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_slack_limits_fits() {
        for locale in Locale::ALL {
            for message in [
                Message::ModalTitle,
                Message::ModalSubmit,
                Message::ModalClose,
                Message::AlreadySentTitle,
                Message::AlreadySentClose,
            ] {
                let text = text(locale, message);
                assert!(text.chars().count() <= 24, "{text}");
            }
            assert!(text(locale, Message::MessageButton).chars().count() <= 75);
        }
    }

    #[test]
    fn mentions_come_through_unbroken() {
        let lead = text(
            Locale::En,
            Message::ReceiptDelivered {
                recipient: "<@U1>",
                until: "noon",
            },
        );
        assert!(lead.starts_with("<@U1> has the link"), "{lead}");
    }
}
