//! The catalogues, parsed once.

use std::sync::LazyLock;

use fluent_bundle::{
    FluentArgs, FluentMessage, FluentResource, FluentValue, concurrent::FluentBundle,
};
use icu_decimal::{DecimalFormatter, input::Decimal, options::DecimalFormatterOptions};

use super::{Locale, Message, State};

type Bundle = FluentBundle<FluentResource>;

static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| bundle(Locale::En));
static FRENCH: LazyLock<Bundle> = LazyLock::new(|| bundle(Locale::Fr));

const fn source(locale: Locale) -> &'static str {
    match locale {
        Locale::En => include_str!("en.ftl"),
        Locale::Fr => include_str!("fr.ftl"),
    }
}

/// What a page without a button says.
pub struct Statement {
    /// What the page is called.
    pub title: String,
    /// What is the case.
    pub text: String,
    /// What to do next.
    pub next: String,
}

/// The text of a message. Arguments are inserted as they are: escaping is the business of whoever
/// builds a page or a Slack message of it.
#[must_use]
pub fn text(locale: Locale, message: Message<'_>) -> String {
    let (id, arguments) = message.parts();
    part(locale, id, None, &arguments)
}

/// The texts of a state.
#[must_use]
pub fn statement(locale: Locale, state: State<'_>) -> Statement {
    let (id, arguments) = state.parts();
    Statement {
        title: part(locale, id, None, &arguments),
        text: part(locale, id, Some("text"), &arguments),
        next: part(locale, id, Some("next"), &arguments),
    }
}

/// A message's value, or one of its attributes.
fn part(
    locale: Locale,
    id: &'static str,
    attribute: Option<&str>,
    arguments: &FluentArgs<'_>,
) -> String {
    let bundle = match locale {
        Locale::En => &*ENGLISH,
        Locale::Fr => &*FRENCH,
    };
    let pattern = |message: FluentMessage<'static>| match attribute {
        None => message.value(),
        Some(name) => message.get_attribute(name).map(|found| found.value()),
    };
    let Some(pattern) = bundle.get_message(id).and_then(pattern) else {
        tracing::error!(id, "a message is missing from the catalogue");
        return id.to_owned();
    };
    let mut errors = Vec::new();
    let text = bundle.format_pattern(pattern, Some(arguments), &mut errors);
    if !errors.is_empty() {
        tracing::error!(
            id,
            count = errors.len(),
            "a message of the catalogue lacks an argument"
        );
    }
    text.into_owned()
}

fn bundle(locale: Locale) -> Bundle {
    let tag = locale.tag().parse().unwrap_or_default();
    let mut bundle = Bundle::new_concurrent(vec![tag]);
    // Isolation marks around arguments would break Slack's mentions and show up in copied text.
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(match locale {
        Locale::En => |value, _| grouped(Locale::En, value),
        Locale::Fr => |value, _| grouped(Locale::Fr, value),
    }));
    // A tested catalogue parses; of one that did not, what parsed is better than nothing.
    let resource = match FluentResource::try_new(source(locale).to_owned()) {
        Ok(resource) | Err((resource, _)) => resource,
    };
    bundle.add_resource_overriding(resource);
    bundle
}

/// Whole numbers as the language groups them: `12,000` or `12 000`. Fluent's own way has no groups.
fn grouped(locale: Locale, value: &FluentValue<'_>) -> Option<String> {
    let FluentValue::Number(number) = value else {
        return None;
    };
    let whole: u64 = number.as_string().parse().ok()?;
    let tag: icu_locale_core::Locale = locale.regional_tag().parse().ok()?;
    let formatter =
        DecimalFormatter::try_new(tag.into(), DecimalFormatterOptions::default()).ok()?;
    Some(formatter.format(&Decimal::from(whole)).to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Of each message its id, of each attribute the message's with its own.
    fn ids(locale: Locale) -> BTreeSet<String> {
        let mut message = "";
        let mut ids = BTreeSet::new();
        for (name, _) in source(locale)
            .lines()
            .filter_map(|line| line.split_once(" ="))
        {
            match name.strip_prefix("    .") {
                Some(attribute) => drop(ids.insert(format!("{message}.{attribute}"))),
                None if name.starts_with(|first: char| first.is_ascii_lowercase()) => {
                    message = name;
                    ids.insert(name.to_owned());
                }
                None => {}
            }
        }
        ids
    }

    /// Every text once: its id as above, and what it is made of.
    fn parts() -> Vec<(
        String,
        &'static str,
        Option<&'static str>,
        FluentArgs<'static>,
    )> {
        let messages = Message::samples().into_iter().map(|message| {
            let (id, arguments) = message.parts();
            (id.to_owned(), id, None, arguments)
        });
        let states = State::samples().into_iter().flat_map(|state| {
            [None, Some("text"), Some("next")].map(|attribute| {
                let (id, arguments) = state.parts();
                let name = attribute.map_or_else(|| id.to_owned(), |name| format!("{id}.{name}"));
                (name, id, attribute, arguments)
            })
        });
        messages.chain(states).collect()
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
        let used: BTreeSet<_> = parts().into_iter().map(|(name, ..)| name).collect();
        for locale in Locale::ALL {
            assert_eq!(used, ids(locale), "{locale:?}");
        }
    }

    #[test]
    fn every_message_formats_without_an_error() {
        for locale in Locale::ALL {
            for (name, id, attribute, arguments) in parts() {
                let bundle = bundle(locale);
                let message = bundle.get_message(id).unwrap();
                let pattern = match attribute {
                    None => message.value().unwrap(),
                    Some(attribute) => message.get_attribute(attribute).unwrap().value(),
                };
                let mut errors = Vec::new();
                let text = bundle.format_pattern(pattern, Some(&arguments), &mut errors);
                assert!(errors.is_empty(), "{name}: {errors:?}");
                // A state's title needs none.
                let tells = id == name && !id.starts_with("state-");
                for (argument, _) in arguments.iter().filter(|_| tells) {
                    let is_told = text.contains("SAMPLE") || text.contains('7');
                    assert!(is_told, "{name} leaves out {argument}");
                }
            }
        }
    }

    #[test]
    fn every_state_tells_all_that_it_knows() {
        for locale in Locale::ALL {
            for state in State::samples() {
                let said = statement(locale, state);
                let said = [said.title, said.text, said.next].concat();
                let has_arguments = state.parts().1.iter().next().is_some();
                let tells = said.contains("SAMPLE") || said.contains('7');
                assert_eq!(tells, has_arguments, "{state:?}: {said}");
            }
        }
    }

    #[test]
    fn every_message_is_translated() {
        // The product's name, and words that are the same in both languages.
        let same = ["page-product", "modal-secret", "modal-note", "minutes"];
        for (name, id, attribute, arguments) in parts() {
            let texts = Locale::ALL.map(|locale| part(locale, id, attribute, &arguments));
            assert!(texts[0] != texts[1] || same.contains(&&*name), "{name}");
        }
    }

    #[test]
    fn french_is_set_as_french_is() {
        for (id, message, attribute, arguments) in parts() {
            let text = part(Locale::Fr, message, attribute, &arguments);
            let characters: Vec<_> = text.chars().collect();
            for pair in characters.windows(2) {
                let fits = match pair {
                    [before, ';' | '!' | '?'] => *before == '\u{202f}',
                    [before, ':' | '»'] => *before == '\u{a0}',
                    ['«', after] => *after == '\u{a0}',
                    [before, after] => ![before, after].contains(&&'\'') && *before != '"',
                    _ => true,
                };
                assert!(fits, "{id}: {pair:?} in {text}");
            }
        }
    }

    #[test]
    fn numbers_are_grouped_as_the_language_does() {
        let told = |locale| {
            let chars = 12_345;
            text(
                locale,
                Message::SecretTooLong {
                    chars,
                    limit: 12_000,
                },
            )
        };
        assert!(told(Locale::En).starts_with("That’s 12,345 characters; 12,000 fit here."));
        assert!(told(Locale::Fr).contains("12\u{a0}345 caractères"));
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
                Message::MoreRoomTitle,
            ] {
                let text = text(locale, message);
                assert!(text.chars().count() <= 24, "{text}");
            }
            let placeholder = text(locale, Message::ModalNotePlaceholder);
            assert!(placeholder.chars().count() <= 150, "{placeholder}");
            assert!(text(locale, Message::MessageButton).chars().count() <= 75);
        }
    }

    #[test]
    fn every_refusal_says_what_one_can_do() {
        let kinds = [
            "recipient-",
            "secret-",
            "note-",
            "lifetime-",
            "submission-",
            "command-",
            "failure-",
            "waiting-",
        ];
        let steps = [
            ["choose", "choisissez"],
            ["type", "saisissez"],
            ["type", "tapez"],
            ["press", "appuyez"],
            ["shorten", "raccourcissez"],
            ["send ", "envoyez"],
            ["send it", "renvoyer"],
            ["again", "de nouveau"],
            ["tell your", "signalez"],
            ["ask your", "demandez"],
            ["nothing to do", "rien à faire"],
            ["dialog says it", "dialogue vous le dira"],
            // How much fits is what one has to know.
            ["fit.", "de la place"],
        ];
        let mut silent = Vec::new();
        for message in Message::samples() {
            let id = message.parts().0;
            if !kinds.iter().any(|kind| id.starts_with(kind)) {
                continue;
            }
            for (language, locale) in [Locale::En, Locale::Fr].into_iter().enumerate() {
                let text = text(locale, message).to_lowercase();
                if !steps.iter().any(|step| text.contains(step[language])) {
                    silent.push(format!("{id}: {text}"));
                }
            }
        }
        assert!(silent.is_empty(), "{silent:#?}");
    }

    #[test]
    fn mentions_come_through_unbroken() {
        for (locale, start) in [
            (Locale::En, "<@U1> has the link"),
            (Locale::Fr, "<@U1> a reçu le lien"),
        ] {
            let recipient = "<@U1>";
            let until = "noon";
            let lead = text(locale, Message::ReceiptDelivered { recipient, until });
            assert!(lead.starts_with(start), "{lead}");
        }
    }
}
