//! A link is looked at, or its secret's time is over, while the database fails.

use super::{
    LONG, SHORT, Weather, each_at_each, in_lanes,
    visitors::{Secret, is_shown},
    world_of_lanes,
};
use e2e::{
    Account, Page, Web, World,
    mysql_proxy::{MySqlProxy, Trip, Whose},
};

/// reveal-webs that are visited at the same time, each on a way of its own.
const LANES: usize = 12;

/// What is visited, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Visit {
    /// The page of a secret that lives.
    Look,
    /// The page of one whose time is over.
    LookTooLate,
    /// The button, on a page from before the time was over.
    PressTooLate,
}

struct Lane<'a> {
    world: &'a World,
    web: &'a Web,
    proxy: &'a MySqlProxy,
}

impl Lane<'_> {
    /// One visit; what it was answered, and its round trips.
    async fn visits(
        &self,
        number: usize,
        visit: Visit,
        weather: &Weather,
    ) -> (Secret, Page, Vec<Trip>) {
        let secret = Secret::number(self.world, number).await;
        let before = self.web.look(&secret.token).await;
        if visit != Visit::Look {
            let id = secret.id.simple();
            let over = format!("UPDATE secrets SET expires_at = created_at + 1 WHERE id = X'{id}'");
            let database = &self.world.database;
            database.run(Account::Migrate, &over).await.unwrap();
        }
        let watch = self.proxy.watch(Whose::All, &secret.names(), weather);
        let page = match visit {
            Visit::Look | Visit::LookTooLate => self.web.look(&secret.token).await,
            Visit::PressTooLate => {
                let confirmation = before.confirmation().unwrap();
                self.web.press(&secret.token, confirmation).await
            }
        };
        watch.is_at_rest().await;
        let is_hit = weather.is_empty() || watch.hits() > 0;
        assert!(is_hit, "{visit:?} {weather:?}: {:?}", watch.trips());
        (secret, page, watch.trips())
    }

    async fn weathers(&self, number: usize, visit: Visit, weather: &Weather) -> Secret {
        let case = format!("{visit:?} {weather:?}");
        let (secret, page, _) = self.visits(number, visit, weather).await;
        assert!(!is_shown(&page), "{case}");
        let said = (page.status, page.state());
        let calm = self.world.web();
        if visit == Visit::Look {
            let is_answered = page.confirmation().is_some();
            assert!(
                is_answered || said == (503, "unavailable"),
                "{case}: {said:?}"
            );
            secret.opens_once(calm, &case).await;
        } else {
            let is_answered = said == (410, "expired");
            assert!(
                is_answered || said == (503, "unavailable"),
                "{case}: {said:?}"
            );
            let later = calm.look(&secret.token).await;
            assert_eq!((later.status, later.state()), (410, "expired"), "{case}");
            assert!(!secret.is_live(self.world).await, "{case}");
        }
        secret
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_opens_nothing_and_ends_what_is_over_once_whatever_fails() {
    let (world, proxies) = world_of_lanes(LANES, true).await;
    let lanes = world.webs[1..].iter().zip(&proxies);
    let lanes: Vec<_> = lanes
        .map(|(web, proxy)| Lane {
            world: &world,
            web,
            proxy,
        })
        .collect();
    let mut cases = Vec::new();
    for (number, visit) in [Visit::Look, Visit::LookTooLate, Visit::PressTooLate]
        .into_iter()
        .enumerate()
    {
        let (_, page, trips) = lanes[0].visits(number, visit, &Weather::new()).await;
        assert_eq!(page.status, if visit == Visit::Look { 200 } else { 410 });
        println!("{visit:?} is {trips:?}");
        // A press too late does what a look too late does, but that its visitor waits for a time
        // only.
        let faults = match visit {
            Visit::Look | Visit::LookTooLate => &SHORT[..],
            Visit::PressTooLate => &LONG[..],
        };
        let each = each_at_each(faults, &trips).into_iter();
        // What lasts comes first, so that nothing is left to wait for in the end.
        cases.splice(0..0, each.map(|(_, weather)| (visit, weather)));
    }
    let count = cases.len();
    let done = in_lanes(&lanes, cases, async |lane, number, (visit, weather)| {
        (
            lane.weathers(number + 3, visit, &weather).await,
            visit,
            weather,
        )
    })
    .await;
    for (secret, visit, weather) in done {
        let told = match visit {
            Visit::Look => "was opened on",
            Visit::LookTooLate | Visit::PressTooLate => "was not opened in time",
        };
        let case = format!("{visit:?} {weather:?}");
        secret.sender_hears(&world, told, &case).await;
    }
    println!("{count} cases");
    world.finish().await;
}
