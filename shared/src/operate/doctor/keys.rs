//! Checks of the key rings: that they open what waits, and that bot and reveal-web share the master
//! keys. Only ids are compared and shown.

use super::{Finding, database::failed};
use crate::{
    crypto::KeyId,
    domain::program::Program,
    store::{Database, StoreError, key_rings},
};

/// Whether this ring opens every live secret, and whether the programs that run have the same.
pub async fn master(database: &Database, program: Program, ids: &[KeyId]) -> Vec<Finding> {
    vec![
        opens(
            "master keys",
            "live secrets",
            ids,
            key_rings::of_live_secrets(database).await,
            "put the key that is missing into FERNET_KEYS too, behind the first one, for a day",
        ),
        shared(database, program, ids).await,
    ]
}

/// Whether this ring opens every message that waits for delivery, and every button of one that is
/// out.
pub async fn delivery(database: &Database, ids: &[KeyId]) -> Vec<Finding> {
    const ADVICE: &str =
        "put the key that is missing into DELIVERY_KEYS too, behind the first one, for a day";
    vec![
        opens(
            "delivery keys",
            "waiting messages",
            ids,
            key_rings::of_waiting_messages(database).await,
            ADVICE,
        ),
        opens(
            "button keys",
            "buttons that give a link",
            ids,
            key_rings::of_buttons(database).await,
            ADVICE,
        ),
    ]
}

fn opens(
    check: &'static str,
    what: &str,
    ring: &[KeyId],
    needed: Result<Vec<KeyId>, StoreError>,
    advice: &str,
) -> Finding {
    let needed = match needed {
        Ok(needed) => needed,
        Err(error) => return failed(check, &error),
    };
    let missing: Vec<_> = needed
        .iter()
        .filter(|id| !ring.contains(id))
        .map(KeyId::to_string)
        .collect();
    if missing.is_empty() {
        let count = ring.len();
        let plural = if count == 1 { "key opens" } else { "keys open" };
        return Finding::good(check, format!("{count} {plural} all {what}"));
    }
    let seen = format!(
        "{what} are sealed under {}, which is not here",
        missing.join(", ")
    );
    Finding::bad(check, seen, advice)
}

/// What a bot seals, a reveal-web has to open.
async fn shared(database: &Database, program: Program, ids: &[KeyId]) -> Finding {
    const CHECK: &str = "shared keys";
    let mut rings = match key_rings::in_use(database).await {
        Ok(rings) => rings,
        Err(error) => return failed(CHECK, &error),
    };
    rings.push(key_rings::RingInUse {
        program: program.short_name().to_owned(),
        key_ids: ids.iter().map(KeyId::to_string).collect(),
    });
    finding(program, &rings)
}

fn finding(program: Program, rings: &[key_rings::RingInUse]) -> Finding {
    const CHECK: &str = "shared keys";
    let of = |program: Program| {
        rings
            .iter()
            .filter(move |ring| ring.program == program.short_name())
    };
    let other = if program == Program::Web {
        Program::Bot
    } else {
        Program::Web
    };
    if of(other).next().is_none() {
        return Finding::skipped(
            CHECK,
            format!("no {other} has run on this database within the last minutes"),
            "start it, and run this again: then the keys of both are compared by their ids",
        );
    }
    for bot in of(Program::Bot) {
        let Some(primary) = bot.key_ids.first() else {
            continue;
        };
        if of(Program::Web).any(|web| !web.key_ids.contains(primary)) {
            return Finding::bad(
                CHECK,
                format!("a bot seals with {primary}, which a reveal-web lacks"),
                "give both the same FERNET_KEYS (when rotating, reveal-web gets the new key first); one \
                 that was killed within the last three minutes counts: then run this again",
            );
        }
    }
    let primary = of(Program::Bot).find_map(|bot| bot.key_ids.first());
    let primary = primary.map_or("", String::as_str);
    Finding::good(CHECK, format!("bot and reveal-web share the key {primary}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{operate::doctor::Verdict, store::key_rings::RingInUse};

    fn ring(program: &str, key_ids: &[&str]) -> RingInUse {
        RingInUse {
            program: program.to_owned(),
            key_ids: key_ids.iter().map(|id| (*id).to_owned()).collect(),
        }
    }

    #[test]
    fn every_reveal_web_has_what_every_bot_seals_with() {
        let verdict = |rings: &[RingInUse]| finding(Program::Bot, rings).verdict;
        let web = ring("web", &["b", "a"]);
        assert_eq!(verdict(&[ring("bot", &["a"])]), Verdict::Skipped);
        assert_eq!(verdict(&[ring("bot", &["a"]), web.clone()]), Verdict::Good);
        // While a key is rotated.
        let bots = [ring("bot", &["a"]), ring("bot", &["b", "a"]), web.clone()];
        assert_eq!(verdict(&bots), Verdict::Good);
        let late = [ring("bot", &["b"]), web, ring("web", &["a"])];
        assert_eq!(verdict(&late), Verdict::Bad);
    }
}
