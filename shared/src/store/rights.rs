//! What each program's account may do in MySQL, and no more: a break-in at reveal-web is worth
//! nothing beyond the links that people bring to it, and one at the bot can't read a ciphertext
//! that was stored before.

use crate::domain::program::Program;

/// The rights to one table.
#[derive(Clone, Copy, Debug)]
pub struct TableRights {
    /// The table.
    pub table: &'static str,
    /// Whether rows may be added.
    pub insert: bool,
    /// Whether rows may be removed.
    pub delete: bool,
    /// What may be read.
    pub select: Columns,
    /// What may be changed.
    pub update: Columns,
}

/// Columns of a table.
#[derive(Clone, Copy, Debug)]
pub enum Columns {
    /// None.
    None,
    /// Every one; named are those that matter for asking.
    All(&'static [&'static str]),
    /// These.
    Only(&'static [&'static str]),
}

impl Columns {
    /// Their names.
    #[must_use]
    pub const fn names(&self) -> &'static [&'static str] {
        match self {
            Self::None => &[],
            Self::All(names) | Self::Only(names) => names,
        }
    }
}

const MIGRATIONS: TableRights = TableRights {
    table: "seaql_migrations",
    insert: false,
    delete: false,
    select: Columns::All(&["version"]),
    update: Columns::None,
};

const KEY_RINGS: TableRights = TableRights {
    table: "key_rings",
    insert: true,
    delete: false,
    select: Columns::All(&["program", "ring", "key_ids", "seen_at"]),
    update: Columns::Only(&["seen_at"]),
};

/// Every column of the table of [`VIEW_CHECKS`].
const OF_VIEW_CHECKS: &[&str] = &[
    "version",
    "taken",
    "refused",
    "unasked",
    "code",
    "checked_at",
];

/// What doctor found out, for the next one to tell.
const VIEW_CHECKS: TableRights = TableRights {
    table: "view_checks",
    insert: true,
    delete: false,
    select: Columns::All(OF_VIEW_CHECKS),
    update: Columns::Only(OF_VIEW_CHECKS),
};

const INSTALLATION: TableRights = TableRights {
    table: "installation",
    insert: false,
    delete: false,
    select: Columns::All(&["one", "id"]),
    update: Columns::None,
};

/// Each bot has a row of its own, and removes those of bots that are long gone.
const BOTS: TableRights = TableRights {
    table: "bots",
    insert: true,
    delete: true,
    select: Columns::All(&["id", "connections", "seen_at"]),
    update: Columns::Only(&[
        "connections",
        "seen_at",
        "stopped_at",
        "strangers",
        "counted_at",
    ]),
};

/// The bot says there what operators are to be told, and removes what is long told.
const ALERTS: TableRights = TableRights {
    table: "alerts",
    insert: true,
    delete: true,
    select: Columns::All(&["cause", "clock_hour", "made_at"]),
    update: Columns::Only(&[
        "happened",
        "secrets",
        "told",
        "attempts",
        "next_attempt_at",
        "leased_until",
        "tried_at",
        "channel",
        "message_ts",
        "refusal",
    ]),
};

/// The bot: stores and delivers; reads no ciphertext.
const BOT: [TableRights; 10] = [
    TableRights {
        table: "secrets",
        insert: true,
        delete: false,
        select: Columns::Only(&[
            "id",
            "format",
            "submission_key",
            "part",
            "key_id",
            "team",
            "organization",
            "sender",
            "sender_name",
            "sender_locale",
            "sender_tz",
            "recipient",
            "recipient_locale",
            "recipient_tz",
            "created_at",
            "expires_at",
            "viewed_at",
            "destroyed_at",
            "destroy_reason",
            "reuse_count",
            "reused_at",
            "reuse_told",
            "reuse_told_at",
            "repeat_count",
            "repeated_at",
            "page_lost_at",
            "revoked_by",
            "dispute_count",
            "disputed_at",
        ]),
        update: Columns::Only(&[
            "reuse_told",
            "reuse_told_at",
            "destroyed_at",
            "destroy_reason",
            "revoked_by",
            "ciphertext",
            "note_ciphertext",
            "sender_locale",
            "sender_tz",
            "recipient_locale",
            "recipient_tz",
            "dispute_count",
            "disputed_at",
        ]),
    },
    // Makes links and ends them; what a link holds sealed it can't read.
    TableRights {
        table: "links",
        insert: true,
        delete: false,
        select: Columns::Only(&["token_hash", "secret_id", "live", "expires_at"]),
        update: Columns::Only(&["live", "share", "key_id"]),
    },
    TableRights {
        table: "deliveries",
        insert: true,
        delete: false,
        select: Columns::All(&["id", "sealed"]),
        update: Columns::All(&["sealed", "leased_until"]),
    },
    TableRights {
        table: "audit_events",
        insert: true,
        delete: false,
        select: Columns::All(&["event"]),
        update: Columns::None,
    },
    KEY_RINGS,
    VIEW_CHECKS,
    INSTALLATION,
    BOTS,
    ALERTS,
    MIGRATIONS,
];

/// What reveal-web had before there were doors.
const FORMER_WEB: [TableRights; 4] = [
    TableRights {
        table: "secrets",
        insert: false,
        delete: false,
        select: Columns::Only(&[
            "id",
            "format",
            "token_hash",
            "ciphertext",
            "note_ciphertext",
            "key_id",
            "sender",
            "sender_name",
            "recipient",
            "recipient_locale",
            "recipient_tz",
            "created_at",
            "expires_at",
            "viewed_at",
            "destroyed_at",
            "destroy_reason",
            "burn_id",
            "confirmed_by",
            "reuse_count",
            "repeat_count",
            "page_lost_at",
            "revoked_by",
        ]),
        update: Columns::Only(&[
            "viewed_at",
            "destroyed_at",
            "destroy_reason",
            "ciphertext",
            "note_ciphertext",
            "burn_id",
            "confirmed_by",
            "reuse_count",
            "reused_at",
            "repeat_count",
            "repeated_at",
            "page_lost_at",
            "revoked_by",
        ]),
    },
    TableRights {
        table: "audit_events",
        insert: true,
        delete: false,
        select: Columns::None,
        update: Columns::None,
    },
    KEY_RINGS,
    MIGRATIONS,
];

/// The rights of a program's account to tables.
#[must_use]
pub const fn of(program: Program) -> &'static [TableRights] {
    match program {
        Program::Bot => &BOT,
        Program::Web | Program::Migrate => &[],
    }
}

/// The rights to tables that a program's account had in a version before.
#[must_use]
pub const fn former(program: Program) -> &'static [TableRights] {
    match program {
        Program::Web => &FORMER_WEB,
        Program::Bot | Program::Migrate => &[],
    }
}
