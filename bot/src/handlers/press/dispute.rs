//! "That wasn't me", and "It was me after all": writes down what a recipient says of an opening,
//! and lets its sender know.

use std::sync::Arc;

use shared::store::dispute::{Disputed, Said};

use super::{
    Press,
    decide::{Undecided, decide},
    tell,
};
use crate::{context::Context, handlers::bounded::Bounds, press_answer::PressAnswer};

pub(super) async fn handle(
    context: &Arc<Context>,
    press: Press,
    bounds: &Bounds,
    said: Said,
) -> &'static str {
    let (presser, secret) = (press.presser.clone(), press.secret);
    let ask = move |context: Arc<Context>| {
        let presser = presser.clone();
        async move { context.database.dispute(&presser, secret, said).await }
    };
    let (reader, disputed) = tokio::join!(
        context.reader(Some(&press.presser.user)),
        decide(context, bounds, secret, ask)
    );
    let answer = match disputed {
        Ok(Disputed::Stands(facts)) => PressAnswer::of_disputed(facts),
        Ok(Disputed::NotAnyMore(facts)) => PressAnswer::NotAnyMore(facts),
        Ok(Disputed::NotTheirs) => PressAnswer::NotTheirs,
        Ok(Disputed::Gone) => PressAnswer::Gone,
        Err(Undecided::Busy) => PressAnswer::Busy,
        Err(Undecided::Unknown) => PressAnswer::DisputeUnconfirmed,
    };
    tell(context, press, &reader, &answer).await;
    answer.code()
}
