//! "Take back": ends a secret for its sender, and says whether anybody saw it.

use std::sync::Arc;

use shared::store::take_back::TakenBack;

use super::{
    Press,
    decide::{Undecided, decide},
    tell,
};
use crate::{context::Context, handlers::bounded::Bounds, press_answer::PressAnswer};

pub(super) async fn handle(context: &Arc<Context>, press: Press, bounds: &Bounds) -> &'static str {
    let (presser, secret) = (press.presser.clone(), press.secret);
    let ask = move |context: Arc<Context>| {
        let presser = presser.clone();
        async move { context.database.take_back(&presser, secret).await }
    };
    let (reader, taken_back) = tokio::join!(
        context.reader(Some(&press.presser.user)),
        decide(context, bounds, secret, ask)
    );
    let answer = match taken_back {
        Ok(TakenBack::Over(facts)) => PressAnswer::of_ended(facts),
        Ok(TakenBack::NotTheirs) => PressAnswer::NotTheirs,
        Ok(TakenBack::Gone) => PressAnswer::Gone,
        Err(Undecided::Busy) => PressAnswer::Busy,
        Err(Undecided::Unknown) => PressAnswer::Unconfirmed,
    };
    tell(context, press, &reader, &answer).await;
    answer.code()
}
