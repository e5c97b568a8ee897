//! A burn apart from the request that asked for it: a requester who leaves must not stop a
//! transaction half-way. Until the last look before COMMIT it can be given up; from then on it can
//! only be waited for.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use poem::http::Method;
use shared::{
    crypto::{Confirmed, LinkToken},
    store::{
        audit::Visitor,
        burn::{Burn, BurnError, Opened},
    },
    text::Locale,
};
use tokio::{sync::oneshot, time::timeout};

use crate::{
    pages::{self, Page},
    site::Site,
};

/// How a burn ended; what was rendered is a page.
pub(crate) type Burned = Result<Burn<Page>, BurnError>;

/// A burn under way. Whoever drops it gives it up.
pub(crate) struct Burning {
    answered: oneshot::Receiver<Burned>,
    gate: Gate,
}

/// What came of waiting.
pub(crate) enum Waited {
    /// The burn ended.
    Ended(Burned),
    /// It was given up before its COMMIT, or broke: the secret is as it was.
    GivenUp,
    /// COMMIT was sent: it was opened, or will be, or won't.
    Committing,
}

impl Burning {
    /// Begins.
    pub(crate) fn begin(
        site: &Site,
        token: Arc<LinkToken>,
        confirmed: Confirmed,
        visitor: Visitor,
        asked_for: Option<Locale>,
    ) -> Self {
        let (answer, answered) = oneshot::channel();
        let gate = Gate::default();
        let at_commit = gate.clone();
        let (database, keys) = (site.database.clone(), Arc::clone(&site.keys));
        let (appearance, losses) = (site.appearance.clone(), site.losses.clone());
        site.burns.spawn(async move {
            let render = |opened: &Opened| {
                pages::revealed(appearance.frame(asked_for, None, &Method::POST), opened)
            };
            let burned = database
                .burn(
                    &keys,
                    &token,
                    &confirmed,
                    &visitor,
                    || !at_commit.commits(),
                    render,
                )
                .await
                .map(|burned| match burned {
                    Burn::Revealed { opening, rendered } => Burn::Revealed {
                        opening,
                        rendered: rendered.only_copy(losses.only_copy(opening)),
                    },
                    other => other,
                });
            if let Err(BurnError::Unknown(opening)) = &burned {
                losses.note(*opening);
            }
            // Whoever waited may be gone.
            drop(answer.send(burned));
        });
        Self { answered, gate }
    }

    /// Waits for so long; then it is given up, if it still can be.
    pub(crate) async fn wait(&mut self, patience: Duration) -> Waited {
        match timeout(patience, &mut self.answered).await {
            Ok(Ok(burned)) => Waited::Ended(burned),
            Ok(Err(_)) | Err(_) if self.gate.give_up() => Waited::GivenUp,
            Ok(Err(_)) | Err(_) => Waited::Committing,
        }
    }
}

impl Drop for Burning {
    fn drop(&mut self) {
        self.gate.leave();
    }
}

/// Who was first: the burn at its last look before COMMIT, or whoever gives it up. A burn that came
/// to nothing looks again before it is tried once more.
#[derive(Clone, Default)]
struct Gate {
    first: Arc<OnceLock<First>>,
    /// Nobody waits for it any more.
    is_left: Arc<AtomicBool>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum First {
    Commit,
    GivingUp,
}

impl Gate {
    fn commits(&self) -> bool {
        !self.is_left.load(Ordering::SeqCst)
            && *self.first.get_or_init(|| First::Commit) == First::Commit
    }

    fn give_up(&self) -> bool {
        *self.first.get_or_init(|| First::GivingUp) == First::GivingUp
    }

    fn leave(&self) {
        self.give_up();
        self.is_left.store(true, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_first_decides() {
        let gate = Gate::default();
        assert!(gate.commits() && gate.commits());
        assert!(!gate.give_up());
        let gate = Gate::default();
        assert!(gate.give_up() && gate.give_up());
        assert!(!gate.commits());
        let gate = Gate::default();
        assert!(gate.commits());
        gate.leave();
        assert!(!gate.commits(), "it is not tried again for nobody");
    }

    #[tokio::test(start_paused = true)]
    async fn what_commits_is_not_given_up_and_what_nobody_waits_for_is() {
        let begin = || {
            let (answer, answered) = oneshot::channel();
            let gate = Gate::default();
            (answer, Burning { answered, gate })
        };
        let patience = Duration::from_secs(1);
        let (_answer, mut burning) = begin();
        assert!(burning.gate.commits());
        assert!(matches!(burning.wait(patience).await, Waited::Committing));
        let (_answer, mut burning) = begin();
        assert!(matches!(burning.wait(patience).await, Waited::GivenUp));
        let (_answer, burning) = begin();
        let gate = burning.gate.clone();
        drop(burning);
        assert!(!gate.commits());
    }
}
