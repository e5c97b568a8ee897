//! What each program's account may do in MySQL, and no more: a break-in at reveal-web then can't
//! list, add or remove secrets, and one at the bot can't read a ciphertext that was stored before.

use sea_orm::{ConnectionTrait as _, DbBackend, Statement};

use super::{Database, StoreError};
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

/// The bot: stores and delivers; reads no ciphertext.
const BOT: [TableRights; 8] = [
    TableRights {
        table: "secrets",
        insert: true,
        delete: false,
        select: Columns::Only(&[
            "id",
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
            "repeat_count",
            "repeated_at",
            "page_lost_at",
            "revoked_by",
        ]),
        update: Columns::Only(&[
            "destroyed_at",
            "destroy_reason",
            "revoked_by",
            "ciphertext",
            "note_ciphertext",
            "sender_locale",
            "sender_tz",
            "recipient_locale",
            "recipient_tz",
        ]),
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
    MIGRATIONS,
];

/// Reveal-web: finds a secret, opens it once, and writes that down.
const WEB: [TableRights; 4] = [
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

/// What no account but the migrating one may do.
const NOBODY: [&str; 7] = [
    "DELETE FROM secrets WHERE FALSE",
    "DELETE FROM deliveries WHERE FALSE",
    "DELETE FROM audit_events WHERE FALSE",
    "UPDATE audit_events SET event = NULL WHERE FALSE",
    "UPDATE secrets SET expires_at = NULL WHERE FALSE",
    "UPDATE secrets SET token_hash = NULL WHERE FALSE",
    "INSERT INTO seaql_migrations (version) SELECT NULL FROM DUAL WHERE FALSE",
];

/// What the bot may not do besides.
const NOT_BOT: [&str; 4] = [
    "SELECT ciphertext FROM secrets WHERE FALSE",
    "SELECT note_ciphertext FROM secrets WHERE FALSE",
    "SELECT token_hash FROM secrets WHERE FALSE",
    "UPDATE installation SET id = NULL WHERE FALSE",
];

/// What reveal-web may not do besides.
const NOT_WEB: [&str; 6] = [
    "INSERT INTO secrets (id) SELECT NULL FROM DUAL WHERE FALSE",
    "INSERT INTO deliveries (id) SELECT NULL FROM DUAL WHERE FALSE",
    "SELECT sealed FROM deliveries WHERE FALSE",
    "SELECT event FROM audit_events WHERE FALSE",
    "SELECT id FROM installation WHERE FALSE",
    "SELECT id FROM bots WHERE FALSE",
];

/// MySQL's numbers for refused access: to a database, a statement on a table, a column, anything.
const REFUSED: [&str; 4] = ["1044", "1142", "1143", "1227"];

/// The rights of a program's account.
#[must_use]
pub const fn of(program: Program) -> &'static [TableRights] {
    match program {
        Program::Bot => &BOT,
        Program::Web => &WEB,
        Program::Migrate => &[],
    }
}

/// How an account's rights differ from its program's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// What the program needs and may not do.
    pub missing: Vec<String>,
    /// What it may do and must not need.
    pub excessive: Vec<String>,
}

/// Tries each right by a statement that changes nothing and reads nothing. SQLite has no accounts.
pub async fn differences(database: &Database, program: Program) -> Result<Differences, StoreError> {
    let mut differences = Differences::default();
    if database.connection().get_database_backend() != DbBackend::MySql {
        return Ok(differences);
    }
    for rights in of(program) {
        for (name, statement) in needed(rights) {
            if !is_allowed(database, &statement).await? {
                differences.missing.push(name);
            }
        }
    }
    let besides: &[&str] = match program {
        Program::Bot => &NOT_BOT,
        Program::Web => &NOT_WEB,
        Program::Migrate => &[],
    };
    for statement in NOBODY.iter().chain(besides) {
        if is_allowed(database, statement).await? {
            let what = statement.trim_end_matches(" WHERE FALSE");
            differences.excessive.push(what.to_owned());
        }
    }
    differences
        .excessive
        .extend(listed_besides(database).await?);
    Ok(differences)
}

/// What the server lists of the account's rights besides those to rows, which were tried: to make
/// and remove tables, to pass rights on, anything on the whole server.
async fn listed_besides(database: &Database) -> Result<Vec<String>, StoreError> {
    let connection = database.connection();
    let statement = Statement::from_string(DbBackend::MySql, "SHOW GRANTS FOR CURRENT_USER()");
    let rows = connection.query_all_raw(statement).await?;
    let mut besides = Vec::new();
    for row in rows {
        let grant: String = row.try_get_by_index(0)?;
        besides.extend(besides_rows(&grant));
    }
    Ok(besides)
}

/// The rights of one line, ``GRANT SELECT (`id`), INSERT ON `db`.`table` TO `bot`@`%` ``, that are
/// not about rows.
fn besides_rows(grant: &str) -> Vec<String> {
    let Some((rights, rest)) = grant
        .strip_prefix("GRANT ")
        .and_then(|grant| grant.split_once(" ON "))
    else {
        return Vec::new();
    };
    let place = rest.split_once(" TO ").map_or(rest, |(place, _)| place);
    let mut depth = 0;
    let parts = rights.split(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    });
    let names = parts.map(|part| part.split('(').next().unwrap_or_default().trim());
    let about_rows = ["USAGE", "SELECT", "INSERT", "UPDATE", "DELETE"];
    let mut besides: Vec<_> = names
        .filter(|name| !about_rows.contains(name) || (place == "*.*" && *name != "USAGE"))
        .map(|name| format!("{name} on {place}"))
        .collect();
    if rest.ends_with("WITH GRANT OPTION") {
        besides.push(format!("GRANT OPTION on {place}"));
    }
    besides
}

/// Each needed right with a statement that takes it.
fn needed(rights: &TableRights) -> Vec<(String, String)> {
    let table = rights.table;
    let mut needed = Vec::new();
    if rights.insert {
        let column = if table == "key_rings" {
            "program"
        } else {
            "id"
        };
        needed.push((
            format!("INSERT on {table}"),
            format!("INSERT INTO {table} ({column}) SELECT NULL FROM DUAL WHERE FALSE"),
        ));
    }
    if rights.delete {
        needed.push((
            format!("DELETE on {table}"),
            format!("DELETE FROM {table} WHERE FALSE"),
        ));
    }
    for column in rights.select.names() {
        needed.push((
            format!("SELECT ({column}) on {table}"),
            format!("SELECT {column} FROM {table} WHERE FALSE"),
        ));
    }
    for column in rights.update.names() {
        needed.push((
            format!("UPDATE ({column}) on {table}"),
            format!("UPDATE {table} SET {column} = NULL WHERE FALSE"),
        ));
    }
    needed
}

/// Whether the server lets the account run it. What it says besides, of a value that is missing for
/// example, comes after that question.
async fn is_allowed(database: &Database, statement: &str) -> Result<bool, StoreError> {
    let statement = Statement::from_string(DbBackend::MySql, statement);
    match database.connection().execute_raw(statement).await {
        Ok(_) => Ok(true),
        Err(error) => match StoreError::from(error) {
            StoreError::Refused { code } => Ok(!REFUSED.contains(&code.as_str())),
            other => Err(other),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_about_rows_is_found_in_a_list_of_grants() {
        let besides = |grant: &str| besides_rows(grant).join("; ");
        for (grant, found) in [
            ("GRANT USAGE ON *.* TO `bot`@`%`", ""),
            (
                "GRANT SELECT (`id`, `team`), INSERT, UPDATE (`a`) ON `s`.`secrets` TO `bot`@`%`",
                "",
            ),
            ("GRANT SELECT, DROP ON `s`.* TO `web`@`%`", "DROP on `s`.*"),
            ("GRANT SELECT ON *.* TO `web`@`%`", "SELECT on *.*"),
            (
                "GRANT ALL PRIVILEGES ON `s`.* TO `x`@`%` WITH GRANT OPTION",
                "ALL PRIVILEGES on `s`.*; GRANT OPTION on `s`.*",
            ),
            ("GRANT `role`@`%` TO `web`@`%`", ""),
        ] {
            assert_eq!(besides(grant), found, "{grant}");
        }
    }
}
