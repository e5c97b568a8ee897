//! The step that looks at the window in which a phone shows a link: Slack documents buttons with an
//! address there, but not how each phone shows them.

use shared::crypto::Way;

use super::{Play, begin};
use crate::rehearse::{report::Outcome, steps::Step, terminal::Answer};

impl Play<'_> {
    pub(super) async fn window(&mut self) -> anyhow::Result<()> {
        let outcome = match self.way {
            Way::Link => Outcome::Skipped("LINK_DELIVERY is dm".to_owned()),
            Way::Share => self.seen_on_phone().await?,
        };
        self.note(Step::Window, outcome);
        Ok(())
    }

    async fn seen_on_phone(&mut self) -> anyhow::Result<Outcome> {
        begin(
            Step::Window,
            "Send the recipient another made-up word (/sendsecret, Send). Then, on the recipient's phone, press the \
             message's button and look at the window that opens; press the button there, and come back.",
        )?;
        let question =
            "Did the window's button open the phone's browser, and does the window say so now?";
        Ok(match self.ask(question).await? {
            Answer::Yes => Outcome::Said("it leads to the phone's browser".to_owned()),
            answer => self.outcome(answer),
        })
    }
}
