//! The app's direct message conversations: a person's can end, and then has another id.

use std::collections::HashMap;

use crate::people::{self, Person};

/// Conversations that replaced others, in order of their beginning.
#[derive(Default)]
pub(crate) struct DirectMessages {
    replaced: HashMap<&'static str, Vec<String>>,
}

impl DirectMessages {
    /// The conversation with this person that takes messages.
    pub(crate) fn with(&self, person: &Person) -> String {
        let newer = self.replaced.get(person.id).and_then(|ids| ids.last());
        newer.cloned().unwrap_or_else(|| person.channel())
    }

    /// Whose conversation it is or was.
    pub(crate) fn owner(&self, channel: &str) -> Option<&'static Person> {
        let replaced = || {
            let holds = |ids: &[String]| ids.iter().any(|id| id == channel);
            let (user, _) = self.replaced.iter().find(|(_, ids)| holds(ids))?;
            people::find(user)
        };
        people::with_channel(channel).or_else(replaced)
    }

    /// Whose conversation it is, if it still takes messages.
    pub(crate) fn live(&self, channel: &str) -> Option<&'static Person> {
        let owner = self.owner(channel)?;
        (self.with(owner) == channel).then_some(owner)
    }

    /// From now on this person's conversation is this one, and the one before is dead.
    pub(crate) fn replace(&mut self, person: &'static Person, by: String) {
        self.replaced.entry(person.id).or_default().push(by);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_that_was_replaced_is_dead_but_still_somebodys() {
        let mut all = DirectMessages::default();
        let bob = people::find("U0BOB").unwrap();
        assert_eq!(all.with(bob), "D0BOB");
        for next in ["D00000001", "D00000002"] {
            let before = all.with(bob);
            all.replace(bob, next.to_owned());
            assert_eq!(all.with(bob), next);
            assert!(all.live(next).is_some() && all.live(&before).is_none());
            assert_eq!(all.owner(&before).map(|person| person.id), Some("U0BOB"));
        }
        assert!(all.owner("D0NOBODY").is_none());
    }
}
