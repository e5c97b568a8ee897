//! What a press wants of the database: asked once more where that stumbles, as long as somebody
//! waits, and never told before it is known.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use shared::{domain::ids::SecretId, store::StoreError};
use tokio::time::sleep;

use super::PATIENCE;
use crate::{
    context::Context,
    handlers::bounded::{Bounds, Refusal},
};

/// The pause before the database is asked once more.
const PAUSE: Duration = Duration::from_millis(100);

/// Why whoever pressed can't be told what came of it.
pub(super) enum Undecided {
    /// There is too much to do; nothing was begun.
    Busy,
    /// It was done, or it wasn't, or will be; the message with the button shows it.
    Unknown,
}

/// Asks until it is decided. What was done already is found done: it may be asked again.
pub(super) async fn decide<T, F>(
    context: &Arc<Context>,
    bounds: &Bounds,
    secret: SecretId,
    ask: impl Fn(Arc<Context>) -> F + Send + 'static,
) -> Result<T, Undecided>
where
    T: Send + 'static,
    F: Future<Output = Result<T, StoreError>> + Send + 'static,
{
    let asking = Arc::clone(context);
    let work = async move {
        let begun = Instant::now();
        let decided = loop {
            match ask(Arc::clone(&asking)).await {
                Err(error) if error.is_passing() && begun.elapsed() < PATIENCE => {
                    tracing::warn!(secret.id = %secret, %error, "what a press asks for could not be done yet");
                    sleep(PAUSE).await;
                }
                decided => break decided,
            }
        };
        // What shows how it was is due.
        asking.work_waits.notify_one();
        decided
    };
    match bounds.run(Box::pin(work)).await {
        Ok(Ok(decided)) => Ok(decided),
        Ok(Err(error)) => {
            tracing::error!(secret.id = %secret, %error, "what a press asks for could not be done");
            Err(Undecided::Unknown)
        }
        Err(Refusal::Busy) => Err(Undecided::Busy),
        // It goes on.
        Err(Refusal::TimeUp | Refusal::Panicked) => Err(Undecided::Unknown),
    }
}
