//! The app's messages: posted, in threads too, edited and deleted.

use serde_json::{Value, json};

use crate::{
    answers::{Answer, Refusal},
    arguments::Arguments,
    messages::Message,
    people::{self, Person},
    sim::{Sim, State},
    validate,
};

impl Sim {
    pub(crate) fn post_message(&self, arguments: &Arguments) -> Answer {
        let mut state = self.state();
        let channel = arguments.text("channel");
        let by_id = || people::find(channel).map(|person| state.direct_messages.with(person));
        let channel = if let Some(takes) = state.channels.takes(channel) {
            takes.map(|()| Some(channel.to_owned()))?
        } else {
            let live = state.direct_messages.live(channel);
            live.map(|_| channel.to_owned()).or_else(by_id)
        };
        let channel = channel.ok_or("channel_not_found")?;
        let blocks = checked_blocks(arguments)?;
        let thread_ts = match arguments.text("thread_ts") {
            "" => None,
            ts => Some(state.thread(&channel, ts).ok_or("thread_not_found")?),
        };
        state.may_post(&channel).map_err(Refusal::rate_limited)?;
        let flag = |name: &str| arguments.get(name).and_then(Value::as_bool);
        let message = Message {
            channel,
            ts: state.ts(),
            thread_ts,
            text: arguments.text("text").to_owned(),
            blocks,
            unfurl_links: flag("unfurl_links"),
            unfurl_media: flag("unfurl_media"),
            edited: false,
            rang: state
                .faults
                .quirks
                .rings(!arguments.text("thread_ts").is_empty()),
        };
        let owner = state.direct_messages.owner(&message.channel);
        let owner = owner.map(|person| person.id.to_owned());
        let is_hidden = owner.is_some() && state.faults.quirks.hides_next_to == owner;
        if is_hidden {
            state.faults.quirks.hides_next_to = None;
        } else {
            state.messages.push(message.clone());
        }
        state.postings.push(message.clone());
        drop(state);
        Ok(json!({
            "channel": message.channel,
            "ts": message.ts,
            "message": message.as_slack(),
        }))
    }

    pub(crate) fn update_message(&self, arguments: &Arguments) -> Answer {
        let blocks = checked_blocks(arguments)?;
        let mut state = self.state();
        let place = state.place(arguments)?;
        if let Some(code) = &state.faults.quirks.edits_refused {
            return Err(code.as_str().into());
        }
        let message = state.messages.get_mut(place).ok_or("message_not_found")?;
        arguments.text("text").clone_into(&mut message.text);
        message.blocks = blocks;
        message.edited = true;
        Ok(json!({
            "channel": message.channel,
            "ts": message.ts,
            "text": message.text,
            "message": message.as_slack(),
        }))
    }

    pub(crate) fn delete_message(&self, arguments: &Arguments) -> Answer {
        let mut state = self.state();
        let place = state.place(arguments)?;
        let message = state.messages.remove(place);
        let deletion = json!({ "channel": message.channel, "ts": message.ts });
        state.deletions.push(deletion.clone());
        Ok(deletion)
    }

    /// From now on nothing reaches somebody in the conversation so far.
    pub(crate) fn end_conversation(&self, person: &'static Person) {
        let mut state = self.state();
        let next = state.id("D");
        state.direct_messages.replace(person, next);
    }
}

impl State {
    /// Where the message stands that a call means.
    fn place(&self, arguments: &Arguments) -> Result<usize, Refusal> {
        let (channel, ts) = (arguments.text("channel"), arguments.text("ts"));
        if let Some(takes) = self.channels.takes(channel) {
            takes?;
        } else {
            let live = self.direct_messages.live(channel);
            live.ok_or("channel_not_found")?;
        }
        let meant = |message: &Message| message.channel == channel && message.ts == ts;
        let place = self.messages.iter().position(meant);
        Ok(place.ok_or("message_not_found")?)
    }

    /// The thread that a reply to this message belongs to. One lasts as long as it has replies.
    fn thread(&self, channel: &str, ts: &str) -> Option<String> {
        let here = || self.messages.iter().filter(|each| each.channel == channel);
        let parent = here().find(|each| each.ts == ts);
        let thread = match parent {
            Some(message) => message.thread_ts.as_deref().unwrap_or(ts),
            None => here().find_map(|each| each.thread_ts.as_deref().filter(|of| *of == ts))?,
        };
        Some(thread.to_owned())
    }
}

fn checked_blocks(arguments: &Arguments) -> Answer {
    validate::message(arguments.text("text"), arguments.structured("blocks"))
}
