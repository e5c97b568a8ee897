//! Reveals through reveal-web, GET and POST, against look and burn from bare sqlx.

use std::sync::Mutex;

use futures_util::future::join_all;
use shared::crypto::LinkToken;

use super::{
    Row, as_operators_run_it, bare::Bare, clients, figures::Times, links, visitor::Visitor,
};
use crate::{Engine, Options, Web, World};

const CLIENTS: [usize; 3] = [1, 16, MANY];
const MANY: usize = 64;

/// Secrets that are there at the begin; more than can be opened in the time.
const LINKS: usize = 20_000;

pub(super) async fn measure(engine: Engine, rounds: usize) -> Vec<Row> {
    let options = Options {
        bot: false,
        ..as_operators_run_it()
    };
    let world = World::with(engine, options).await;
    let mut rows = Vec::new();
    for clients in CLIENTS {
        rows.extend(compare(&world, clients, rounds).await);
    }
    world.discard().await;
    rows
}

/// Many at once, for a few seconds.
pub(super) async fn burst(world: &World) {
    let links = Mutex::new(links::prepare(world, LINKS).await);
    wholly(world, MANY, &links).await;
}

/// Both ways, taking turns, and each of them first every other time.
async fn compare(world: &World, clients: usize, rounds: usize) -> Vec<Row> {
    let mut measured = Vec::new();
    for round in 0..rounds {
        let links = Mutex::new(links::prepare(world, LINKS).await);
        measured.push(if round % 2 == 0 {
            let bare = barely(world, clients, &links).await;
            (bare, wholly(world, clients, &links).await)
        } else {
            let whole = wholly(world, clients, &links).await;
            (barely(world, clients, &links).await, whole)
        });
    }
    let each = |figure: fn(&(Times, Times)) -> f64| measured.iter().map(figure).collect();
    let named = |what: &str| {
        let engine = world.database.engine.name();
        format!("{engine}, reveal at {clients}: {what}")
    };
    let mut rows = vec![
        Row::new(named("bare"), "/s", each(|(bare, _)| bare.rate)),
        Row::new(named("whole"), "/s", each(|(_, whole)| whole.rate)),
        Row::new(
            named("whole / bare"),
            "",
            each(|(bare, whole)| whole.rate / bare.rate),
        )
        .at_least(0.85),
        Row::new(named("p50, whole"), "ms", each(|(_, whole)| whole.p50())),
        Row::new(named("p99, bare"), "ms", each(|(bare, _)| bare.p99())),
        Row::new(named("p99, whole"), "ms", each(|(_, whole)| whole.p99())),
        Row::new(
            named("p99, whole / bare"),
            "",
            each(|(bare, whole)| whole.p99() / bare.p99()),
        )
        .at_most(1.5),
    ];
    if clients == 1 {
        let added = each(|(bare, whole)| whole.p50() - bare.p50());
        rows.push(Row::new(named("added to the bare one, p50"), "ms", added).at_most(0.2));
    }
    rows
}

async fn barely(world: &World, clients: usize, links: &Mutex<Vec<LinkToken>>) -> Times {
    let ways = Bare::connect(&world.database, clients).await;
    clients::run(ways, links, async |way, token| {
        way.burn(token.hash().as_bytes()).await;
    })
    .await
}

async fn wholly(world: &World, clients: usize, links: &Mutex<Vec<LinkToken>>) -> Times {
    let visitors = visitors(&[world.web()], clients).await;
    by(visitors, links).await
}

/// So many visitors, spread over the reveal-webs.
pub(super) async fn visitors(webs: &[&Web], count: usize) -> Vec<Visitor> {
    let webs = webs.iter().cycle().take(count);
    let visitors = webs.map(|web| {
        let address = web.url.trim_start_matches("http://");
        Visitor::connect(address, &web.public_url)
    });
    join_all(visitors).await
}

/// Visitors open one link after the other.
pub(super) async fn by(visitors: Vec<Visitor>, links: &Mutex<Vec<LinkToken>>) -> Times {
    clients::run(visitors, links, async |visitor, token| {
        visitor.reveal(&token.encode()).await;
    })
    .await
}
