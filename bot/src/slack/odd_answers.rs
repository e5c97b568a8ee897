//! Every answer of every method with one odd thing in it (`odd_json`), read as the client reads it.

use odd_json::{Change, every_odd};
use serde_json::{Value, value::RawValue};
use shared::domain::{
    home::Home,
    ids::{TeamId, UserId},
};
use slack_morphism::{
    SlackEnvelopeMessage,
    errors::{SlackClientApiError, SlackClientError, map_serde_error},
};

use super::{
    Method, SlackError, answer,
    directory::{Ineligible, Person, User},
};
use crate::{
    lenient::{Object, Unreadable},
    settings::Policy,
};

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../fixtures/slack/", $name, ".json"))
    };
}

/// What the library makes of an answer of status 200.
fn carried(body: &str) -> Result<Box<RawValue>, SlackClientError> {
    let envelope: SlackEnvelopeMessage =
        serde_json::from_str(body).map_err(|error| map_serde_error(error, Some(body)))?;
    match envelope.error {
        None => serde_json::from_str(body).map_err(|error| map_serde_error(error, Some(body))),
        Some(code) => Err(SlackClientError::ApiError(
            SlackClientApiError::new(code).with_http_response_body(body.to_owned()),
        )),
    }
}

fn read<T>(
    method: Method,
    body: &str,
    shows: &'static str,
    wanted: impl FnOnce(&Object<'_>) -> Result<T, Unreadable>,
) -> Result<T, SlackError> {
    let text = answer::text_of(method, carried(body))?;
    answer::read(method, &text, Some(shows), wanted)
}

/// Whether an odd answer says itself that nothing was done.
fn says_no(path: &str, change: Change) -> bool {
    let is_other = matches!(change, Change::OtherBefore | Change::OtherAfter);
    path.is_empty() || (path == "/ok" && is_other)
}

/// Reads every odd answer of a method. Only without one of `needed` may it fail.
fn each<T>(
    method: Method,
    body: &str,
    shows: &'static str,
    needed: &[&str],
    wanted: impl Fn(&Object<'_>) -> Result<T, Unreadable> + Copy,
) {
    let whole: Value = serde_json::from_str(body).unwrap();
    let all = every_odd(&whole);
    let mut failed = 0;
    for odd in &all {
        let read = read(method, &odd.text, shows, wanted);
        if let Err(error) = read {
            failed += 1;
            let may_fail = needed.contains(&odd.path.as_str()) || says_no(&odd.path, odd.change);
            assert!(may_fail, "{}: {odd}: {error}", method.as_str());
        }
    }
    println!(
        "{}: {}, of which {failed} can't be read",
        method.as_str(),
        all.len()
    );
    assert!(all.len() >= 70, "{}: {}", method.as_str(), all.len());
}

#[test]
fn an_odd_answer_is_one_as_long_as_what_was_asked_for_is_in_it() {
    let done = |_: &Object<'_>| Ok(());
    each(
        Method::OpenConnection,
        fixture!("apps.connections.open"),
        "url",
        &["/url"],
        answer::url,
    );
    each(
        Method::AuthTest,
        fixture!("auth.test"),
        "user_id",
        &[],
        done,
    );
    each(
        Method::OpenConversation,
        fixture!("conversations.open"),
        "channel",
        &["/channel", "/channel/id"],
        answer::channel,
    );
    each(
        Method::PostMessage,
        fixture!("chat.postMessage"),
        "ts",
        &[],
        answer::posted_as,
    );
    for (method, body, shows) in [
        (Method::UpdateMessage, fixture!("chat.update"), "ts"),
        (Method::DeleteMessage, fixture!("chat.delete"), "ts"),
        (Method::OpenView, fixture!("views.open"), "view"),
        (Method::PushView, fixture!("views.open"), "view"),
        (Method::UpdateView, fixture!("views.update"), "view"),
    ] {
        each(method, body, shows, &[], done);
    }
}

#[test]
fn a_refusal_is_never_taken_for_done() {
    let whole: Value = serde_json::from_str(fixture!("refusal")).unwrap();
    let all = every_odd(&whole);
    for odd in &all {
        let read = read(Method::PostMessage, &odd.text, "ts", answer::posted_as);
        let error = read.expect_err(&odd.to_string());
        let is_code = error.code().is_some();
        assert!(is_code || odd.path.is_empty(), "{odd}: {error}");
    }
    println!("refusals: {}", all.len());
    assert!(all.len() >= 70, "{}", all.len());
}

fn person(body: &str) -> Result<Person, SlackError> {
    let user: User = read(Method::UsersInfo, body, "user", answer::user)?;
    Ok(Person::of(UserId::parse("U0BOB").unwrap(), user))
}

fn check(person: &Person) -> Result<(), Ineligible> {
    let policy = Policy {
        allow_self: false,
        allow_external: false,
        allow_guests: false,
    };
    let home = Home::new(TeamId::parse("T0SCHOOL").unwrap(), None);
    person.check(&home, policy)
}

#[test]
fn nobody_is_unreachable_for_an_odd_answer_and_nobody_allowed_whom_a_flag_forbids() {
    for (name, body, flag, forbidden) in [
        ("member", fixture!("users.info"), "", None),
        (
            "partner",
            fixture!("users.info.partner"),
            "/user/is_stranger",
            Some(Ineligible::External),
        ),
        (
            "bot",
            fixture!("users.info.bot"),
            "/user/is_bot",
            Some(Ineligible::Bot),
        ),
        (
            "deactivated",
            fixture!("users.info.deactivated"),
            "/user/deleted",
            Some(Ineligible::Deactivated),
        ),
    ] {
        let whole: Value = serde_json::from_str(body).unwrap();
        let all = every_odd(&whole);
        for odd in &all {
            let Ok(person) = person(&odd.text) else {
                let is_whole = odd.path == "/user" || says_no(&odd.path, odd.change);
                assert!(is_whole, "{name} is unreachable: {odd}");
                continue;
            };
            let checked = check(&person);
            // Whoever is said to be something else by the odd value is that.
            let is_said = odd.path.starts_with("/user/is_") || odd.path == "/user/deleted";
            let keeps_in = [
                "/user/is_stranger",
                "/user/is_restricted",
                "/user/is_ultra_restricted",
            ];
            let keeps_in = keeps_in.contains(&odd.path.as_str());
            match forbidden {
                None if is_said && !keeps_in => {
                    let says_yes = matches!(
                        odd.change,
                        Change::True | Change::OtherBefore | Change::OtherAfter
                    );
                    assert!(checked.is_ok() || says_yes, "{name}: {odd}");
                }
                None if is_said => {
                    let is_empty = matches!(
                        odd.change,
                        Change::Deleted
                            | Change::Null
                            | Change::List
                            | Change::Object
                            | Change::Empty
                            | Change::Zero
                    );
                    assert_eq!(checked.is_ok(), is_empty, "{name}: {odd}");
                }
                None => assert_eq!(checked, Ok(()), "{name}: {odd}"),
                Some(why) if odd.path != flag && odd.path != "/user" => {
                    assert!(checked.is_err(), "{name} is allowed: {odd}");
                    if !is_said {
                        assert_eq!(checked, Err(why), "{name}: {odd}");
                    }
                }
                // Two values: the one that forbids counts.
                Some(_) => {
                    let is_twice = matches!(odd.change, Change::OtherBefore | Change::OtherAfter);
                    assert!(checked.is_err() || !is_twice, "{name} is allowed: {odd}");
                }
            }
        }
        println!("users.info, {name}: {}", all.len());
        assert!(all.len() >= 250, "{name}: {}", all.len());
    }
}
