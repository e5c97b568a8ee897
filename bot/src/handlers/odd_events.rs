//! Every event with one odd thing in it: each frame that Slack sends, by every value within and
//! everything that can be odd about it (`odd_json`).

use std::collections::BTreeMap;

use odd_json::{Change, Odd, every_odd};
use serde_json::Value;
use shared::domain::{
    lifetime::Lifetime,
    secret::{NoteText, SecretText},
};

use super::{event::Event, submitted::Submitted};
use crate::envelope::Frame;

macro_rules! frame {
    ($name:literal) => {
        include_str!(concat!("../../fixtures/slack/", $name, ".json"))
    };
}

/// What became of something odd.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    /// As if nothing were odd.
    Done,
    /// The dialog stays open, with words.
    KeptOpen,
    /// Told by the `response_url`, or by the acknowledgement.
    Told,
    /// Acknowledged, and nothing else.
    Acknowledged,
    /// Not acknowledged: Slack says itself that there was no answer.
    NotAcknowledged,
}

type Counts = BTreeMap<Fate, usize>;

/// Looks at every odd frame of a kind; gives the numbers of each fate.
fn each(frame: &str, what: impl Fn(&Odd, Option<Event>) -> Fate) -> Counts {
    let frame: Value = serde_json::from_str(frame).unwrap();
    let mut counts = Counts::new();
    for odd in every_odd(&frame) {
        let event = match Frame::parse(&odd.text) {
            Some(Frame::Envelope(envelope)) => {
                Some(Event::read(envelope.kind, envelope.payload.get()))
            }
            _ => None,
        };
        *counts.entry(what(&odd, event)).or_default() += 1;
    }
    counts
}

fn report(event: &str, counts: &Counts, at_least: usize) {
    let total: usize = counts.values().sum();
    println!("{event}: {total} {counts:?}");
    assert!(total >= at_least, "{event}: only {total}");
}

/// What the fixture's sender typed, as far as this odd payload still says so.
struct Typed<'a>(&'a Odd);

impl Typed<'_> {
    /// What stands in a text field.
    fn text(&self, block: &str, typed: &'static str) -> &'static str {
        let leaf = format!("/payload/view/state/values/{block}/value/value");
        match self.0.change {
            Change::Null | Change::Empty if self.0.path == leaf => "",
            Change::Text if self.0.path == leaf => "odd",
            _ => typed,
        }
    }

    /// Slack may leave out a note that was not typed: nobody can tell that from one that got lost.
    fn note(&self) -> &'static str {
        let is_above = "/payload/view/state/values/note/value/value".starts_with(&self.0.path);
        let is_of_note = self.0.path.contains("/values/note");
        match self.0.change {
            Change::Deleted | Change::Null if is_above && is_of_note => "",
            _ => self.text("note", "for the VPN"),
        }
    }

    fn recipient(&self) -> &'static str {
        let is_other = self.0.path.ends_with("/selected_user") && self.0.change == Change::Text;
        if is_other { "odd" } else { "U0BOB" }
    }
}

/// Stored exactly as typed, or refused with words.
fn as_typed(odd: &Odd, submitted: Submitted) -> Fate {
    let typed = Typed(odd);
    let note = NoteText::parse_optional(submitted.note).ok();
    let (Ok(secret), Some(note), Some(lifetime), Some(recipient)) = (
        SecretText::join(submitted.secret),
        note,
        submitted.lifetime,
        submitted.recipient,
    ) else {
        return Fate::KeptOpen;
    };
    let whole = [
        typed.text("secret", "first half, "),
        typed.text("secret_2", "second half"),
    ];
    assert_eq!(secret.expose(), whole.concat(), "{odd}");
    let note = note.as_ref().map_or("", NoteText::expose);
    assert_eq!(note, typed.note(), "{odd}");
    assert_eq!(lifetime, Lifetime::Hours4, "{odd}");
    assert_eq!(recipient.as_str(), typed.recipient(), "{odd}");
    Fate::Done
}

#[test]
fn no_submission_is_taken_for_sent_unless_it_is_as_typed() {
    for (name, frame) in [
        ("view_submission", frame!("view_submission")),
        (
            "view_submission_org_wide",
            frame!("view_submission_org_wide"),
        ),
        ("view_submission_foreign", frame!("view_submission_foreign")),
    ] {
        let is_ours = name != "view_submission_foreign";
        let counts = each(frame, |odd, event| match event {
            Some(Event::Submission(submitted)) if is_ours => as_typed(odd, submitted),
            Some(Event::UnreadableSubmission(_) | Event::ForeignSubmission(_)) => Fate::KeptOpen,
            None => Fate::NotAcknowledged,
            Some(_) => panic!("{name} is acknowledged as if sent: {odd}"),
        });
        report(name, &counts, if is_ours { 850 } else { 400 });
        assert!(counts[&Fate::NotAcknowledged] < 30, "{counts:?}");
    }
}

#[test]
fn every_command_opens_the_dialog_or_is_told_why_not() {
    let counts = each(frame!("slash_command"), |odd, event| match event {
        Some(Event::Command(_)) => Fate::Done,
        Some(Event::Unreadable(unreadable)) => {
            let is_told = unreadable.response_url.is_some() || unreadable.response().is_some();
            assert!(is_told, "{odd}");
            Fate::Told
        }
        None => Fate::NotAcknowledged,
        Some(_) => panic!("a command ends in silence: {odd}"),
    });
    report("slash_command", &counts, 150);
    assert!(counts[&Fate::Told] >= 20, "{counts:?}");
}

#[test]
fn no_field_is_taken_away_by_more_room() {
    let counts = each(
        frame!("block_actions_more_room"),
        |odd, event| match event {
            Some(Event::MoreRoom(pressed)) => {
                assert!(pressed.has_fields(2), "{odd}");
                Fate::Done
            }
            // Without the dialog's own marks nothing can be done, and there is nowhere to tell it.
            Some(Event::Unreadable(_) | Event::UnreadableSubmission(_)) => Fate::KeptOpen,
            Some(Event::Nothing(_)) if odd.path.ends_with("action_id") => Fate::Acknowledged,
            None => Fate::NotAcknowledged,
            Some(_) => panic!("taken for something else: {odd}"),
        },
    );
    report("block_actions_more_room", &counts, 900);
    assert!(counts[&Fate::Done] > 800, "{counts:?}");
}

/// It is the press of whoever Slack names, about the row that the button names; or nothing is done,
/// and told.
#[test]
fn no_press_is_taken_for_somebody_elses_or_about_something_else() {
    let counts = each(
        frame!("block_actions_take_back"),
        |odd, event| match event {
            Some(Event::Press(press)) => {
                let (user, row) = press.who_and_what();
                let is_other_user = odd.path == "/payload/user/id" && odd.change == Change::Text;
                assert_eq!(user == "U0ALICE", !is_other_user, "{odd}");
                assert_eq!(row, "01936f0e-7b1c-7000-8000-000000000001", "{odd}");
                Fate::Done
            }
            Some(Event::Nothing(_)) => Fate::Acknowledged,
            Some(Event::Unreadable(unreadable)) => {
                assert!(unreadable.response_url.is_some(), "{odd}");
                Fate::Told
            }
            // An answer to a submission, which Slack passes over here.
            Some(Event::UnreadableSubmission(_)) => Fate::KeptOpen,
            None => Fate::NotAcknowledged,
            Some(_) => panic!("taken for something else: {odd}"),
        },
    );
    report("block_actions_take_back", &counts, 350);
    assert!(counts[&Fate::Done] > 250, "{counts:?}");
}

#[test]
fn other_presses_and_closings_are_acknowledged_or_told() {
    for (name, frame, at_least) in [
        ("block_actions_link", frame!("block_actions_link"), 300),
        ("view_closed", frame!("view_closed"), 150),
    ] {
        let counts = each(frame, |odd, event| match event {
            Some(Event::Nothing(_)) => Fate::Acknowledged,
            Some(Event::Unreadable(unreadable)) => {
                assert!(unreadable.response_url.is_some(), "{odd}");
                Fate::Told
            }
            // An answer to a submission, which Slack passes over here.
            Some(Event::UnreadableSubmission(_)) => Fate::KeptOpen,
            None => Fate::NotAcknowledged,
            Some(_) => panic!("{name} is taken for something else: {odd}"),
        });
        report(name, &counts, at_least);
        assert!(counts[&Fate::Acknowledged] > at_least / 2, "{counts:?}");
    }
}

#[test]
fn a_connection_lives_whatever_its_greeting_and_goodbye_hold() {
    for (name, frame, at_least) in [
        ("hello", frame!("hello"), 90),
        ("disconnect", frame!("disconnect"), 40),
    ] {
        let frame: Value = serde_json::from_str(frame).unwrap();
        let all = every_odd(&frame);
        for odd in &all {
            let parsed = Frame::parse(&odd.text);
            let is_known = matches!(
                (name, parsed),
                ("hello", Some(Frame::Hello(_))) | ("disconnect", Some(Frame::Disconnect(_)))
            );
            // Another type is something else; and nothing is known of what is no object.
            let says_so = odd.path == "/type" && matches!(odd.change, Change::Text | Change::Empty);
            assert!(is_known || says_so || odd.path.is_empty(), "{name}: {odd}");
        }
        println!("{name}: {}", all.len());
        assert!(all.len() >= at_least, "{name}: {}", all.len());
    }
}
