//! A database that fails at each round trip of each operation, and what people see of that.

mod burn;
mod deaths;
mod failed_steps;
mod last_moments;
mod late;
mod poor_servers;
mod sendings;
mod steps;
mod visitors;
mod visits;

use std::{sync::Mutex, time::Duration};

use e2e::mysql_proxy::{
    Aim, DEADLOCK, Fault, Hold, INTERRUPTED, LOCK_WAIT_TIMEOUT, MySqlProxy, Trip,
};
use e2e::{Account, Engine, Options, World};
use futures_util::future::join_all;

/// Late, and well before anybody gives up.
const LATE: Duration = Duration::from_millis(1200);
/// After everybody who waits for an answer has given up (5 s at reveal-web, 2 s at the dialog), but
/// for who waits for a COMMIT.
const TOO_LATE: Duration = Duration::from_millis(6500);

/// What can go wrong at any round trip, and is over soon.
const SHORT: [Fault; 7] = [
    Fault::Error(LOCK_WAIT_TIMEOUT),
    Fault::Error(DEADLOCK),
    Fault::Error(INTERRUPTED),
    Fault::CutBefore,
    Fault::CutAfter,
    Fault::Held(Hold::For(LATE)),
    Fault::Swallowed(Hold::For(LATE)),
];

/// What lasts longer than people wait.
const LONG: [Fault; 2] = [
    Fault::Held(Hold::For(TOO_LATE)),
    Fault::Swallowed(Hold::For(TOO_LATE)),
];

/// What can go wrong at a COMMIT besides.
const AT_COMMIT: Fault = Fault::DoneAfterCut(Duration::from_millis(300));

/// What goes wrong in one case: one fault or several.
type Weather = Vec<(Aim, Fault)>;

/// One case for each of these faults at each round trip that the operation makes when all is well.
fn each_at_each(faults: &[Fault], trips: &[Trip]) -> Vec<(Trip, Weather)> {
    let mut cases = Vec::new();
    for (number, trip) in trips.iter().enumerate() {
        let at = |fault: &Fault| (*trip, vec![(Aim::Nth(number), *fault)]);
        cases.extend(faults.iter().map(at));
        let is_short = faults.contains(&Fault::CutAfter);
        let commits = matches!(trip, Trip::Commit | Trip::Whole);
        cases.extend((commits && is_short).then(|| at(&AT_COMMIT)));
    }
    cases
}

/// Does each case once, in whichever lane is free; what came of them, in any order.
async fn in_lanes<L, C, T>(
    lanes: &[L],
    cases: Vec<C>,
    act: impl AsyncFn(&L, usize, C) -> T,
) -> Vec<T> {
    let cases = Mutex::new(cases.into_iter().enumerate());
    let next = || cases.lock().unwrap().next();
    let (act, next) = (&act, &next);
    let done = lanes.iter().map(|lane| async move {
        let mut done = Vec::new();
        while let Some((number, case)) = next() {
            done.push(act(lane, number, case).await);
        }
        done
    });
    join_all(done).await.into_iter().flatten().collect()
}

/// A world whose first reveal-web reaches its database in fair weather, and others through a proxy
/// each.
async fn world_of_lanes(lanes: usize, bot: bool) -> (World, Vec<MySqlProxy>) {
    let options = Options {
        bot,
        ..Options::default()
    };
    let mut world = World::with(Engine::MySql, options).await;
    let mut proxies = Vec::new();
    for _ in 0..lanes {
        let proxy = MySqlProxy::before(&world.database).await;
        let url = proxy.url(&world.database, Account::Web).await;
        let limit = ("RATE_LIMIT", "100000/1s".to_owned());
        world.start_web(&[("DATABASE_URL", url), limit]).await;
        proxies.push(proxy);
    }
    (world, proxies)
}
