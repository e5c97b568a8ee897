//! What Slack's error codes mean. The codes stand in `codes.tsv`, with where each was read; no list
//! of them is ever complete, so what isn't there is [`Class::Undecided`], which is safe.

use std::{collections::HashMap, sync::LazyLock};

use shared::store::FailureReason;

/// The table, as it was written.
const FILE: &str = include_str!("codes.tsv");

/// Stands for every method.
const EVERY_METHOD: &str = "*";

static TABLE: LazyLock<HashMap<(&str, &str), Class>> =
    LazyLock::new(|| rows().filter_map(Row::entry).collect());

/// What a code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Only this addressee is refused; no retry mends it.
    Addressee(FailureReason),
    /// The app as a whole is refused: an operator has to mend it; what waits, waits.
    App,
    /// Tokens or installation are no good: nothing works until an operator mends it.
    Token,
    /// Passes by itself: never final.
    Passing,
    /// Too many requests.
    RateLimited,
    /// May be about this addressee, this message or the whole app: told apart by whether others can
    /// be reached.
    Undecided,
    /// The message that was to be changed or deleted is gone.
    MessageGone,
    /// The message is there, and can't be changed or deleted.
    MessageFixed,
    /// The view changed or was closed.
    ViewOutdated,
    /// A dialog was opened with the trigger before.
    TriggerUsed,
    /// The trigger is too old, or none.
    TriggerOver,
    /// The `response_url` is used up, or too old.
    AnswerOver,
}

/// What a method means by a code.
pub(crate) fn class(method: &str, code: &str) -> Class {
    let of = |method| TABLE.get(&(method, code)).copied();
    of(method)
        .or_else(|| of(EVERY_METHOD))
        .unwrap_or(Class::Undecided)
}

impl Class {
    /// The class of a word in the file.
    fn parse(word: &str) -> Option<Self> {
        if let Some(reason) = word.strip_prefix("addressee:") {
            return FailureReason::from_code(reason).map(Self::Addressee);
        }
        Some(match word {
            "app" => Self::App,
            "token" => Self::Token,
            "passing" => Self::Passing,
            "rate_limited" => Self::RateLimited,
            "undecided" => Self::Undecided,
            "message_gone" => Self::MessageGone,
            "message_fixed" => Self::MessageFixed,
            "view_outdated" => Self::ViewOutdated,
            "trigger_used" => Self::TriggerUsed,
            "trigger_over" => Self::TriggerOver,
            "answer_over" => Self::AnswerOver,
            _ => return None,
        })
    }
}

/// A row of the file, column by column.
struct Row {
    columns: Vec<&'static str>,
}

impl Row {
    /// What is looked up; nothing if the row is malformed, which a test refuses.
    fn entry(self) -> Option<((&'static str, &'static str), Class)> {
        let [method, code, class, _source, _read] = self.columns[..] else {
            return None;
        };
        Some(((method, code), Class::parse(class)?))
    }
}

fn rows() -> impl Iterator<Item = Row> {
    let rows = FILE.lines().filter(|line| {
        let is_comment = line.starts_with('#');
        !is_comment && !line.is_empty()
    });
    rows.map(|line| Row {
        columns: line.split('\t').collect(),
    })
}

/// The methods and codes of a class.
#[cfg(test)]
pub(super) fn codes_of(class: Class) -> Vec<(&'static str, &'static str)> {
    let of_class = TABLE.iter().filter(|(_, found)| **found == class);
    of_class.map(|(key, _)| *key).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};

    use super::*;
    use crate::slack::Method;

    /// Codes that were met or read about, by method: none of them may get lost.
    const KNOWN: [(&str, &str); 9] = [
        (
            "apps.connections.open",
            "not_authed invalid_auth missing_scope not_allowed_token_type account_inactive \
             token_revoked token_expired user_removed_from_team team_disabled forbidden_team \
             insecure_request internal_error missing_args ratelimited",
        ),
        (
            "auth.test",
            "not_authed invalid_auth account_inactive token_revoked token_expired \
             not_allowed_token_type",
        ),
        (
            "users.info",
            "user_not_found user_not_visible users_not_found",
        ),
        (
            "conversations.open",
            "user_not_found user_not_visible user_disabled users_list_not_supplied \
             channel_not_found missing_scope invalid_user_combination cannot_dm_bot \
             no_external_invite_permission not_enterprise_team users_not_found is_inactive",
        ),
        (
            "chat.postMessage",
            "channel_not_found not_in_channel is_archived no_text invalid_blocks \
             msg_blocks_too_long msg_too_long invalid_arguments restricted_action \
             messages_tab_disabled rate_limited ratelimited account_inactive token_revoked \
             missing_scope app_access_restricted ekm_access_denied \
             restricted_action_read_only_channel restricted_action_thread_only_channel \
             restricted_action_non_threadable_channel team_access_not_granted team_not_found \
             user_is_restricted enterprise_is_restricted invalid_blocks_format org_login_required \
             access_denied no_permission method_deprecated user_not_found user_not_visible \
             users_not_found user_disabled is_inactive cannot_dm_bot invalid_user_combination \
             internal_error fatal_error service_unavailable request_timeout team_added_to_org",
        ),
        (
            "chat.update",
            "message_not_found cant_update_message edit_window_closed channel_not_found \
             invalid_blocks update_failed block_mismatch posting_to_channel_denied is_inactive \
             no_item_specified",
        ),
        (
            "chat.delete",
            "message_not_found cant_delete_message channel_not_found",
        ),
        (
            "views.open",
            "expired_trigger_id exchanged_trigger_id invalid_trigger_id trigger_expired \
             trigger_exchanged push_limit_reached duplicate_external_id view_too_large \
             invalid_arguments",
        ),
        ("views.update", "not_found view_not_found hash_conflict"),
    ];

    fn has_entry(method: &str, code: &str) -> bool {
        TABLE.contains_key(&(method, code))
    }

    fn is_code(code: &str) -> bool {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        (1..=64).contains(&code.len()) && code.bytes().all(plain)
    }

    /// A path at docs.slack.dev, or `owner/project` with or without a thread.
    fn is_source(source: &str) -> bool {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if let Some(path) = source.strip_prefix('/') {
            return path
                .split('/')
                .all(|part| !part.is_empty() && part.chars().all(plain));
        }
        let (project, thread) = source.split_once('#').unwrap_or((source, "1"));
        let is_project = project.split_once('/').is_some_and(|(owner, name)| {
            !owner.is_empty() && !name.is_empty() && (owner.to_owned() + name).chars().all(plain)
        });
        is_project && thread.parse::<u32>().is_ok()
    }

    fn is_date(date: &str) -> bool {
        let parts: Vec<_> = date
            .split('-')
            .map(|part| (part.len(), part.parse().ok()))
            .collect();
        matches!(
            parts[..],
            [(4, Some(2025..=2099)), (2, Some(1..=12)), (2, Some(1..=31))]
        )
    }

    #[test]
    fn every_row_is_whole_and_stands_once() {
        let mut seen = HashSet::new();
        let known: HashSet<_> = Method::ALL.iter().map(|method| method.as_str()).collect();
        for row in rows() {
            let [method, code, class, source, read] = row.columns[..] else {
                panic!("not five columns: {:?}", row.columns);
            };
            let is_method = known.contains(method) || method == EVERY_METHOD;
            assert!(is_method, "{method}: {code}");
            assert!(is_code(code), "{method}: {code}");
            assert!(Class::parse(class).is_some(), "{method}: {code}: {class}");
            assert!(is_source(source), "{method}: {code}: {source}");
            assert!(is_date(read), "{method}: {code}: {read}");
            assert!(seen.insert((method, code)), "{method}: {code} stands twice");
        }
        assert_eq!(seen.len(), TABLE.len());
    }

    #[test]
    fn every_method_that_is_called_has_entries() {
        for method in Method::ALL {
            let own = TABLE.keys().filter(|(of, _)| *of == method.as_str());
            assert!(own.count() > 0, "{}", method.as_str());
        }
    }

    #[test]
    fn no_code_that_was_met_is_missing() {
        for (method, codes) in KNOWN {
            for code in codes.split_whitespace() {
                let known = has_entry(method, code) || has_entry(EVERY_METHOD, code);
                assert!(known, "{method}: {code}");
            }
        }
    }

    /// Only a reason that is about a person may end a delivery for good.
    #[test]
    fn only_reasons_about_the_addressee_are_final() {
        for class in TABLE.values() {
            if let Class::Addressee(reason) = class {
                let personal = [
                    FailureReason::UserNotFound,
                    FailureReason::UserDisabled,
                    FailureReason::CannotDmBot,
                    FailureReason::External,
                ];
                assert!(personal.contains(reason), "{reason:?}");
            }
        }
    }

    #[test]
    fn a_row_of_the_method_wins_and_what_is_unknown_is_undecided() {
        assert_eq!(class("auth.test", "ekm_access_denied"), Class::App);
        assert_eq!(
            class("chat.postMessage", "ekm_access_denied"),
            Class::Undecided
        );
        assert_eq!(class("chat.update", "is_inactive"), Class::MessageFixed);
        let disabled = Class::Addressee(FailureReason::UserDisabled);
        assert_eq!(class("chat.postMessage", "is_inactive"), disabled);
        assert_eq!(
            class("chat.postMessage", "messages_tab_disabled"),
            Class::App
        );
        for unknown in ["a_new_code", "", "unknown_code"] {
            assert_eq!(class("chat.postMessage", unknown), Class::Undecided);
        }
        assert_eq!(class("no.method", "invalid_auth"), Class::Token);
        assert_eq!(class("no.method", "user_not_found"), Class::Undecided);
    }

    /// Shows with `--nocapture` how many codes of each class there are.
    #[test]
    fn every_class_has_codes() {
        let mut counts = BTreeMap::<(&str, &str), usize>::new();
        let mut classes = HashSet::new();
        for row in rows() {
            let [method, _, class, ..] = row.columns[..] else {
                continue;
            };
            let class = class.split(':').next().unwrap_or_default();
            classes.insert(class);
            *counts.entry((class, method)).or_default() += 1;
            *counts.entry((class, "(all)")).or_default() += 1;
        }
        assert_eq!(classes.len(), 12);
        for ((class, method), count) in counts {
            println!("{class}\t{method}\t{count}");
        }
    }
}
