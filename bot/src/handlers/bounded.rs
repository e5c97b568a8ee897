//! Bounds for work: how much of it at a time, how long anybody waits for it, and that neither time
//! nor a panic cuts a transaction in two.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio_util::task::TaskTracker;
use tower::{
    BoxError, Service, ServiceBuilder, ServiceExt as _, layer::layer_fn, load_shed, timeout,
    util::BoxCloneSyncService,
};

/// Work within bounds.
pub(super) type Bounded<W, A> = BoxCloneSyncService<W, A, BoxError>;

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

/// Work of which so much is done at a time, and for whose answer so long is waited. What is over
/// the limit is refused at once; what was begun runs to its end in a task of its own.
pub(super) fn bounded<W, A, F>(
    tasks: &TaskTracker,
    at_a_time: usize,
    patience: Duration,
    work: impl Fn(W) -> F + Clone + Send + Sync + 'static,
) -> Bounded<W, A>
where
    W: Send + 'static,
    A: Send + 'static,
    F: Future<Output = A> + Send + 'static,
{
    let tasks = tasks.clone();
    let bounded = ServiceBuilder::new()
        .timeout(patience)
        .layer(layer_fn(move |inner| Detached {
            inner,
            tasks: tasks.clone(),
        }))
        .load_shed()
        .concurrency_limit(at_a_time)
        .service_fn(move |request| {
            let answer = work(request);
            async { Ok::<_, Infallible>(answer.await) }
        });
    BoxCloneSyncService::new(bounded)
}

/// Does some work, or says why not.
pub(super) async fn ask<W, A>(work: &Bounded<W, A>, request: W) -> Result<A, Refusal> {
    work.clone().oneshot(request).await.map_err(|error| {
        if error.is::<load_shed::error::Overloaded>() {
            Refusal::Busy
        } else if error.is::<timeout::error::Elapsed>() {
            Refusal::TimeUp
        } else {
            Refusal::Panicked
        }
    })
}

/// Runs work in tasks, where losing interest does not stop it, and a panic is an error.
#[derive(Clone)]
struct Detached<S> {
    inner: S,
    tasks: TaskTracker,
}

impl<S, W> Service<W> for Detached<S>
where
    S: Service<W, Error = BoxError>,
    S::Future: Send + 'static,
    S::Response: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: W) -> Self::Future {
        let task = self.tasks.spawn(self.inner.call(request));
        Box::pin(async { task.await? })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use tokio::sync::Semaphore;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(2);

    #[tokio::test]
    async fn a_panic_costs_its_own_answer_and_nothing_else() {
        let work = bounded(
            &TaskTracker::new(),
            1,
            PATIENCE,
            |divisor: u32| async move { 100_u32.checked_div(divisor).unwrap() },
        );
        for _ in 0..3 {
            assert_eq!(ask(&work, 0).await, Err(Refusal::Panicked));
            assert_eq!(ask(&work, 5).await, Ok(20));
        }
    }

    #[tokio::test]
    async fn what_is_over_the_limit_is_refused_at_once() {
        let gate = Arc::new(Semaphore::new(0));
        let inner = Arc::clone(&gate);
        let work = bounded(&TaskTracker::new(), 2, PATIENCE, move |()| {
            let gate = Arc::clone(&inner);
            async move { drop(gate.acquire().await.unwrap()) }
        });
        let (one, other, third, ()) =
            tokio::join!(ask(&work, ()), ask(&work, ()), ask(&work, ()), async {
                tokio::task::yield_now().await;
                gate.add_permits(3);
            });
        assert_eq!((one, other, third), (Ok(()), Ok(()), Err(Refusal::Busy)));
        assert_eq!(ask(&work, ()).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever_and_what_was_begun_is_finished() {
        let tasks = TaskTracker::new();
        let done = Arc::new(AtomicUsize::new(0));
        let inner = Arc::clone(&done);
        let work = bounded(&tasks, 1, PATIENCE, move |()| {
            let done = Arc::clone(&inner);
            async move {
                tokio::time::sleep(3 * PATIENCE).await;
                done.fetch_add(1, Ordering::SeqCst);
            }
        });
        assert_eq!(ask(&work, ()).await, Err(Refusal::TimeUp));
        assert_eq!(ask(&work, ()).await, Err(Refusal::Busy), "it still counts");
        tasks.close();
        tasks.wait().await;
        assert_eq!(done.load(Ordering::SeqCst), 1);
    }
}
