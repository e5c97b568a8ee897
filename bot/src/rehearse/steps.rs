//! What is rehearsed, step by step.

macro_rules! steps {
    ($($(#[$meta:meta])* $step:ident => $title:literal,)+) => {
        /// A step, in the order in which they are played.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Step {
            $($(#[$meta])* $step,)+
        }

        impl Step {
            /// Every step.
            pub(super) const ALL: &[Self] = &[$(Self::$step,)+];

            /// As the report calls it.
            pub(super) const fn title(self) -> &'static str {
                match self {
                    $(Self::$step => $title,)+
                }
            }
        }
    };
}

steps! {
    Dialog => "the dialog opens",
    Refused => "a recipient who can't get secrets is refused",
    MoreRoom => "more room",
    Message => "the message arrives",
    Desktop => "notification on the desktop",
    Phone => "notification on the phone",
    Receipt => "the receipt",
    Characters => "characters come back as they were typed",
    Edit => "the message changes after the opening",
    ThreadReply => "a reply in the thread rings",
    PhoneLink => "the link opens from the phone's app",
    Guest => "a guest",
    Expiry => "the expiry",
    Reminder => "the reminder",
    Window => "the window with a link, on the phone",
}

impl Step {
    /// Counted from 1.
    pub(super) fn number(self) -> usize {
        Self::ALL.iter().take_while(|step| **step != self).count() + 1
    }
}
