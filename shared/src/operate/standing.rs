//! Standing work: what goes on for as long as a program runs, and begins again when a bug ends it.

use std::time::Duration;

use tokio::time::sleep;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

/// The pause before work that panicked begins again: a bug that comes each time must not fill the
/// log or keep a processor busy.
const PAUSE: Duration = Duration::from_secs(5);

/// Keeps work going until it ends by itself, as it does once told to stop. After a panic it begins
/// again: a program that lives on without its sweeper looks well, and destroys nothing.
pub async fn keep<Work>(
    name: &'static str,
    stop: CancellationToken,
    mut begin: impl FnMut(CancellationToken) -> Work,
) where
    Work: Future<Output = ()> + Send + 'static,
{
    loop {
        let work = AbortOnDropHandle::new(tokio::spawn(begin(stop.clone())));
        // What the panic said can hold anything; its place is in the log already.
        if work.await.is_ok() {
            return;
        }
        tracing::error!(work = name, "standing work panicked: it begins again soon");
        if stop.run_until_cancelled(sleep(PAUSE)).await.is_none() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, future::pending};

    use tokio::time::Instant;

    use super::*;

    /// How often work begins that panics so many times and ends then, and how long that takes.
    async fn begun(panics: u32, stop: CancellationToken) -> (u32, Duration) {
        let (started, times) = (Instant::now(), Cell::new(0));
        let work = |_| {
            times.set(times.get() + 1);
            let panics = times.get() <= panics;
            async move { assert!(!panics, "on purpose") }
        };
        keep("test", stop, work).await;
        (times.get(), started.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn what_panics_begins_again_after_a_pause_and_what_ends_does_not() {
        let stop = CancellationToken::new;
        assert_eq!(begun(0, stop()).await, (1, Duration::ZERO));
        assert_eq!(begun(3, stop()).await, (4, 3 * PAUSE));
    }

    #[tokio::test(start_paused = true)]
    async fn told_to_stop_it_does_not_begin_again() {
        let stop = CancellationToken::new();
        let stopping = async {
            sleep(PAUSE / 2).await;
            stop.cancel();
        };
        let (begun, ()) = tokio::join!(begun(u32::MAX, stop.clone()), stopping);
        assert_eq!(begun, (1, PAUSE / 2));
    }

    #[tokio::test(start_paused = true)]
    async fn work_ends_with_whoever_keeps_it() {
        let (holds, held) = tokio::sync::oneshot::channel::<()>();
        let mut holds = Some(holds);
        let kept = keep("test", CancellationToken::new(), |_| {
            let holds = holds.take();
            async move {
                pending::<()>().await;
                drop(holds);
            }
        });
        assert!(tokio::time::timeout(PAUSE, kept).await.is_err());
        assert!(held.await.is_err());
    }
}
