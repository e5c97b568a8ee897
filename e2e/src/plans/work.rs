//! Everything that the programs do, once: for a door's sake with each of its ends.

use std::time::Duration;

use serde_json::json;
use shared::{
    crypto::{Share, Way},
    domain::{
        clock::Timestamp,
        ids::{ChannelId, DeliveryId, MessageTs, SecretId, UserId},
    },
    store::{
        Database, alerts, audit, backlog, bots,
        claim::{self, Which},
        create::{Created, NewSecret},
        deliveries::Posted,
        expire,
        habits::{self, Habits, Side},
        held, key_rings, links,
        presses::{self, Action, Asked},
        rehearsal, remind, reuse, send_again, submissions, survey, untold, view_checks,
    },
};

use crate::{Account, Keys, Process, Submission, World, eventually, presser, run};

const BOT: &str = "secure-secret-bot";
const WEB: &str = "secure-secret-web";
const MIGRATE: &str = "secure-secret-migrate";

/// Secrets that `end-all` ends before it is cut short: two batches and a part of the third.
const ENDED: i64 = 450;

pub(super) async fn work(world: &mut World) {
    sweep(world).await;
    send_and_open(world).await;
    refuse_openings(world).await;
    fail_to_deliver(world).await;
    seldom(&world.database.store_of(Account::Bot).await).await;
    use_tools(world).await;
    end_all(world).await;
}

/// The bot sweeps, purges and tells the trail of visits at its start.
async fn sweep(world: &World) {
    let told = "SELECT COUNT(*) FROM audit_events WHERE event = 'reused'";
    eventually("what is done at the bot's start", || async {
        (world.database.count(told).await > 0).then_some(())
    })
    .await;
}

async fn send(world: &mut World) -> String {
    let submission = Submission {
        secret: "canary-of-plans",
        duplicate: Some("new_envelope"),
        ..Submission::default()
    };
    let link = world.alice_sends_bob(submission).await;
    link.rsplit('/').next().unwrap().to_owned()
}

/// Opened, the same page once more, a visit after that, and one whose time is over.
async fn send_and_open(world: &mut World) {
    let token = send(world).await;
    let page = world.web().look(&token).await;
    let confirmation = page.confirmation().unwrap().to_owned();
    assert_eq!(world.web().press(&token, &confirmation).await.status, 200);
    assert_eq!(world.web().press(&token, &confirmation).await.status, 410);
    assert_eq!(world.web().look(&token).await.status, 410);
    for column in ["reuse_count", "repeat_count"] {
        let noted =
            format!("SELECT COUNT(*) FROM secrets WHERE sender = 'U0ALICE' AND {column} > 0");
        eventually("what came after the opening is noted", || async {
            (world.database.count(&noted).await == 1).then_some(())
        })
        .await;
    }
    let token = send(world).await;
    let over = "UPDATE secrets SET expires_at = created_at - 1 \
                WHERE sender = 'U0ALICE' AND destroyed_at IS NULL";
    world.database.run(Account::Migrate, over).await.unwrap();
    assert_eq!(world.web().look(&token).await.status, 410);
    let edits = "SELECT COUNT(*) FROM deliveries WHERE addressee = 'U0BOB' AND shown <> 'live'";
    eventually("both messages show the end", || async {
        (world.database.count(edits).await == 2).then_some(())
    })
    .await;
}

/// From a foreign page, with a forged confirmation, and where the key is missing. The doors that a
/// broken line leads to are called as reveal-web does.
async fn refuse_openings(world: &mut World) {
    let token = send(world).await;
    let foreign = [("token", token.as_str()), ("confirmation", "x")];
    let request = world
        .web()
        .http()
        .post(format!("{}/reveal", world.web().url));
    let request = request
        .header("origin", "https://evil.example")
        .form(&foreign);
    crate::Web::send(request).await;
    world.web().press(&token, "forged").await;
    let denied = "SELECT COUNT(*) FROM audit_events WHERE event = 'denied'";
    eventually("both are noted", || async {
        (world.database.count(denied).await == 2).then_some(())
    })
    .await;
    let keyless = [("FERNET_KEYS", Keys::fresh().master)];
    let other = world.new_web(&keyless).await;
    other.reveal(&token).await;
    for call in ["fate_1", "page_lost_1"] {
        let call = format!("CALL {call}(UNHEX(SHA2('link7', 256)), UNHEX(REPEAT('01', 16)))");
        world.database.run(Account::Web, &call).await.unwrap();
    }
}

/// One message that Slack refuses for good, and one that it refuses for now.
async fn fail_to_deliver(world: &World) {
    for (code, sender, recipient) in [
        ("user_disabled", "U0ALICE", "U0DMITRI"),
        ("internal_error", "U0ALICE", "U0CHLOE"),
    ] {
        let fault =
            json!({"method": "chat.postMessage", "error": code, "to": recipient, "times": 1});
        world.slack().fail(&fault).await;
        world.send_from(sender, recipient).await;
    }
    let tried = "SELECT COUNT(*) FROM deliveries WHERE attempts > 0 \
                 AND addressee IN ('U0CHLOE', 'U0DMITRI') AND leased_until IS NULL";
    eventually("both were tried", || async {
        (world.database.count(tried).await == 2).then_some(())
    })
    .await;
}

/// What an outage of Slack's, a doctor or a person at a terminal asks the database; Alice sent Bob
/// something lately.
pub async fn seldom(store: &Database) {
    let alice = UserId::parse("U0ALICE").unwrap();
    let bob = UserId::parse("U0BOB").unwrap();
    let day = Duration::from_hours(24);
    let since = store.clock().await.unwrap().as_millis() - i64::try_from(day.as_millis()).unwrap();
    let since = Timestamp::from_millis(since);
    rehearsal::latest(store, &alice, None, since).await.unwrap();
    let secret = rehearsal::latest(store, &alice, Some(&bob), since).await;
    let secret = secret.unwrap().unwrap();
    rehearsal::trace(store, secret).await.unwrap();
    for (secret, within) in [(None, None), (None, Some(day)), (Some(secret), Some(day))] {
        let filter = audit::Filter {
            secret,
            within,
            limit: 100,
        };
        audit::list(store, filter).await.unwrap();
    }
    let habits = Habits {
        locale: Some("fr-CA".to_owned()),
        tz: None,
    };
    for side in [Side::Sender, Side::Recipient] {
        habits::write(store, secret, side, &habits).await.unwrap();
    }
    let new = Keys::submission("VPLANS", "x");
    let found = submissions::find(store, new.home.team(), &new.submission_key).await;
    assert_eq!(found, Ok(None));
    for which in [Which::Answerable, Which::Due(&[alice.clone(), bob])] {
        store.claim(claim::LONGEST_WAIT, which).await.ok();
    }
    expire::sweep_batch(store, 50, &[secret]).await.unwrap();
    untold::of(store, &alice).await.unwrap();
    survey::take(store).await.unwrap();
    backlog::read(store).await.unwrap();
    key_rings::in_use(store).await.unwrap();
    key_rings::of_live_secrets(store).await.unwrap();
    key_rings::of_waiting_messages(store).await.unwrap();
    key_rings::of_buttons(store).await.unwrap();
    make_links(store).await;
    view_checks::last(store).await.unwrap();
    bots::strangers(store).await.unwrap();
    reuse::tell_rest(store).await.unwrap();
    held::read(store).await.unwrap();
    held::others_were_reached(store, &alice, since)
        .await
        .unwrap();
    held::release(store).await.unwrap();
    press(store, secret).await;
    alert(store).await;
    let half_an_hour = Duration::from_mins(30);
    for due in remind::due(store, half_an_hour).await.unwrap() {
        remind::take(store, due.delivery).await.unwrap();
    }
    let nothing = DeliveryId::generate();
    remind::take(store, nothing).await.unwrap();
    remind::put_back(store, nothing).await.unwrap();
    remind::is_taken(store, secret).await.unwrap();
    remind::lives(store, secret).await.unwrap();
}

/// What operators are told, and that it is not taken.
async fn alert(store: &Database) {
    let channel = ChannelId::parse("C0000ALERT").unwrap();
    let lately = alerts::Lately {
        within: Duration::from_hours(24),
        overdue_after: Duration::from_mins(10),
    };
    alerts::begin(store, &channel).await.unwrap();
    let mut happened = alerts::look(store, lately).await.unwrap();
    happened.push(alerts::Happened {
        cause: alerts::Cause::Reused,
        hour: 1,
        count: 1,
        secrets: Vec::new(),
    });
    for mut happened in happened {
        alerts::raise(store, &happened).await.unwrap();
        happened.count += 1;
        alerts::raise(store, &happened).await.unwrap();
    }
    let lease = Duration::from_mins(1);
    let first = alerts::claim(store, lease).await.unwrap().unwrap();
    let code = Some("not_in_channel");
    alerts::refused(store, &first, &channel, code, None)
        .await
        .unwrap();
    let second = alerts::claim(store, lease).await.unwrap().unwrap();
    let at = Posted {
        channel: channel.clone(),
        message: MessageTs::parse("1.1").unwrap(),
    };
    alerts::posted(store, &second, &at).await.unwrap();
    alerts::standing(store, &channel).await.unwrap();
    alerts::forget_old(store).await.unwrap();
}

/// Buttons pressed by whom they are not for, and by the sender.
async fn press(store: &Database, secret: SecretId) {
    let (bob, alice) = (presser("U0BOB", "1"), presser("U0ALICE", "2"));
    for presser in [&bob, &alice] {
        send_again::sent_before(store, presser, secret)
            .await
            .unwrap();
        if let Asked::NotTheirs(press) = store.take_back(presser, secret).await.unwrap() {
            press.home_of_message(store, presser).await.unwrap();
            press.deny(store, presser).await.unwrap();
        }
    }
}

/// Links made at a press, and ended.
async fn make_links(store: &Database) {
    let keys = Keys::fresh();
    let new = NewSecret {
        way: Way::Share,
        ..Keys::submission("VLINKS", "x")
    };
    let created = store.create(&keys.master(), &keys.delivery(), &new).await;
    let Ok(Created::New { secret, .. }) = created else {
        panic!("{created:?}");
    };
    let share = Share::generate().unwrap();
    for press in ["1", "2"] {
        keys.link(store, secret, &share, press).await;
    }
    let alice = presser("U0ALICE", "3");
    presses::is_for(store, &alice, secret, Action::IssueLink)
        .await
        .unwrap();
    links::forget_overdue(store, 50).await.unwrap();
    store.take_back(&alice, secret).await.unwrap();
}

async fn use_tools(world: &mut World) {
    let secret = "SELECT LOWER(HEX(id)) FROM secrets WHERE sender = 'U0ALICE' LIMIT 1";
    let secret = world.database.text(secret).await;
    for arguments in [
        &["audit", "list"][..],
        &["audit", "list", "--since", "24h"],
        &["audit", "list", "--secret", &secret],
    ] {
        let listed = world.operator(BOT, arguments).await;
        assert!(
            listed.status.success(),
            "{}",
            String::from_utf8_lossy(&listed.stderr)
        );
    }
    world.bot().ask("/metrics").await;
    world.bot().ask("/readyz").await;
    run(BOT, &["doctor", "--views"], &world.variables_of_bot()).await;
    run(WEB, &["doctor"], &world.variables_of_web()).await;
    let migrate = [("DATABASE_URL", world.database.url(Account::Migrate))];
    let status = run(MIGRATE, &["status"], &migrate).await;
    assert!(
        status.out.contains("m20261123_000001_secrets"),
        "{}",
        status.err
    );
}

/// As after a restored backup. Every batch says the same: a few do.
async fn end_all(world: &World) {
    let variables = [("DATABASE_URL", world.database.url(Account::Migrate))];
    let log = world.folder().join("end-all.log");
    let arguments = ["end-all", "--reason", "restore"];
    let mut ending = Process::start(MIGRATE, &arguments, &variables, &log);
    let ended =
        "SELECT COUNT(*) FROM audit_events WHERE event = 'revoked' AND actor_kind = 'operator'";
    eventually("enough are ended", || async {
        (world.database.count(ended).await >= ENDED).then_some(())
    })
    .await;
    ending.kill().await;
}
