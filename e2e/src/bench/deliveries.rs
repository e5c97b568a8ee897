//! From the acknowledgement to the message: of one secret, and of a thousand people's at once.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use super::{Row, as_operators_run_it, figures::quantile, memory};
use crate::{Engine, Submission, World, load};

/// One after the other, in a round.
const SENT: usize = 40;

/// At once.
const BURST: usize = 1000;

/// Slack takes one message a second for a conversation.
/// Source: <https://docs.slack.dev/apis/web-api/rate-limits/>.
const SPACING: Duration = Duration::from_secs(1);

pub(super) async fn measure(engine: Engine, rounds: usize) -> Vec<Row> {
    let mut world = World::with(engine, as_operators_run_it()).await;
    world.slack().connections(2).await;
    let named = |what: &str| format!("{}, {what}", engine.name());
    let mut sent = Vec::new();
    let mut bursts = Vec::new();
    for _ in 0..rounds {
        sent.push(until_delivered(&world).await);
        bursts.push(burst(&world).await);
    }
    let each = |figure: fn(&Burst) -> f64| bursts.iter().map(figure).collect();
    let idle = |share: f64| sent.iter().map(|times| quantile(times, share)).collect();
    let rows = vec![
        Row::new(named("acknowledged to message: p50"), "ms", idle(0.5)).at_most(30.0),
        Row::new(named("acknowledged to message: p99"), "ms", idle(0.99)),
        Row::new(
            named("1,000 at once: acknowledged, p50"),
            "ms",
            each(|b| b.p50),
        ),
        Row::new(
            named("1,000 at once: acknowledged, p99"),
            "ms",
            each(|b| b.p99),
        ),
        Row::new(
            named("1,000 at once: pressed again"),
            "",
            each(|b| b.sent_back),
        ),
        Row::new(named("1,000 at once: everything out"), "s", each(|b| b.out)),
        Row::new(
            named("1,000 at once: that / what Slack's limits allow"),
            "",
            each(|b| b.out / b.at_best),
        )
        .at_most(1.3),
        Row::new(
            named("bot's memory after the bursts"),
            "MiB",
            vec![memory::resident(world.bots[0].process.id())],
        ),
    ];
    world.watch_for("benchmark-has-no-canary");
    world.finish().await;
    rows
}

/// How long each took from its acknowledgement until the recipient has it, in milliseconds.
async fn until_delivered(world: &World) -> Vec<f64> {
    let mut times = Vec::new();
    for number in 0..SENT {
        let (user, recipient) = (load::member(number), load::member(number + 1));
        let known = world.slack().messages_now(&recipient).await.len();
        let dialog = world.slack().open_dialog(&user, "").await;
        let submission = Submission {
            recipient: Some(&recipient),
            secret: "benchmark",
            ..Submission::default()
        };
        let outcome = world.slack().submit(&user, &dialog, &submission).await;
        assert_eq!(outcome["outcome"], "closed", "{outcome}");
        let acknowledged = Instant::now();
        while world.slack().messages_now(&recipient).await.len() == known {
            tokio::task::yield_now().await;
        }
        times.push(acknowledged.elapsed().as_secs_f64() * 1000.0);
        world.settled().await;
    }
    times
}

struct Burst {
    /// Until acknowledged, in milliseconds.
    p50: f64,
    p99: f64,
    /// How many had to be pressed again.
    sent_back: f64,
    /// Until every message and receipt was out, in seconds.
    out: f64,
    /// What Slack's own limits allow, in seconds.
    at_best: f64,
}

#[expect(clippy::cast_precision_loss, reason = "a count")]
async fn burst(world: &World) -> Burst {
    let postings = world.slack().conversations().await.postings.len();
    let burst = load::burst(world, BURST).await;
    world.settled().await;
    let out = burst.pressed.elapsed();
    let posted = world.slack().conversations().await.postings;
    let mut of_each: HashMap<&str, u32> = HashMap::new();
    for message in &posted[postings..] {
        *of_each
            .entry(message["channel"].as_str().unwrap())
            .or_default() += 1;
    }
    let most = of_each.values().copied().max().unwrap_or_default();
    Burst {
        p50: quantile(&burst.latencies, 0.5),
        p99: quantile(&burst.latencies, 0.99),
        sent_back: burst.sent_back as f64,
        out: out.as_secs_f64(),
        at_best: (SPACING * most.saturating_sub(1)).as_secs_f64(),
    }
}
