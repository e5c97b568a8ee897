//! A COMMIT of which nothing is heard for long.

use std::time::{Duration, Instant};

use e2e::{
    World, eventually,
    mysql_proxy::{Aim, Fault, Hold, MySqlProxy, Trip, Welcome, Whose},
};
use sea_orm::ConnectionTrait as _;
use tokio::io::AsyncWriteExt as _;

use super::{
    Weather,
    visitors::{Secret, is_shown},
    world_of_lanes,
};

/// `ER_TABLEACCESS_DENIED_ERROR`: no time mends it.
pub(super) const ACCESS_DENIED: u16 = 1142;

/// One secret, and where its COMMIT is among the round trips of its opening.
async fn commit_at(world: &World, proxy: &MySqlProxy) -> usize {
    let secret = Secret::number(world, 0).await;
    let page = world.webs[1].look(&secret.token).await;
    let watch = proxy.watch(Whose::All, &secret.names(), &[]);
    let confirmation = page.confirmation().unwrap();
    world.webs[1].press(&secret.token, confirmation).await;
    let trips = watch.trips();
    trips.iter().position(|trip| *trip == Trip::Whole).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_known_is_said_to_be_unknown() {
    let (world, proxies) = world_of_lanes(1, true).await;
    let secret = Secret::number(&world, 1).await;
    let page = world.webs[1].look(&secret.token).await;
    // Neither the opening nor any question how it ended.
    let nothing = Fault::Swallowed(Hold::UntilReleased);
    let weather: Weather = vec![(Aim::Every(Trip::Whole), nothing)];
    let watch = proxies[0].watch(Whose::All, &secret.names(), &weather);
    let begun = Instant::now();
    let page = world.webs[1]
        .press(&secret.token, page.confirmation().unwrap())
        .await;
    let waited = begun.elapsed().as_secs();
    assert_eq!((page.status, page.state()), (503, "unsure"));
    assert!((40..=66).contains(&waited), "{waited} s");
    for untrue in ["lost", "somebody else", "Nothing"] {
        assert!(!page.html.contains(untrue), "{untrue} in {}", page.html);
    }
    watch.release();
    drop(watch);
    // It had not come about: the link says how it stands.
    eventually("the row is free", || async {
        secret.is_live(&world).await.then_some(())
    })
    .await;
    secret.opens_once(world.web(), "after all").await;
    world.finish().await;
}

/// One opening in this weather, how long it took, and the secret.
async fn pressed(
    world: &World,
    proxy: &MySqlProxy,
    weather: &Weather,
) -> (e2e::Page, Duration, Secret) {
    let secret = Secret::number(world, 1).await;
    let page = world.webs[1].look(&secret.token).await;
    let watch = proxy.watch(Whose::All, &secret.names(), weather);
    let begun = Instant::now();
    let confirmation = page.confirmation().unwrap();
    let page = world.webs[1].press(&secret.token, confirmation).await;
    let waited = begun.elapsed();
    assert!(watch.hits() >= weather.len(), "{weather:?}");
    watch.release();
    (page, waited, secret)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_came_about_is_shown_before_its_answer_comes() {
    let (world, proxies) = world_of_lanes(1, true).await;
    let commit = commit_at(&world, &proxies[0]).await;
    let unanswered = (Aim::Nth(commit), Fault::Held(Hold::UntilReleased));
    let (page, waited, _) = pressed(&world, &proxies[0], &vec![unanswered]).await;
    assert!(is_shown(&page), "{}", page.state());
    assert!(waited < Duration::from_secs(20), "{waited:?}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_may_not_be_asked_is_not_asked_for_a_minute() {
    let (world, proxies) = world_of_lanes(1, true).await;
    let commit = commit_at(&world, &proxies[0]).await;
    let weather: Weather = vec![
        (Aim::Nth(commit), Fault::CutBefore),
        (Aim::Every(Trip::Whole), Fault::Error(ACCESS_DENIED)),
    ];
    let (page, waited, secret) = pressed(&world, &proxies[0], &weather).await;
    assert_eq!((page.status, page.state()), (503, "unsure"));
    assert!(waited < Duration::from_secs(20), "{waited:?}");
    secret.opens_once(world.web(), "after all").await;
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_left_while_the_commit_was_under_way_is_told_so_by_the_link() {
    let (world, proxies) = world_of_lanes(1, true).await;
    let commit = commit_at(&world, &proxies[0]).await;
    let secret = Secret::number(&world, 1).await;
    let page = world.webs[1].look(&secret.token).await;
    let confirmation = page.confirmation().unwrap().to_owned();
    let weather: Weather = vec![
        (Aim::Nth(commit), Fault::Held(Hold::UntilReleased)),
        (Aim::Every(Trip::Whole), Fault::Held(Hold::UntilReleased)),
    ];
    let watch = proxies[0].watch(Whose::All, &secret.names(), &weather);
    let web = &world.webs[1];
    let (_, host) = web.public_url.split_once("://").unwrap();
    let body = format!("token={}&confirmation={confirmation}", secret.token);
    let request = format!(
        "POST /reveal HTTP/1.1\r\nhost: {host}\r\norigin: {}\r\ncontent-type: \
         application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        web.public_url,
        body.len()
    );
    let mut stream = e2e::raw::connect_from("127.0.0.1", &web.url).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    watch.hit().await;
    drop(stream);
    // Whoever looks at the connection sees its end before the answer to COMMIT comes.
    web.get("/nowhere").await;
    watch.release();
    eventually("the note", || async {
        let lost = "SELECT COUNT(*) FROM secrets WHERE page_lost_at IS NOT NULL";
        (world.database.count(lost).await == 1).then_some(())
    })
    .await;
    let page = world.web().look(&secret.token).await;
    assert_eq!((page.status, page.state()), (410, "opened"));
    assert!(page.html.contains("may not have arrived"), "{}", page.html);
    secret
        .sender_hears(&world, "may not have arrived", "a visitor who left")
        .await;
    world.finish().await;
}

/// The server goes on with a call whose client is gone: the attempt asks, and shows what it burned.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_cut_while_it_waits_for_the_lock_is_asked_for() {
    let (world, proxies) = world_of_lanes(1, true).await;
    let secret = Secret::number(&world, 1).await;
    let page = world.webs[1].look(&secret.token).await;
    let confirmation = page.confirmation().unwrap();
    let session = world.database.session().await;
    let lock = format!(
        "SELECT id FROM secrets WHERE id = X'{}' FOR UPDATE",
        secret.id.simple()
    );
    session.execute_unprepared("BEGIN").await.unwrap();
    session.execute_unprepared(&lock).await.unwrap();
    let waiting = format!(
        "SELECT COUNT(*) FROM performance_schema.data_locks \
         WHERE object_schema = '{}' AND lock_status = 'WAITING'",
        world.database.name()
    );
    let cut = async {
        eventually("the call waits", || async {
            (world.database.admin_count(&waiting).await > 0).then_some(())
        })
        .await;
        proxies[0].cut_all(Welcome::Usual);
        session.execute_unprepared("ROLLBACK").await.unwrap();
    };
    let (page, ()) = tokio::join!(world.webs[1].press(&secret.token, confirmation), cut);
    assert!(is_shown(&page), "{}", page.state());
    assert!(!secret.is_live(&world).await);
    secret
        .stays_shut(world.web(), confirmation, "cut while it waited")
        .await;
    session.close().await.unwrap();
    world.finish().await;
}

/// An answer that never comes is not waited for once the row says that somebody else was first.
#[tokio::test(flavor = "multi_thread")]
async fn who_was_not_first_is_told_so_before_an_answer_comes() {
    let (world, proxies) = world_of_lanes(1, true).await;
    let commit = commit_at(&world, &proxies[0]).await;
    let secret = Secret::number(&world, 1).await;
    let page = world.webs[1].look(&secret.token).await;
    let confirmation = page.confirmation().unwrap();
    let unheard = (Aim::Nth(commit), Fault::Swallowed(Hold::UntilReleased));
    let watch = proxies[0].watch(Whose::All, &secret.names(), &[unheard]);
    let begun = Instant::now();
    let other = async {
        watch.hit().await;
        world.web().reveal(&secret.token).await
    };
    let pressed = world.webs[1].press(&secret.token, confirmation);
    let (page, first) = tokio::join!(pressed, other);
    assert!(is_shown(&first), "{}", first.state());
    assert_eq!((page.status, page.state()), (410, "opened"));
    let waited = begun.elapsed();
    assert!(waited < Duration::from_secs(20), "{waited:?}");
    watch.release();
    drop(watch);
    world.finish().await;
}
