//! A secret is sent while the bot's database fails: it is stored once or not at all, its sender is
//! told which, and its message comes once.

use std::time::Duration;

use e2e::{
    Account, Engine, Options, Submission, TestDatabase, World, eventually, eventually_within,
    is_sent,
    mysql_proxy::{
        Aim, Fault, Hold, INTERRUPTED, LOCK_WAIT_TIMEOUT, MySqlProxy, Trip, Watch, Whose,
    },
};
use serde_json::Value;
use tokio::time::timeout;

use super::{LATE, SHORT, TOO_LATE, Weather, each_at_each, in_lanes};

/// Secrets on their way at the same time.
const LANES: usize = 10;

/// Longer than the dialog waits for an answer.
const PAST_THE_DIALOG: Duration = Duration::from_millis(2500);

/// Longest wait for a courier that was kept from its work.
const LONG: Duration = Duration::from_mins(2);

/// A world whose bot reaches its database through a proxy.
struct Sky {
    world: World,
    proxy: MySqlProxy,
}

/// Two people who had nothing from each other before.
struct Pair {
    sender: String,
    recipient: String,
}

impl Pair {
    fn number(number: usize) -> Self {
        let person = |number: usize| format!("U0CROWD{number:03}");
        Self {
            sender: person(2 * number),
            recipient: person(2 * number + 1),
        }
    }
}

impl Sky {
    async fn new() -> Self {
        let database = TestDatabase::migrated(Engine::MySql).await;
        let proxy = MySqlProxy::before(&database).await;
        let url = proxy.url(&database, Account::Bot).await;
        let options = Options {
            webs: 0,
            bot_variables: vec![("DATABASE_URL", url)],
            ..Options::default()
        };
        Self {
            world: World::on(database, options).await,
            proxy,
        }
    }

    async fn open_dialog(&self, pair: &Pair) -> Value {
        self.world.slack().open_dialog(&pair.sender, "").await
    }

    async fn submit(&self, pair: &Pair, dialog: &Value) -> Value {
        let submission = Submission {
            recipient: Some(&pair.recipient),
            secret: "canary-sent",
            ..Submission::default()
        };
        let slack = self.world.slack();
        slack.submit(&pair.sender, dialog, &submission).await
    }

    async fn stored(&self, dialog: &Value) -> i64 {
        let id = dialog["id"].as_str().unwrap();
        let sql = format!("SELECT COUNT(*) FROM secrets WHERE submission_key = '{id}'");
        self.world.database.count(&sql).await
    }

    fn watch(&self, dialog: &Value, weather: &Weather) -> Watch {
        let id = dialog["id"].as_str().unwrap().as_bytes();
        self.proxy.watch(Whose::Naming, &[id], weather)
    }

    /// What the dialog says is so. Pressed again, as it asks for, it is sent.
    async fn holds(&self, pair: &Pair, dialog: &Value, outcome: &Value, case: &str) {
        let stored = self.stored(dialog).await;
        if is_sent(outcome) {
            assert_eq!(stored, 1, "{case}");
            return;
        }
        if says_nothing_was_sent(outcome) {
            assert_eq!(stored, 0, "{case}");
        } else {
            let said = outcome["errors"]["secret"].as_str().unwrap();
            assert!(said.contains("couldn’t confirm"), "{case}: {outcome}");
        }
        self.is_sent_on_another_press(pair, dialog, stored, case)
            .await;
    }

    /// Pressed again: what was stored before is told so, and nothing is stored twice.
    async fn is_sent_on_another_press(&self, pair: &Pair, dialog: &Value, stored: i64, case: &str) {
        let mut presses = 0;
        let again = eventually(case, || {
            presses += 1;
            async {
                let outcome = self.submit(pair, dialog).await;
                is_sent(&outcome).then_some(outcome)
            }
        })
        .await;
        // A press that had no answer in time may have been the one that stored it.
        let may_be_new = stored == 0;
        let may_be_known = stored == 1 || presses > 1;
        let is_as_expected = match again["outcome"].as_str() {
            Some("closed") => may_be_new,
            Some("updated") => may_be_known,
            _ => false,
        };
        assert!(is_as_expected, "{case}, {presses} presses: {again}");
        assert_eq!(self.stored(dialog).await, 1, "{case}");
    }

    /// Presses the button until the database is asked, and waits for what it is to meet there. On
    /// a slow machine a dialog may be answered before anything of it was begun.
    async fn meets(&self, pair: &Pair, dialog: &Value, watch: &Watch, weather: &Weather) -> Value {
        let case = format!("{weather:?}");
        let outcome = eventually(&case, || async {
            let outcome = self.submit(pair, dialog).await;
            let began = !watch.trips().is_empty() || !says_nothing_was_sent(&outcome);
            began.then_some(outcome)
        })
        .await;
        if !weather.is_empty() {
            let met = timeout(LONG, watch.hit()).await;
            assert!(met.is_ok(), "{case}: {:?}, {outcome}", watch.trips());
        }
        watch.is_at_rest().await;
        outcome
    }

    async fn is_submitted(&self, pair: &Pair, weather: &Weather) -> Vec<Trip> {
        let case = format!("{weather:?}");
        let dialog = self.open_dialog(pair).await;
        let watch = self.watch(&dialog, weather);
        let outcome = self.meets(pair, &dialog, &watch, weather).await;
        let trips = watch.trips();
        drop(watch);
        self.holds(pair, &dialog, &outcome, &case).await;
        trips
    }

    /// Pressed again and again while the first press is still under way.
    async fn is_pressed_until_sent(&self, pair: &Pair, weather: &Weather) {
        let dialog = self.open_dialog(pair).await;
        let watch = self.watch(&dialog, weather);
        eventually(&format!("{weather:?}"), || async {
            is_sent(&self.submit(pair, &dialog).await).then_some(())
        })
        .await;
        assert!(watch.hits() > 0, "{weather:?}");
        assert_eq!(self.stored(&dialog).await, 1, "{weather:?}");
    }

    /// The message is posted, and that can't be written down at once.
    async fn is_settled(&self, pair: &Pair, weather: &Weather) -> Vec<Trip> {
        let channel = format!("D{}", &pair.recipient[1..]);
        let names = [channel.as_bytes()];
        let watch = self.proxy.watch(Whose::Naming, &names, weather);
        self.world.send_from(&pair.sender, &pair.recipient).await;
        let settled = format!(
            "SELECT COUNT(*) FROM deliveries WHERE addressee = '{}' AND outcome = 'sent'",
            pair.recipient
        );
        eventually(&format!("{weather:?}"), || async {
            (self.world.database.count(&settled).await == 1).then_some(())
        })
        .await;
        assert!(weather.is_empty() || watch.hits() > 0, "{weather:?}");
        watch.trips()
    }
}

fn says_nothing_was_sent(outcome: &Value) -> bool {
    let said = outcome["errors"]["secret"].as_str();
    said.is_some_and(|said| said.contains("nothing was sent"))
}

/// What is done to one pair.
enum Case {
    Submission(Weather),
    Presses(Weather),
    Settling(Weather),
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_sent_once_and_its_sender_told_so_whatever_fails() {
    let sky = Sky::new().await;
    let calm = Weather::new();
    let creates = sky.is_submitted(&Pair::number(0), &calm).await;
    let settles = sky.is_settled(&Pair::number(1), &calm).await;
    assert!(creates.contains(&Trip::Commit), "{creates:?}");
    assert!(settles.contains(&Trip::Commit), "{settles:?}");
    println!("to create is {creates:?}, to settle {settles:?}");
    let past = Hold::For(PAST_THE_DIALOG);
    let long = [Fault::Held(past), Fault::Swallowed(past)];
    let lasting = [
        Fault::Held(Hold::For(TOO_LATE)),
        Fault::Swallowed(Hold::For(TOO_LATE)),
    ];
    let weathers = |faults: &[Fault], trips: &[Trip]| {
        let each = each_at_each(faults, trips).into_iter();
        each.map(|(_, weather)| weather).collect::<Vec<_>>()
    };
    let mut cases = Vec::new();
    cases.extend(weathers(&lasting, &settles).into_iter().map(Case::Settling));
    cases.extend(weathers(&long, &creates).into_iter().map(Case::Submission));
    cases.extend(weathers(&long, &creates).into_iter().map(Case::Presses));
    cases.extend(weathers(&SHORT, &settles).into_iter().map(Case::Settling));
    cases.extend(weathers(&SHORT, &creates).into_iter().map(Case::Submission));
    let count = cases.len();
    in_lanes(&[(); LANES], cases, async |(), number, case| {
        let pair = Pair::number(number + 2);
        match case {
            Case::Submission(weather) => drop(sky.is_submitted(&pair, &weather).await),
            Case::Presses(weather) => sky.is_pressed_until_sent(&pair, &weather).await,
            Case::Settling(weather) => drop(sky.is_settled(&pair, &weather).await),
        }
    })
    .await;
    println!("{count} cases");
    sky.world.settled().await;
    for number in 0..count + 2 {
        let pair = Pair::number(number);
        for person in [&pair.sender, &pair.recipient] {
            let messages = sky.world.slack().messages_now(person).await;
            assert_eq!(messages.len(), 1, "{person}: {messages:?}");
        }
    }
    sky.world.finish().await;
}

/// The courier's claims fail then too.
#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_can_begin_no_transaction_says_so_and_goes_on() {
    let sky = Sky::new().await;
    let faults = [
        Fault::Error(LOCK_WAIT_TIMEOUT),
        Fault::Error(INTERRUPTED),
        Fault::CutBefore,
        Fault::CutAfter,
        Fault::Held(Hold::For(LATE)),
        Fault::Swallowed(Hold::For(PAST_THE_DIALOG)),
    ];
    for (number, fault) in faults.into_iter().enumerate() {
        let pair = Pair::number(number);
        let dialog = sky.open_dialog(&pair).await;
        let watch = sky.watch(&dialog, &vec![(Aim::Every(Trip::Begin), fault)]);
        let outcome = sky.submit(&pair, &dialog).await;
        assert!(timeout(LONG, watch.hit()).await.is_ok(), "{fault:?}");
        drop(watch);
        if !is_sent(&outcome) && matches!(fault, Fault::Swallowed(_)) {
            // The one that was held goes on now, or has failed: which of them the next press can't
            // know.
            eventually("it is sent", || async {
                is_sent(&sky.submit(&pair, &dialog).await).then_some(())
            })
            .await;
        } else {
            sky.holds(&pair, &dialog, &outcome, &format!("{fault:?}"))
                .await;
        }
        eventually_within(LONG, "the message", || async {
            let messages = sky.world.slack().messages_now(&pair.recipient).await;
            (messages.len() == 1).then_some(())
        })
        .await;
    }
    sky.world.settled().await;
    sky.world.finish().await;
}
