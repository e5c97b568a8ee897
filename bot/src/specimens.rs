//! Every view and message that the bot can produce, of made-up content: what `doctor --views` shows
//! to Slack. Whoever adds one to the bot adds it here: a test compares with the catalogue of texts.
//!
//! Answers to commands are plain text without blocks, and the words beside a field are no view.

use shared::{
    domain::{
        base_url::PublicBaseUrl,
        clock::Timestamp,
        ids::{SecretId, UserId},
        lifetime::Lifetime,
    },
    operate::settings::PrivacyUrl,
    store::{deliveries::Outcome, submissions::StoredSubmission},
    text::{Locale, Message, text},
};

use crate::{
    alerts,
    command_text::{Prefill, Unused},
    courier,
    modal::{self, Layout},
    slack::Validated,
};

/// As long as a link's token.
const TOKEN: &str = "0123456789012345678901234567890123456789012";

/// As long as a sealed `response_url` is in a dialog.
const ANSWER_CHARS: usize = 1_500;

/// A view or a message.
pub(crate) struct Specimen {
    /// What it is, such as `receipt, delivered`.
    pub(crate) name: String,
    pub(crate) locale: Locale,
    pub(crate) shown: Validated,
}

/// What of an installation stands in views and messages.
pub(crate) struct Surroundings<'a> {
    /// Somebody whom Slack knows.
    pub(crate) person: &'a UserId,
    pub(crate) public_base_url: &'a PublicBaseUrl,
    pub(crate) privacy: Option<&'a PrivacyUrl>,
}

/// All of them, in every language; what matters most comes first.
pub(crate) fn all(around: &Surroundings<'_>) -> Vec<Specimen> {
    let link = around.public_base_url.join(&format!("/s/{TOKEN}"));
    let mut specimens = Vec::new();
    for locale in Locale::ALL {
        add(&mut specimens, locale, dialogs(locale, around));
        add(&mut specimens, locale, already_sent(locale, around.person));
        let over_it = Validated::View(modal::no_more_room(locale));
        add(
            &mut specimens,
            locale,
            vec![("no more room".to_owned(), over_it)],
        );
        let answers = courier::press_answers(around.person).into_iter();
        let answers = answers.map(|(name, answer)| {
            let view = answer.view(locale, Some("America/Toronto"));
            (format!("answer to a press, {name}"), Validated::View(view))
        });
        add(&mut specimens, locale, answers.collect());
    }
    for locale in Locale::ALL {
        let messages = courier::specimens(locale, around.person, &link);
        add(&mut specimens, locale, messages);
    }
    for locale in Locale::ALL {
        add(&mut specimens, locale, alerts::specimens(locale));
    }
    specimens
}

/// Adds what is not there yet: several standings have the same words.
fn add(specimens: &mut Vec<Specimen>, locale: Locale, more: Vec<(String, Validated)>) {
    for (name, shown) in more {
        let is_known = |one: &Specimen| one.locale == locale && one.shown == shown;
        if !specimens.iter().any(is_known) {
            specimens.push(Specimen {
                name,
                locale,
                shown,
            });
        }
    }
}

/// What of the dialog can be there or not.
#[derive(Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each on its own")]
struct Options {
    fields: usize,
    notices: bool,
    unused_words: bool,
    initial_user: bool,
    privacy: bool,
}

impl Options {
    /// Each number of fields with each option and without it, and any three options in every
    /// combination.
    const ALL: [Self; 8] = [
        Self::of(1, [true, true, true]),
        Self::of(1, [false, false, false]),
        Self::of(2, [false, false, true]),
        Self::of(2, [true, true, false]),
        Self::of(3, [false, true, false]),
        Self::of(3, [true, false, true]),
        Self::of(4, [false, true, true]),
        Self::of(4, [true, false, false]),
    ];

    const fn of(fields: usize, [notices, unused_words, initial_user]: [bool; 3]) -> Self {
        Self {
            fields,
            notices,
            unused_words,
            initial_user,
            privacy: notices ^ unused_words ^ initial_user,
        }
    }
}

fn dialogs(locale: Locale, around: &Surroundings<'_>) -> Vec<(String, Validated)> {
    let made_up = PrivacyUrl::parse("https://example.org/privacy").ok();
    let privacy = around.privacy.or(made_up.as_ref());
    let dialog = |options: Options| {
        let prefill = Prefill {
            recipient: options.initial_user.then(|| around.person.clone()),
            lifetime: options.initial_user.then_some(Lifetime::Hours24),
            unused: Unused::default(),
        };
        let layout = Layout {
            fields: options.fields,
            unused: if options.unused_words {
                Unused::everything()
            } else {
                Unused::default()
            },
            answer: Some("x".repeat(ANSWER_CHARS)),
            language: Some(locale),
            tz: Some("America/Argentina/ComodRivadavia".to_owned()),
            ..Layout::default()
        };
        let notices = if options.notices {
            notices(locale, around.person)
        } else {
            Vec::new()
        };
        let privacy = privacy.filter(|_| options.privacy);
        let view = modal::dialog(locale, &prefill, &layout, &notices, privacy);
        (name(options), Validated::View(view))
    };
    Options::ALL.into_iter().map(dialog).collect()
}

fn name(options: Options) -> String {
    let extras = [
        (options.notices, "notices"),
        (options.unused_words, "unused words"),
        (options.initial_user, "somebody chosen"),
        (options.privacy, "privacy notice"),
    ];
    let mut name = format!("dialog, {} field(s)", options.fields);
    for (is_there, extra) in extras {
        if is_there {
            name.push_str(", ");
            name.push_str(extra);
        }
    }
    name
}

/// What can stand above the form, all at once.
fn notices(locale: Locale, person: &UserId) -> modal::Notices {
    let code = "x".repeat(64);
    let mut notices = vec![text(locale, Message::ModalUntold)];
    notices.extend(courier::longest_lines(locale, person));
    notices.push(text(locale, Message::ModalHeld { code: &code }));
    notices
}

fn already_sent(locale: Locale, person: &UserId) -> Vec<(String, Validated)> {
    let at = |minutes: i64| Timestamp::from_millis(1_795_460_580_000 + minutes * 60_000);
    let stored = |ending, outcome| StoredSubmission {
        secret: SecretId::generate(),
        recipient: person.clone(),
        created_at: at(0),
        expires_at: at(24 * 60),
        ending,
        ended_at: Some(at(1)),
        outcome,
    };
    let mut standings: Vec<_> = courier::endings()
        .into_iter()
        .map(|ending| (Some(ending), Some(Outcome::Sent)))
        .collect();
    standings.push((None, None));
    let outcomes = courier::outcomes();
    standings.extend(outcomes.into_iter().map(|outcome| (None, Some(outcome))));
    let view = |(number, (ending, outcome))| {
        let view = modal::already_sent(locale, &stored(ending, outcome), Some("America/Toronto"));
        (
            format!("already sent, {}", number + 1),
            Validated::View(view),
        )
    };
    standings.into_iter().enumerate().map(view).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    fn specimens() -> Vec<Specimen> {
        let person = UserId::parse("U0123ABCD").unwrap();
        let public_base_url = PublicBaseUrl::parse("https://secrets.example.org").unwrap();
        all(&Surroundings {
            person: &person,
            public_base_url: &public_base_url,
            privacy: None,
        })
    }

    /// Texts that stand elsewhere than in views and messages, by the beginnings of their ids.
    const ELSEWHERE: &[&str] = &[
        // The Slack app itself.
        "manifest-",
        // Parts of others.
        "minutes",
        "hours",
        // Beside a field.
        "recipient-",
        "secret-",
        "note-",
        "lifetime-",
        "submission-",
        "field-unreadable",
        // Answers to the command: plain text.
        "command-",
        "press-unreadable",
        "waiting-held",
        "waiting-where",
        // The web pages.
        "page-",
        "confirm-",
        "revealed-",
        "state-",
        "too-many-",
        "too-",
    ];

    /// Each text of a catalogue with what its lines say at least, whatever is put in.
    fn texts(catalog: &'static str) -> Vec<(&'static str, Vec<&'static str>)> {
        let mut texts: Vec<(&str, Vec<&str>)> = Vec::new();
        for line in catalog.lines().filter(|line| !line.starts_with('#')) {
            let said = match line.split_once(" = ") {
                Some((id, said)) if !line.starts_with([' ', '}']) => {
                    texts.push((id, Vec::new()));
                    said
                }
                _ => line.split_once(']').map_or("", |(_, said)| said),
            };
            let between = said.split('{').map(|part| part.rsplit('}').next().unwrap());
            let longest = between.map(str::trim).max_by_key(|part| part.len());
            let longest = longest.filter(|part| !part.is_empty());
            if let (Some(longest), Some((_, lines))) = (longest, texts.last_mut()) {
                lines.push(longest);
            }
        }
        texts
    }

    fn strings(of: &Value, found: &mut String) {
        match of {
            Value::String(text) => {
                found.push_str(text);
                found.push('\n');
            }
            Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
            Value::Object(members) => members.values().for_each(|member| strings(member, found)),
            _ => {}
        }
    }

    #[test]
    fn every_text_of_views_and_messages_stands_in_one() {
        let specimens = specimens();
        for (locale, catalog) in [
            (Locale::En, include_str!("../../shared/src/text/en.ftl")),
            (Locale::Fr, include_str!("../../shared/src/text/fr.ftl")),
        ] {
            let mut shown = String::new();
            for specimen in specimens.iter().filter(|one| one.locale == locale) {
                let (Validated::View(value) | Validated::Message(value)) = &specimen.shown;
                strings(value, &mut shown);
            }
            let texts = texts(catalog);
            assert!(texts.len() > 100, "{}", texts.len());
            let missing: Vec<_> = texts
                .iter()
                .filter(|(id, _)| !ELSEWHERE.iter().any(|begin| id.starts_with(begin)))
                .filter(|(_, lines)| !lines.iter().any(|line| shown.contains(line)))
                .map(|(id, _)| id)
                .collect();
            assert!(missing.is_empty(), "in no specimen: {missing:?}");
        }
    }

    #[test]
    fn what_is_said_to_stand_elsewhere_is_in_the_catalogue() {
        let texts = texts(include_str!("../../shared/src/text/en.ftl"));
        for begin in ELSEWHERE {
            assert!(texts.iter().any(|(id, _)| id.starts_with(begin)), "{begin}");
        }
    }

    #[test]
    fn each_is_there_once_in_each_language_under_a_name() {
        let specimens = specimens();
        let names = |locale| {
            let of = specimens.iter().filter(move |one| one.locale == locale);
            of.map(|one| one.name.clone()).collect::<BTreeSet<_>>()
        };
        assert_eq!(names(Locale::En), names(Locale::Fr));
        assert_eq!(
            names(Locale::En).len() * Locale::ALL.len(),
            specimens.len(),
            "a name stands twice"
        );
        for (index, one) in specimens.iter().enumerate() {
            let twin = specimens[..index]
                .iter()
                .find(|other| other.shown == one.shown && other.locale == one.locale);
            assert!(twin.is_none(), "{} is {}", one.name, twin.unwrap().name);
        }
    }

    #[test]
    fn each_option_is_there_and_not_there_with_each_number_of_fields() {
        let flags = |options: &Options| {
            [
                options.notices,
                options.unused_words,
                options.initial_user,
                options.privacy,
            ]
        };
        for fields in 1..=modal::field::SECRET.len() {
            let of: Vec<_> = Options::ALL
                .iter()
                .filter(|options| options.fields == fields)
                .map(flags)
                .collect();
            for option in 0..4 {
                for is_there in [false, true] {
                    let found = of.iter().any(|flags| flags[option] == is_there);
                    assert!(found, "{fields} {option} {is_there}");
                }
            }
        }
        for left_out in 0..4 {
            let threes: BTreeSet<_> = Options::ALL
                .iter()
                .map(|options| {
                    let mut flags = flags(options).to_vec();
                    flags.remove(left_out);
                    flags
                })
                .collect();
            assert_eq!(threes.len(), 8, "without {left_out}");
        }
    }
}
