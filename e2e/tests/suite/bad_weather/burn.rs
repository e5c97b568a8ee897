//! A secret is opened while its database fails: it is shown once, or lives on.

use std::{collections::BTreeMap, time::Duration};

use super::{
    LATE, LONG, SHORT, Weather, each_at_each, in_lanes,
    late::ACCESS_DENIED,
    visitors::{Secret, is_shown},
    world_of_lanes,
};
use e2e::{
    Web, World,
    mysql_proxy::{
        Aim, DEADLOCK, Fault, Hold, INTERRUPTED, LOCK_WAIT_TIMEOUT, MySqlProxy, Trip, Whose,
    },
};

/// reveal-webs that open secrets at the same time, each on a way of its own.
const LANES: usize = 12;

/// What a visitor is told when a COMMIT failed and it is not known how it ended. None of these says
/// that somebody else opened it.
const UNSURE: [&str; 6] = [
    "unavailable",
    "unknown-outcome",
    "outcome-unknown",
    "unconfirmed",
    "unsure",
    "repeated",
];

/// How an opening ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ends {
    /// The visitor sees the secret.
    Shown,
    /// The visitor is told to try again, and the secret can be opened.
    Alive,
    /// Either, or it is gone and the visitor is not told that somebody else has seen it.
    Safely,
}

/// How one fault in the transaction or before has to end.
fn ends(trip: Trip, fault: Fault) -> Ends {
    match (trip, fault) {
        // It is waited for, asked for, and tried once more.
        (Trip::Whole, _) | (_, Fault::Held(Hold::For(LATE))) => Ends::Shown,
        _ => Ends::Alive,
    }
}

/// Several faults in one opening.
fn storms(trips: &[Trip]) -> Vec<(Ends, Weather)> {
    let whole = trips.iter().position(|trip| *trip == Trip::Whole).unwrap();
    let mut storms = Vec::new();
    for fault in [
        Fault::Error(INTERRUPTED),
        Fault::Error(LOCK_WAIT_TIMEOUT),
        Fault::CutBefore,
        Fault::CutAfter,
        Fault::Held(Hold::For(LATE)),
    ] {
        // How it ended is asked, and that fails too.
        for burned in [
            Fault::Error(INTERRUPTED),
            Fault::CutBefore,
            Fault::CutAfter,
            super::AT_COMMIT,
        ] {
            let unanswered = (Aim::Nth(whole), burned);
            storms.push((Ends::Shown, vec![unanswered, (Aim::AfterCommit, fault)]));
        }
    }
    // The call comes to the server after it was asked for once; then nothing answers as it should.
    let late = Fault::DoneAfterCut(Duration::from_secs(2));
    let denied = Fault::Error(ACCESS_DENIED);
    let weather = vec![(Aim::Nth(whole), late), (Aim::Nth(whole + 2), denied)];
    storms.push((Ends::Safely, weather));
    for again in [DEADLOCK, LOCK_WAIT_TIMEOUT] {
        let again = vec![(Aim::Every(Trip::Whole), Fault::Error(again))];
        storms.push((Ends::Alive, again));
    }
    storms
}

struct Lane<'a> {
    world: &'a World,
    web: &'a Web,
    proxy: &'a MySqlProxy,
}

impl Lane<'_> {
    /// The round trips of an opening in fair weather.
    async fn trips(&self) -> Vec<Trip> {
        let secret = Secret::number(self.world, 0).await;
        let page = self.web.look(&secret.token).await;
        let confirmation = page.confirmation().unwrap();
        let watch = self.proxy.watch(Whose::All, &secret.names(), &[]);
        let page = self.web.press(&secret.token, confirmation).await;
        assert!(is_shown(&page));
        watch.trips()
    }

    /// One opening that goes wrong; how it ended.
    async fn opens(&self, number: usize, ends: Ends, weather: &Weather) -> (Secret, Ends) {
        let case = format!("{weather:?}");
        let secret = Secret::number(self.world, number).await;
        let page = self.web.look(&secret.token).await;
        let confirmation = page.confirmation().unwrap();
        let watch = self.proxy.watch(Whose::All, &secret.names(), weather);
        let page = self.web.press(&secret.token, confirmation).await;
        watch.is_at_rest().await;
        assert!(watch.hits() > 0, "{case}: {:?}", watch.trips());
        drop(watch);
        let calm = self.world.web();
        let is_live = secret.is_live(self.world).await;
        let is_shown = is_shown(&page);
        assert!(!(is_shown && is_live), "{case}: shown, and still there");
        let ended = match (is_shown, is_live) {
            (true, _) => Ends::Shown,
            (false, true) => Ends::Alive,
            (false, false) => Ends::Safely,
        };
        assert!(
            ended == ends || ends == Ends::Safely,
            "{case}: {ended:?}, told {:?}",
            page.state()
        );
        match ended {
            Ends::Shown => secret.stays_shut(calm, confirmation, &case).await,
            Ends::Alive | Ends::Safely if ends == Ends::Safely => {
                assert!(UNSURE.contains(&page.state()), "{case}: {}", page.state());
                let is_said_to_live = page.state() == "unavailable";
                assert!(is_live || !is_said_to_live, "{case}: it is gone");
            }
            _ => assert_eq!((page.status, page.state()), (503, "unavailable"), "{case}"),
        }
        if is_live {
            secret.opens_once(calm, &case).await;
        }
        (secret, ended)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_shown_once_or_lives_whatever_fails() {
    let (world, proxies) = world_of_lanes(LANES, true).await;
    let lanes = world.webs[1..].iter().zip(&proxies);
    let lanes: Vec<_> = lanes
        .map(|(web, proxy)| Lane {
            world: &world,
            web,
            proxy,
        })
        .collect();
    let trips = lanes[0].trips().await;
    assert_eq!(trips, [Trip::Alone, Trip::Whole]);
    // What lasts comes first, so that nothing is left to wait for in the end.
    let single = [each_at_each(&LONG, &trips), each_at_each(&SHORT, &trips)].concat();
    let single = single.into_iter();
    let single = single.map(|(trip, weather)| (ends(trip, weather[0].1), weather));
    let cases: Vec<_> = single.chain(storms(&trips)).collect();
    let count = cases.len();
    let done = in_lanes(&lanes, cases, async |lane, number, (ends, weather)| {
        let (secret, ended) = lane.opens(number + 1, ends, &weather).await;
        (secret, ended, weather)
    })
    .await;
    let mut counts = BTreeMap::<Ends, usize>::new();
    for (secret, ended, weather) in done {
        *counts.entry(ended).or_default() += 1;
        let case = format!("{weather:?}");
        secret.sender_hears(&world, "was opened on", &case).await;
    }
    println!("{count} cases at {trips:?}: {counts:?}");
    world.finish().await;
}
