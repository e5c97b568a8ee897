//! reveal-web ends in the midst of an opening: killed, or asked to stop.

use e2e::{
    Page, Web, World,
    mysql_proxy::{Aim, Fault, Hold, MySqlProxy, Trip, Watch, Whose},
};
use futures_util::future::join_all;

use super::{
    visitors::{Secret, is_shown},
    world_of_lanes,
};

/// At most so many round trips has an opening.
const LANES: usize = 4;

/// Presses the button; nothing if no answer comes.
fn press(
    web: &Web,
    secret: &Secret,
    confirmation: &str,
) -> impl Future<Output = Option<Page>> + use<> {
    let form = [
        ("token", secret.token.as_str()),
        ("confirmation", confirmation),
    ];
    let request = web.post().form(&form);
    async {
        let answer = request.send().await.ok()?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let html = answer.text().await.ok()?;
        Some(Page {
            status,
            headers,
            html,
        })
    }
}

/// An opening whose every round trip is known.
async fn trips(world: &World, web: &Web, proxy: &MySqlProxy) -> Vec<Trip> {
    let secret = Secret::number(world, 0).await;
    let page = web.look(&secret.token).await;
    let watch = proxy.watch(Whose::All, &secret.names(), &[]);
    let page = press(web, &secret, page.confirmation().unwrap()).await;
    assert!(is_shown(&page.unwrap()));
    watch.trips()
}

/// For each round trip of an opening an opening whose answer to that is held; then something
/// happens to its reveal-web. What was opened, which round trip was held, and what the visitor was
/// answered.
async fn at_each_round_trip(
    world: &mut World,
    proxies: &[MySqlProxy],
    happens: impl AsyncFn(&mut Web, &Watch),
) -> Vec<(Secret, Trip, Option<Page>)> {
    let trips = trips(world, &world.webs[1], &proxies[0]).await;
    assert!(
        trips.contains(&Trip::Whole) && trips.len() <= LANES,
        "{trips:?}"
    );
    let mut webs = world.webs.split_off(1);
    let at = webs.iter_mut().zip(proxies).zip(&trips).enumerate();
    let (world, happens) = (&*world, &happens);
    let ended = at.map(|(number, ((web, proxy), trip))| async move {
        let secret = Secret::number(world, number + 1).await;
        let page = web.look(&secret.token).await;
        let confirmation = page.confirmation().unwrap().to_owned();
        let held = (Aim::Nth(number), Fault::Held(Hold::UntilReleased));
        let watch = proxy.watch(Whose::All, &secret.names(), &[held]);
        let pressed = press(web, &secret, &confirmation);
        let (page, ()) = tokio::join!(pressed, async {
            watch.hit().await;
            happens(web, &watch).await;
        });
        watch.release();
        watch.is_at_rest().await;
        (secret, *trip, page)
    });
    let ended = join_all(ended).await;
    for mut web in webs.into_iter().skip(trips.len()) {
        assert_eq!(web.process.stop().await, Some(0));
    }
    ended
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_reveal_web_shows_nothing_and_loses_only_what_was_committed() {
    let (mut world, proxies) = world_of_lanes(LANES, true).await;
    let ended = at_each_round_trip(&mut world, &proxies, async |web, _| {
        web.process.kill().await;
    })
    .await;
    for (secret, trip, page) in ended {
        let case = format!("killed at {trip:?}");
        assert!(page.is_none(), "{case}");
        assert_eq!(secret.is_live(&world).await, trip != Trip::Whole, "{case}");
        if trip != Trip::Whole {
            secret.opens_once(world.web(), &case).await;
        }
        secret.sender_hears(&world, "was opened on", &case).await;
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reveal_web_that_is_asked_to_stop_finishes_what_it_opens() {
    let (mut world, proxies) = world_of_lanes(LANES, true).await;
    let ended = at_each_round_trip(&mut world, &proxies, async |web, watch| {
        web.process.signal("TERM").await;
        web.process.line_with("stopping: finishing what runs").await;
        watch.release();
        assert_eq!(
            web.process.exit_code().await,
            Some(0),
            "{}",
            web.process.output()
        );
    })
    .await;
    for (secret, trip, page) in ended {
        let case = format!("stopped at {trip:?}");
        let page = page.unwrap();
        assert!(is_shown(&page), "{case}: {}", page.state());
        assert!(!secret.is_live(&world).await, "{case}");
        secret.sender_hears(&world, "was opened on", &case).await;
    }
    world.finish().await;
}
