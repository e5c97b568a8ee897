//! Presses of the buttons in our messages: who may do what is decided where it is done, in the
//! database; here they are read, and whoever pressed is told what came of it.

mod answer;
mod decide;
mod dispute;
mod followed;
mod issue_link;
mod payload;
mod recognize;
mod send_again;
mod take_back;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use shared::{
    operate::logging::millis_since,
    store::{dispute::Said, presses::Action},
};

use self::answer::tell;
pub(super) use self::{followed::Followed, payload::Press};
use super::{Context, bounded::Bounds};

/// How long the database may take: what came of a press is shown within three seconds of it, in
/// which Slack lets a modal be opened.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// Does what a button is for, and tells whoever pressed it. Says how it went, in a word.
pub(super) async fn handle(context: Arc<Context>, press: Press, bounds: Bounds) -> &'static str {
    let started = Instant::now();
    let (action, secret) = (press.action, press.secret);
    let outcome = match action {
        Action::TakeBack => take_back::handle(&context, press, &bounds).await,
        Action::Dispute => dispute::handle(&context, press, &bounds, Said::NotMe).await,
        Action::WithdrawDispute => dispute::handle(&context, press, &bounds, Said::Me).await,
        Action::IssueLink => issue_link::handle(&context, press, &bounds).await,
        Action::SendAgain => send_again::handle(&context, press, &bounds).await,
    };
    tracing::info!(
        secret.id = %secret,
        action = action.code(),
        duration_ms = millis_since(started),
        outcome,
        "a press is answered"
    );
    outcome
}
