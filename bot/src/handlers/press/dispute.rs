//! "That wasn't me", and "It was me after all": writes down what a recipient says of an opening,
//! and lets its sender know.

use std::sync::Arc;

use shared::store::dispute::{Disputed, Said};

use super::{Press, decide::decide, tell};
use crate::{context::Context, handlers::bounded::Bounds, press_answer::PressAnswer};

pub(super) async fn handle(
    context: &Arc<Context>,
    press: Press,
    bounds: &Bounds,
    said: Said,
) -> &'static str {
    let secret = press.secret;
    let ask = move |context: Arc<Context>, presser| async move {
        context.database.dispute(&presser, secret, said).await
    };
    let (reader, disputed) = tokio::join!(
        context.reader(Some(&press.presser.user)),
        decide(context, bounds, &press, ask)
    );
    let answer = match disputed {
        Ok(Disputed::Stands(facts)) => PressAnswer::of_disputed(facts),
        Ok(Disputed::NotAnyMore(facts)) => PressAnswer::NotAnyMore(facts),
        Err(undecided) => undecided.answer(PressAnswer::DisputeUnconfirmed),
    };
    tell(context, press, &reader, &answer).await;
    answer.code()
}
