//! The messages, each with its arguments: a message that is not in the catalogue, or an argument
//! too few, is found when compiling or testing.

use fluent_bundle::FluentArgs;

macro_rules! messages {
    ($(#[$doc:meta])+ $name:ident: $($variant:ident $({ $($argument:ident: $type:ty),+ })? => $id:literal,)+) => {
        $(#[$doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the catalogue has each message's text")]
        pub enum $name<'a> {
            $($variant $({ $($argument: $type),+ })?,)+
        }

        impl<'a> $name<'a> {
            /// The id in the catalogues, and the arguments.
            pub(super) fn parts(self) -> (&'static str, FluentArgs<'a>) {
                let mut arguments = FluentArgs::new();
                let id = match self {
                    $(Self::$variant $({ $($argument),+ })? => {
                        $($(arguments.set(stringify!($argument), $argument);)+)?
                        $id
                    })+
                };
                (id, arguments)
            }
        }

        #[cfg(test)]
        impl $name<'_> {
            /// Every one once, its texts `SAMPLE` and its numbers 7.
            pub(super) fn samples<'a>() -> Vec<$name<'a>> {
                use sample::Sample as _;
                vec![$(
                    $name::$variant $({ $($argument: <$type>::sample()),+ })?,
                )+]
            }
        }
    };
}

messages! {
    /// A message to people, with what it tells of.
    Message:
    // The Slack app itself
    ManifestDescription => "manifest-description",
    ManifestCommand => "manifest-command",
    ManifestHint => "manifest-hint",
    // Times
    Minutes { count: u64 } => "minutes",
    Hours { count: u64 } => "hours",
    HoursMinutes { hours: &'a str, minutes: &'a str } => "hours-minutes",
    // The dialog
    ModalTitle => "modal-title",
    ModalSubmit => "modal-submit",
    ModalClose => "modal-close",
    ModalRecipient => "modal-recipient",
    ModalRecipientPlaceholder => "modal-recipient-placeholder",
    ModalSecret => "modal-secret",
    ModalSecretPlaceholder => "modal-secret-placeholder",
    ModalSecretHint => "modal-secret-hint",
    ModalMoreRoom => "modal-more-room",
    ModalSecretContinued { number: u64 } => "modal-secret-continued",
    ModalSecretContinuedHint => "modal-secret-continued-hint",
    ModalRoom { limit: usize } => "modal-room",
    ModalRoomEnd { limit: usize, total: usize } => "modal-room-end",
    ModalNote => "modal-note",
    ModalNotePlaceholder => "modal-note-placeholder",
    ModalLifetime => "modal-lifetime",
    ModalRecorded => "modal-recorded",
    ModalHeld { code: &'a str } => "modal-held",
    ModalUntold => "modal-untold",
    // What stood after the command and was not used
    UnusedPeople => "unused-people",
    UnusedUnshown => "unused-unshown",
    UnusedGroup => "unused-group",
    UnusedEverybody => "unused-everybody",
    UnusedChannel => "unused-channel",
    UnusedEmail => "unused-email",
    UnusedName => "unused-name",
    UnusedSecondTime => "unused-second-time",
    UnusedNoSuchTime => "unused-no-such-time",
    UnusedWords => "unused-words",
    UnusedMaybeSecret => "unused-maybe-secret",
    // Mistakes in the dialog, beside the field
    RecipientMissing => "recipient-missing",
    RecipientIsBot => "recipient-is-bot",
    RecipientIsSlackbot => "recipient-is-slackbot",
    RecipientDeactivated => "recipient-deactivated",
    RecipientExternal => "recipient-external",
    RecipientGuest => "recipient-guest",
    RecipientIsSelf => "recipient-is-self",
    RecipientUnknown => "recipient-unknown",
    SecretEmpty => "secret-empty",
    SecretBlank => "secret-blank",
    SecretNul => "secret-nul",
    SecretTooLong { chars: usize, limit: usize } => "secret-too-long",
    SecretTooLongLast { chars: usize, limit: usize, total: usize } => "secret-too-long-last",
    NoteNul => "note-nul",
    NoteTooLong { chars: usize, limit: usize } => "note-too-long",
    LifetimeMissing => "lifetime-missing",
    SubmissionUnconfirmed => "submission-unconfirmed",
    SubmissionUnavailable => "submission-unavailable",
    SubmissionBusy => "submission-busy",
    SubmissionForeign => "submission-foreign",
    SubmissionUnreadable => "submission-unreadable",
    FieldUnreadable => "field-unreadable",
    // A dialog that was sent before
    AlreadySentTitle => "already-sent-title",
    AlreadySentText { recipient: &'a str, when: &'a str } => "already-sent-text",
    AlreadySentWaiting { until: &'a str } => "already-sent-waiting",
    AlreadySentDelivered { recipient: &'a str, until: &'a str } => "already-sent-delivered",
    AlreadySentOpened { when: &'a str } => "already-sent-opened",
    AlreadySentUnopened { when: &'a str } => "already-sent-unopened",
    AlreadySentFailed => "already-sent-failed",
    AlreadySentWithdrawn { when: &'a str } => "already-sent-withdrawn",
    AlreadySentClose => "already-sent-close",
    // When the dialog can’t be opened
    CommandFailed => "command-failed",
    CommandBusy => "command-busy",
    CommandUnconfirmed => "command-unconfirmed",
    CommandWithoutName { command: &'a str } => "command-without-name",
    CommandHelp { command: &'a str, example: &'a str } => "command-help",
    // When the dialog gets no other field
    MoreRoomTitle => "more-room-title",
    MoreRoomFailed => "more-room-failed",
    CommandUnreadable => "command-unreadable",
    PressUnreadable => "press-unreadable",
    // The recipient’s message
    MessageLead { sender: &'a str } => "message-lead",
    MessageTerms { lifetime: &'a str, until: &'a str } => "message-terms",
    MessageTermsLate { left: &'a str, until: &'a str } => "message-terms-late",
    MessageAgain => "message-again",
    MessageNote { sender: &'a str } => "message-note",
    MessageButton => "message-button",
    MessageCaution { sender: &'a str } => "message-caution",
    // The recipient’s message, once the secret is gone
    MessageOpened { when: &'a str, sender: &'a str } => "message-opened",
    MessageExpired { when: &'a str, sender: &'a str } => "message-expired",
    MessageWithdrawn { when: &'a str, sender: &'a str } => "message-withdrawn",
    MessageEnded { when: &'a str, sender: &'a str } => "message-ended",
    MessageDisputed { sender: &'a str } => "message-disputed",
    MessageTakenBack { when: &'a str, sender: &'a str } => "message-taken-back",
    Reminder { recipient: &'a str, until: &'a str } => "reminder",
    // The sender’s receipt
    ReceiptWaiting { recipient: &'a str, until: &'a str } => "receipt-waiting",
    WaitingHeld { code: &'a str } => "waiting-held",
    WaitingRefused { code: &'a str } => "waiting-refused",
    WaitingUnreached => "waiting-unreached",
    WaitingWhere => "waiting-where",
    ReceiptDelivered { recipient: &'a str, until: &'a str } => "receipt-delivered",
    ReceiptDeliveredButton { recipient: &'a str, until: &'a str } => "receipt-delivered-button",
    ReceiptOpened { recipient: &'a str, when: &'a str } => "receipt-opened",
    ReceiptReused { count: u64, recipient: &'a str, when: &'a str } => "receipt-reused",
    ReceiptReusedAfterLoss { count: u64, recipient: &'a str, when: &'a str } => "receipt-reused-after-loss",
    ReceiptRepeated { recipient: &'a str } => "receipt-repeated",
    ReceiptLost { recipient: &'a str } => "receipt-lost",
    ReceiptConflict { recipient: &'a str, when: &'a str } => "receipt-conflict",
    ReceiptEndedByOperator { recipient: &'a str, when: &'a str } => "receipt-ended-by-operator",
    ReceiptTypographic { recipient: &'a str } => "receipt-typographic",
    ReceiptUnopened { recipient: &'a str, when: &'a str } => "receipt-unopened",
    ReceiptWithdrawn { recipient: &'a str, when: &'a str } => "receipt-withdrawn",
    ReceiptDisputed { recipient: &'a str } => "receipt-disputed",
    ReceiptDisputeWithdrawn { recipient: &'a str } => "receipt-dispute-withdrawn",
    ReceiptTakenBack { recipient: &'a str, when: &'a str } => "receipt-taken-back",
    ReceiptFailed { recipient: &'a str } => "receipt-failed",
    ReceiptExpired { recipient: &'a str } => "receipt-expired",
    FailureUserNotFound => "failure-user-not-found",
    FailureUserDisabled => "failure-user-disabled",
    FailureCannotDmBot => "failure-cannot-dm-bot",
    FailureExternal => "failure-external",
    FailureGuest => "failure-guest",
    FailureOneself => "failure-oneself",
    FailureRefused => "failure-refused",
    FailureRefusedWith { code: &'a str } => "failure-refused-with",
    FailureExpired => "failure-expired",
    FailureExpiredRefused { code: &'a str } => "failure-expired-refused",
    FailureUnsealable => "failure-unsealable",
    NudgeFailed { sender: &'a str, recipient: &'a str } => "nudge-failed",
    NudgeReused { sender: &'a str, recipient: &'a str } => "nudge-reused",
    NudgeLost { sender: &'a str, recipient: &'a str } => "nudge-lost",
    NudgeDisputed { sender: &'a str, recipient: &'a str } => "nudge-disputed",
    NudgeDisputeWithdrawn { sender: &'a str, recipient: &'a str } => "nudge-dispute-withdrawn",
    NudgeEnded { sender: &'a str, recipient: &'a str } => "nudge-ended",
    // The receipt’s buttons
    TakeBackButton => "take-back-button",
    TakeBackSpoken => "take-back-spoken",
    TakeBackTitle => "take-back-title",
    TakeBackText => "take-back-text",
    TakeBackKeep => "take-back-keep",
    SendAgainButton => "send-again-button",
    SendAgainSpoken => "send-again-spoken",
    // The buttons of the recipient’s message, once the secret was opened
    DisputeButton => "dispute-button",
    DisputeSpoken => "dispute-spoken",
    DisputeTitle => "dispute-title",
    DisputeText => "dispute-text",
    DisputeNo => "dispute-no",
    WithdrawDisputeButton => "withdraw-dispute-button",
    WithdrawDisputeSpoken => "withdraw-dispute-spoken",
    // The button of the recipient's message that gives a link, and what it shows
    IssueLinkSpoken => "issue-link-spoken",
    IssuingTitle => "issuing-title",
    IssuingText => "issuing-text",
    IssuedTitle => "issued-title",
    IssuedText { until: &'a str } => "issued-text",
    IssuedButton => "issued-button",
    IssuedSpoken => "issued-spoken",
    FollowedTitle => "followed-title",
    FollowedText => "followed-text",
    IssuedBeforeTitle => "issued-before-title",
    IssuedBeforeText => "issued-before-text",
    NotIssuedText => "not-issued-text",
    NotIssuableText => "not-issuable-text",
    // What came of a press
    DisputedTitle => "disputed-title",
    DisputedText { sender: &'a str } => "disputed-text",
    DisputeWithdrawnText { sender: &'a str } => "dispute-withdrawn-text",
    NotAnyMoreTitle => "not-any-more-title",
    NotAnyMoreText { sender: &'a str } => "not-any-more-text",
    DisputeUnconfirmedText => "dispute-unconfirmed-text",
    TakenBackTitle => "taken-back-title",
    TooLateTitle => "too-late-title",
    TooLateText { recipient: &'a str, when: &'a str } => "too-late-text",
    OverBeforeTitle => "over-before-title",
    GoneText => "gone-text",
    UnconfirmedTitle => "unconfirmed-title",
    UnconfirmedText => "unconfirmed-text",
    NotTheirsTitle => "not-theirs-title",
    NotTheirsText => "not-theirs-text",
    NotNowTitle => "not-now-title",
    PressBusy => "press-busy",
    PressNotOpened => "press-not-opened",
    // What operators are told in their channel
    AlertBegun => "alert-begun",
    AlertReused { count: u64 } => "alert-reused",
    AlertReusedDo => "alert-reused-do",
    AlertDisputed { count: u64 } => "alert-disputed",
    AlertDisputedDo => "alert-disputed-do",
    AlertDecryptFailed { count: u64 } => "alert-decrypt-failed",
    AlertDecryptFailedDo => "alert-decrypt-failed-do",
    AlertDenied { count: u64 } => "alert-denied",
    AlertDeniedDo => "alert-denied-do",
    AlertDeliveriesStuck { count: u64 } => "alert-deliveries-stuck",
    AlertDeliveriesStuckDo => "alert-deliveries-stuck-do",
    AlertExpiryStuck { count: u64 } => "alert-expiry-stuck",
    AlertExpiryStuckDo => "alert-expiry-stuck-do",
    AlertSecrets { ids: &'a str } => "alert-secrets",
    // The web pages
    PageProduct => "page-product",
    PageLanguage => "page-language",
    PrivacyNotice => "privacy-notice",
    PageHelp { contact: &'a str } => "page-help",
    ConfirmTitle => "confirm-title",
    ConfirmLead { sender: &'a str } => "confirm-lead",
    ConfirmOnce => "confirm-once",
    ConfirmIssued => "confirm-issued",
    ConfirmTimeLeft { left: &'a str, until: &'a str } => "confirm-time-left",
    ConfirmAgain => "confirm-again",
    ConfirmRecorded => "confirm-recorded",
    ConfirmButton => "confirm-button",
    ConfirmOpening => "confirm-opening",
    ConfirmLate => "confirm-late",
    ConfirmCaution { sender: &'a str } => "confirm-caution",
    RevealedTitle => "revealed-title",
    RevealedLead { sender: &'a str } => "revealed-lead",
    RevealedShow => "revealed-show",
    RevealedHide => "revealed-hide",
    RevealedLabel => "revealed-label",
    RevealedCopy => "revealed-copy",
    RevealedCopied => "revealed-copied",
    RevealedCopyFailed => "revealed-copy-failed",
    RevealedNote { sender: &'a str } => "revealed-note",
    RevealedGone => "revealed-gone",
    TooManyReload { seconds: u64 } => "too-many-reload",
    TooManyBack { seconds: u64 } => "too-many-back",
}

messages! {
    /// What a page without a button says: a title, what is the case, and what to do next.
    State:
    Opened { when: &'a str } => "state-opened",
    OpenedLost { when: &'a str } => "state-opened-lost",
    Repeated => "state-repeated",
    Spent => "state-spent",
    Expired => "state-expired",
    Revoked => "state-revoked",
    Ended => "state-ended",
    Conflict => "state-conflict",
    Withdrawn => "state-withdrawn",
    Unknown => "state-unknown",
    NotAgain => "state-not-again",
    Unavailable => "state-unavailable",
    Unsure => "state-unsure",
    TooMany { seconds: u64 } => "state-too-many",
    BadRequest => "state-bad-request",
    Forbidden => "state-forbidden",
    Method => "state-method",
    TooLarge => "state-too-large",
    TooSlow => "state-too-slow",
    Broken => "state-broken",
}

impl State<'_> {
    /// A word for tests and for whoever asks about a page.
    #[must_use]
    pub fn word(self) -> &'static str {
        let this = match self {
            Self::OpenedLost { when } => Self::Opened { when },
            other => other,
        };
        this.parts().0.trim_start_matches("state-")
    }
}

#[cfg(test)]
mod sample {
    pub(super) trait Sample {
        fn sample() -> Self;
    }

    impl Sample for &str {
        fn sample() -> Self {
            "SAMPLE"
        }
    }

    impl Sample for u64 {
        fn sample() -> Self {
            7
        }
    }

    impl Sample for usize {
        fn sample() -> Self {
            7
        }
    }
}
