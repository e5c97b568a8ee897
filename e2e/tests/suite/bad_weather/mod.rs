//! A database that fails at each round trip of each operation, and what people see of that.

mod burn;
mod late;
mod deaths;
mod visitors;
mod visits;

use std::time::Duration;

use e2e::mysql_proxy::{
    Aim, DEADLOCK, Fault, Hold, INTERRUPTED, LOCK_WAIT_TIMEOUT, MySqlProxy, Trip,
};
use e2e::{Account, Engine, Options, World};

/// Late, and well before anybody gives up.
const LATE: Duration = Duration::from_millis(1200);
/// After everybody who waits for an answer has given up (5 s at reveal-web, 2 s at the dialog), but for
/// who waits for a COMMIT.
const TOO_LATE: Duration = Duration::from_millis(6500);

/// What can go wrong at any round trip.
const FAULTS: [Fault; 8] = [
    Fault::Error(LOCK_WAIT_TIMEOUT),
    Fault::Error(DEADLOCK),
    Fault::Error(INTERRUPTED),
    Fault::CutBefore,
    Fault::CutAfter,
    Fault::Held(Hold::For(LATE)),
    Fault::Held(Hold::For(TOO_LATE)),
    Fault::Swallowed(Hold::For(TOO_LATE)),
];

/// What can go wrong at a COMMIT besides.
const AT_COMMIT: Fault = Fault::DoneAfterCut(Duration::from_millis(300));

/// What goes wrong in one case: one fault or several.
type Weather = Vec<(Aim, Fault)>;

/// One case for each round trip that the operation makes when all is well, and each fault.
fn each_fault_at_each(trips: &[Trip]) -> Vec<(Trip, Weather)> {
    let mut cases = Vec::new();
    for (number, trip) in trips.iter().enumerate() {
        let at = |fault| (*trip, vec![(Aim::Nth(number), fault)]);
        cases.extend(FAULTS.map(at));
        cases.extend((*trip == Trip::Commit).then(|| at(AT_COMMIT)));
    }
    cases
}

/// A world whose first reveal-web reaches its database in fair weather, and others through a proxy each.
async fn world_of_lanes(
    lanes: usize,
    bot_variables: &[(&'static str, String)],
) -> (World, Vec<MySqlProxy>) {
    let options = Options {
        bot_variables: bot_variables.to_vec(),
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
