//! "Take back": ends a secret for its sender, and says whether anybody saw it.

use std::sync::Arc;

use super::{Press, decide::decide, tell};
use crate::{context::Context, handlers::bounded::Bounds, press_answer::PressAnswer};

pub(super) async fn handle(context: &Arc<Context>, press: Press, bounds: &Bounds) -> &'static str {
    let secret = press.secret;
    let ask = move |context: Arc<Context>, presser| async move {
        context.database.take_back(&presser, secret).await
    };
    let (reader, over) = tokio::join!(
        context.reader(Some(&press.presser.user)),
        decide(context, bounds, &press, ask)
    );
    let answer = match over {
        Ok(facts) => PressAnswer::of_ended(facts),
        Err(undecided) => undecided.answer(PressAnswer::Unconfirmed),
    };
    tell(context, press, &reader, &answer).await;
    answer.code()
}
