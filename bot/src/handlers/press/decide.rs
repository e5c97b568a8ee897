//! What a press wants of the database: asked once more where that stumbles, as long as somebody
//! waits, and never told before it is known.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use shared::{
    domain::{ids::SecretId, press::Presser},
    store::{
        StoreError,
        presses::{Asked, NotTheirs},
    },
};
use tokio::time::{sleep, timeout};

use super::{PATIENCE, Press, recognize::recognize};
use crate::{
    context::Context,
    handlers::bounded::{Bounds, Refusal},
    press_answer::PressAnswer,
};

/// The pause before the database is asked once more.
const PAUSE: Duration = Duration::from_millis(100);

/// Longest wait until it is written down that somebody was refused.
const DENIED_WITHIN: Duration = Duration::from_secs(1);

/// Why nothing came of a press, or nothing that whoever pressed can be told.
pub(super) enum Undecided {
    /// There is too much to do; nothing was begun.
    Busy,
    /// It was done, or it wasn't, or will be; the message with the button shows it.
    Unknown,
    /// The button is somebody else's.
    NotTheirs,
    /// There is no such secret, or none any more.
    Gone,
}

impl Undecided {
    /// What they are told, with what is said of the button where it is not known.
    pub(super) fn answer(self, unknown: PressAnswer) -> PressAnswer {
        match self {
            Self::Busy => PressAnswer::Busy,
            Self::Unknown => unknown,
            Self::NotTheirs => PressAnswer::NotTheirs,
            Self::Gone => PressAnswer::Gone,
        }
    }
}

/// Asks until it is decided. What was done already is found done: it may be asked again.
pub(super) async fn decide<T, F>(
    context: &Arc<Context>,
    bounds: &Bounds,
    press: &Press,
    ask: impl Fn(Arc<Context>, Presser) -> F + Send + Sync + 'static,
) -> Result<T, Undecided>
where
    T: Send + 'static,
    F: Future<Output = Result<Asked<T>, StoreError>> + Send + 'static,
{
    let (asking, presser, secret) = (Arc::clone(context), press.presser.clone(), press.secret);
    let going_on = bounds.clone();
    let work = async move {
        let ask = |presser: Presser| ask(Arc::clone(&asking), presser);
        let decided = match ask_as_whoever_it_is(&asking, secret, presser, ask).await {
            Ok(done) => Ok(done),
            Err(Refused::Undecided(undecided)) => Err(undecided),
            Err(Refused::NotTheirs(refused)) => {
                let (not_theirs, presser) = *refused;
                let denied = deny(Arc::clone(&asking), secret, not_theirs, presser);
                // It is not theirs, however long that takes to be written down.
                drop(timeout(DENIED_WITHIN, going_on.beside(denied)).await);
                Err(Undecided::NotTheirs)
            }
        };
        // What shows how it was is due.
        asking.work_waits.notify_one();
        decided
    };
    match bounds.run(Box::pin(work)).await {
        Ok(decided) => decided,
        Err(Refusal::Busy) => Err(Undecided::Busy),
        // It goes on.
        Err(Refusal::TimeUp | Refusal::Panicked) => Err(Undecided::Unknown),
    }
}

enum Refused {
    Undecided(Undecided),
    NotTheirs(Box<(NotTheirs, Presser)>),
}

impl From<Undecided> for Refused {
    fn from(undecided: Undecided) -> Self {
        Self::Undecided(undecided)
    }
}

/// Asks as the one whom the press names, and where the button is not theirs once more as who that
/// turns out to be.
async fn ask_as_whoever_it_is<T, F>(
    context: &Context,
    secret: SecretId,
    presser: Presser,
    ask: impl Fn(Presser) -> F,
) -> Result<T, Refused>
where
    F: Future<Output = Result<Asked<T>, StoreError>>,
{
    let begun = Instant::now();
    let not_theirs = match persist(secret, begun, || ask(presser.clone())).await? {
        Asked::Done(done) => return Ok(done),
        Asked::Gone => return Err(Undecided::Gone.into()),
        Asked::NotTheirs(not_theirs) => not_theirs,
    };
    let known = persist(secret, begun, || recognize(context, &not_theirs, &presser)).await?;
    let Some(known) = known.map_err(|_| Undecided::Unknown)? else {
        return Err(Refused::NotTheirs(Box::new((not_theirs, presser))));
    };
    match persist(secret, begun, || ask(known.clone())).await? {
        Asked::Done(done) => Ok(done),
        Asked::Gone => Err(Undecided::Gone.into()),
        Asked::NotTheirs(not_theirs) => Err(Refused::NotTheirs(Box::new((not_theirs, presser)))),
    }
}

async fn deny(context: Arc<Context>, secret: SecretId, not_theirs: NotTheirs, presser: Presser) {
    let write_down = || not_theirs.deny(&context.database, &presser);
    if persist(secret, Instant::now(), write_down).await.is_err() {
        tracing::error!(
            secret.id = %secret,
            actor = %presser.user,
            action = not_theirs.action().code(),
            "a press of a button that is not theirs is missing from the trail"
        );
    }
}

/// Tries again while what is in the way may pass, and somebody waits.
async fn persist<T, F>(
    secret: SecretId,
    begun: Instant,
    attempt: impl Fn() -> F,
) -> Result<T, Undecided>
where
    F: Future<Output = Result<T, StoreError>>,
{
    loop {
        match attempt().await {
            Ok(done) => return Ok(done),
            Err(error) if error.is_passing() && begun.elapsed() < PATIENCE => {
                tracing::warn!(secret.id = %secret, %error, "what a press asks for could not be done yet");
                sleep(PAUSE).await;
            }
            Err(error) => {
                tracing::error!(secret.id = %secret, %error, "what a press asks for could not be done");
                return Err(Undecided::Unknown);
            }
        }
    }
}
