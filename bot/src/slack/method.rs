//! The methods of Slack's Web API that are called.

macro_rules! methods {
    ($($(#[$meta:meta])* $variant:ident => $name:literal,)+) => {
        /// A method that we call. Each has entries in `codes.tsv`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub(crate) enum Method {
            $($(#[$meta])* $variant,)+
        }

        impl Method {
            /// Every method.
            #[cfg(test)]
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)+];

            /// As the API has it.
            pub(crate) const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

methods! {
    OpenConnection => "apps.connections.open",
    AuthTest => "auth.test",
    UsersInfo => "users.info",
    OpenConversation => "conversations.open",
    PostMessage => "chat.postMessage",
    UpdateMessage => "chat.update",
    DeleteMessage => "chat.delete",
    OpenView => "views.open",
    PushView => "views.push",
    UpdateView => "views.update",
    Respond => "response_url",
    BotsInfo => "bots.info",
    ExportManifest => "apps.manifest.export",
    ValidateBlocks => "blocks.validate",
}
