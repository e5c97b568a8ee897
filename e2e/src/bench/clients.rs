//! Clients at work side by side.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use futures_util::future::join_all;

use super::figures::Times;

/// How long a measurement takes.
const LASTS: Duration = Duration::from_secs(3);

/// Each client takes one thing after the other, until the time is up or nothing is left to take.
pub(super) async fn run<C, T>(
    clients: Vec<C>,
    things: &Mutex<Vec<T>>,
    take: impl AsyncFn(&mut C, T),
) -> Times {
    within(LASTS, clients, things, take).await
}

/// The same until nothing is left.
pub(super) async fn each<C, T>(
    clients: Vec<C>,
    things: &Mutex<Vec<T>>,
    take: impl AsyncFn(&mut C, T),
) -> Times {
    within(Duration::MAX, clients, things, take).await
}

async fn within<C, T>(
    time: Duration,
    clients: Vec<C>,
    things: &Mutex<Vec<T>>,
    take: impl AsyncFn(&mut C, T),
) -> Times {
    let begun = Instant::now();
    let take = &take;
    let times = clients.into_iter().map(|mut client| async move {
        let mut times = Vec::new();
        while begun.elapsed() < time {
            let next = things.lock().unwrap().pop();
            let Some(thing) = next else { break };
            let begun = Instant::now();
            take(&mut client, thing).await;
            times.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
        times
    });
    let times = join_all(times).await.into_iter().flatten().collect();
    Times::new(times, begun.elapsed())
}
