//! Somebody followed a link that was made for them: the modal that showed it no longer does.

use std::sync::Arc;

use shared::domain::ids::UserId;

use crate::{
    context::Context,
    lenient::{Object, Unreadable},
    press_answer::{FOLLOW_LINK, PressAnswer},
};

/// The button in a modal that leads to a link. Its press echoes the modal, link and all: there is
/// room for none of that here.
pub(in crate::handlers) struct Followed {
    user: Option<UserId>,
    view_id: String,
}

impl Followed {
    /// The action of the button.
    pub(in crate::handlers) const ACTION: &str = FOLLOW_LINK;

    /// Nothing stands in for which modal it was.
    pub(in crate::handlers) fn read(payload: &Object<'_>) -> Result<Self, Unreadable> {
        let user = payload.object("user").text("id");
        let view_id = payload.object("view").text("id");
        let view_id = view_id.filter(|id| !id.is_empty());
        Ok(Self {
            user: user.and_then(|id| UserId::parse(&id).ok()),
            view_id: view_id.ok_or(Unreadable("view.id"))?.into_owned(),
        })
    }

    /// Says how it went, in a word.
    pub(in crate::handlers) async fn handle(self, context: Arc<Context>) -> &'static str {
        let reader = context.reader_at_once(self.user.as_ref()).await;
        let view = PressAnswer::Followed.view(reader.locale, reader.tz.as_deref());
        match context.slack.replace_view(&self.view_id, &view).await {
            Ok(()) => "followed",
            // The link is of no use once the page is open and for a few minutes before.
            Err(error) => {
                tracing::warn!(%error, "a modal still shows a link that was followed");
                "not_changed"
            }
        }
    }
}
