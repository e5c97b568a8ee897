//! Bounds for work: how much of it at a time, how long anybody waits for it, and that neither time
//! nor a panic cuts a transaction in two.

use std::{pin::Pin, sync::Arc, time::Duration};

use tokio::{sync::Semaphore, task::JoinHandle, time::timeout};
use tokio_util::task::TaskTracker;

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// There is too much to do; it was not begun.
    Busy,
    /// Time was up; it goes on.
    TimeUp,
    /// It panicked; what it did up to then is not known.
    Panicked,
}

/// Work of which so much is done at a time, and for whose answer so long is waited.
#[derive(Clone)]
pub(super) struct Bounds {
    places: Arc<Semaphore>,
    patience: Duration,
    tasks: TaskTracker,
}

impl Bounds {
    /// `tasks` is where work goes on that nobody waits for any more.
    pub(super) fn new(tasks: &TaskTracker, at_a_time: usize, patience: Duration) -> Self {
        Self {
            places: Arc::new(Semaphore::new(at_a_time)),
            patience,
            tasks: tasks.clone(),
        }
    }

    /// Does some work to its end, without a place, whoever waits for it.
    pub(super) fn beside(&self, work: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        self.tasks.spawn(work)
    }

    /// Does some work in a task of its own, where it runs to its end whoever waits for it. What is
    /// over the limit is refused at once. It comes in a box: whoever waits would keep room for it a
    /// second time.
    pub(super) async fn run<A: Send + 'static>(
        &self,
        work: Pin<Box<impl Future<Output = A> + Send + 'static>>,
    ) -> Result<A, Refusal> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| Refusal::Busy)?;
        let task = self.tasks.spawn(async move {
            let answer = work.await;
            drop(place);
            answer
        });
        match timeout(self.patience, task).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(Refusal::Panicked),
            Err(_) => Err(Refusal::TimeUp),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(2);

    fn bounds(at_a_time: usize) -> Bounds {
        Bounds::new(&TaskTracker::new(), at_a_time, PATIENCE)
    }

    #[tokio::test]
    async fn a_panic_costs_its_own_answer_and_nothing_else() {
        let bounds = bounds(1);
        let ask = |divisor: u32| {
            bounds.run(Box::pin(
                async move { 100_u32.checked_div(divisor).unwrap() },
            ))
        };
        for _ in 0..3 {
            assert_eq!(ask(0).await, Err(Refusal::Panicked));
            assert_eq!(ask(5).await, Ok(20));
        }
    }

    #[tokio::test]
    async fn what_is_over_the_limit_is_refused_at_once() {
        let gate = Arc::new(Semaphore::new(0));
        let bounds = bounds(2);
        let ask = || {
            let gate = Arc::clone(&gate);
            bounds.run(Box::pin(async move { drop(gate.acquire().await.unwrap()) }))
        };
        let (one, other, third, ()) = tokio::join!(ask(), ask(), ask(), async {
            tokio::task::yield_now().await;
            gate.add_permits(3);
        });
        assert_eq!((one, other, third), (Ok(()), Ok(()), Err(Refusal::Busy)));
        assert_eq!(ask().await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever_and_what_was_begun_is_finished() {
        let bounds = bounds(1);
        let done = Arc::new(AtomicUsize::new(0));
        let ask = || {
            let done = Arc::clone(&done);
            bounds.run(Box::pin(async move {
                tokio::time::sleep(3 * PATIENCE).await;
                done.fetch_add(1, Ordering::SeqCst);
            }))
        };
        assert_eq!(ask().await, Err(Refusal::TimeUp));
        assert_eq!(ask().await, Err(Refusal::Busy), "it still counts");
        bounds.tasks.close();
        bounds.tasks.wait().await;
        assert_eq!(done.load(Ordering::SeqCst), 1);
    }
}
