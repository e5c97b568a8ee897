//! Requests from a multitude of addresses, as a proxy passes them on, against as many from few.

use std::{net::Ipv4Addr, sync::Mutex};

use super::{Row, as_operators_run_it, clients::each, figures::Times, links, memory::resident};
use super::{reveals, visitor::Visitor};
use crate::{Engine, Options, World};

const CLIENTS: usize = 16;

/// Requests of each of the few: fewer than an address may send in a minute.
const OF_EACH: u32 = 50;

/// What stands below the table.
pub(super) const BOUND: &str = "\
limiter: it remembers 65,536 clients of the last window (RATE_LIMIT). Who comes on top of that many
shares one client's limit with all others who do, and is refused beyond it, which is quickly done.";

struct Round {
    few: Pass,
    many: Pass,
    /// Resident before anything, in MiB.
    idle: f64,
}

struct Pass {
    times: Times,
    refused: f64,
    /// Resident after it, in MiB.
    memory: f64,
}

pub(super) async fn measure(engine: Engine, rounds: usize, secrets: u64) -> Vec<Row> {
    let addresses = u32::try_from(secrets / 10).unwrap().max(1);
    let mut measured = Vec::new();
    for _ in 0..rounds {
        measured.push(round(engine, addresses).await);
    }
    let each = |figure: fn(&Round) -> f64| measured.iter().map(figure).collect();
    let few = addresses.div_ceil(OF_EACH);
    let limiter = |what: String| format!("{}, limiter, {what}", engine.name());
    let named = |addresses: u32, what| limiter(format!("{addresses} addresses: {what}"));
    vec![
        Row::new(named(few, "all"), "/s", each(|round| round.few.times.rate)),
        Row::new(
            named(addresses, "all"),
            "/s",
            each(|round| round.many.times.rate),
        ),
        Row::new(named(few, "p99"), "ms", each(|round| round.few.times.p99())),
        Row::new(
            named(addresses, "p99"),
            "ms",
            each(|round| round.many.times.p99()),
        ),
        Row::new(named(few, "refused"), "", each(|round| round.few.refused)),
        Row::new(
            named(addresses, "refused"),
            "",
            each(|round| round.many.refused),
        ),
        Row::new(
            limiter("memory before".to_owned()),
            "MiB",
            each(|round| round.idle),
        ),
        Row::new(named(few, "memory"), "MiB", each(|round| round.few.memory)),
        Row::new(
            named(addresses, "memory"),
            "MiB",
            each(|round| round.many.memory),
        ),
    ]
}

/// The limit is the usual one.
async fn round(engine: Engine, addresses: u32) -> Round {
    let mut options = Options {
        bot: false,
        ..as_operators_run_it()
    };
    options
        .web_variables
        .retain(|(name, _)| *name != "RATE_LIMIT");
    let proxy = ("TRUSTED_PROXIES", "127.0.0.1".to_owned());
    options.web_variables.push(proxy);
    let world = World::with(engine, options).await;
    let links = links::prepare(&world, 1).await;
    let token = links[0].encode();
    let idle = resident(world.web().process.id());
    let few = addresses.div_ceil(OF_EACH);
    let few = pass(&world, &token, (0..addresses).map(|number| number % few)).await;
    let many = pass(&world, &token, 0..addresses).await;
    world.discard().await;
    Round { few, many, idle }
}

/// Looks at a link once from each address.
async fn pass(world: &World, token: &str, addresses: impl Iterator<Item = u32>) -> Pass {
    let first = u32::from(Ipv4Addr::new(10, 0, 0, 0));
    let addresses = Mutex::new(
        addresses
            .map(|number| Ipv4Addr::from(first + number))
            .collect(),
    );
    let refused = Mutex::new(0.0);
    let visitors = reveals::visitors(&[world.web()], CLIENTS).await;
    let look = async |visitor: &mut Visitor, address: Ipv4Addr| {
        let through = format!("x-forwarded-for: {address}\r\n");
        match visitor.look(token, &through).await {
            200 => {}
            429 => *refused.lock().unwrap() += 1.0,
            status => panic!("answered with {status}"),
        }
    };
    let times = each(visitors, &addresses, look).await;
    Pass {
        times,
        refused: refused.into_inner().unwrap(),
        memory: resident(world.web().process.id()),
    }
}
