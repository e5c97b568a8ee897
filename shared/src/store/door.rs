//! A door: a stored procedure that is one operation with its own transaction, and how it is called.
//!
//! A door trusts nothing but its text: whoever calls it chose the session's variables and every
//! argument. It takes a link's hash and never a row's id, gives one row at most, and does under the
//! row's lock what a comment beside its text says. That row is selected after COMMIT, as the driver
//! reads no further: an error behind it would be seen by nobody.

use std::fmt::Write as _;

use sea_orm::{
    QueryResult,
    sqlx::{self, MySql, mysql::MySqlArguments},
};
use sha2::{Digest as _, Sha256};

use super::mysql_pool::PooledConnection;
use crate::{
    crypto::TokenHash,
    domain::{ids::BurnId, program::Program},
};

/// The version of what an entry of the trail holds that a door writes.
pub(super) const TRAIL_VERSION: i16 = 2;

/// Size in bytes of what tells one text of a door from another.
const FINGERPRINT: usize = 8;

/// What every door begins with that locks or changes something.
///
/// A session's variables are its account's to set, and a transaction may be open already: whatever
/// of it could bend what a door does is set anew. On an error everything is undone, and the error
/// is the caller's to read.
const PROLOGUE: &str = "\
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION
  BEGIN
    ROLLBACK AND NO CHAIN NO RELEASE;
    RESIGNAL;
  END;
  ROLLBACK AND NO CHAIN NO RELEASE;
  SET SESSION autocommit = 1, transaction_isolation = 'READ-COMMITTED',
    transaction_read_only = 0, time_zone = '+00:00',
    unique_checks = 1,
    range_optimizer_max_mem_size = DEFAULT, innodb_lock_wait_timeout = 1;
";

/// What a door begins with that only reads: an open transaction of the session's would keep what it
/// reads, in a snapshot or under locks.
const READING: &str = "\
BEGIN
  ROLLBACK AND NO CHAIN NO RELEASE;
  IF @@autocommit = 0 THEN
    SET SESSION autocommit = 1;
  END IF;
";

/// Milliseconds since the Unix epoch, at the moment that this is evaluated: `NOW()` would be a
/// session's variable `timestamp`, which every account may set, and the time before a lock was
/// waited for.
const NOW: &str = "CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS SIGNED)";

/// How texts come in and are kept in variables.
const TEXT: &str = "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";

/// The columns of an entry that a door writes.
const ENTRY_COLUMNS: &str = "(id, secret_id, event, slot, outcome, occurred_at, \
     actor_kind, version, team, sender, recipient, ip, user_agent, metadata)";

/// An entry's id, a UUIDv7 (RFC 9562, section 5.7), in a door that calls its time `time_now`.
const ENTRY_ID: &str = "\
UNHEX(CONCAT(LPAD(HEX(time_now), 12, '0'), '7', RIGHT(HEX(RANDOM_BYTES(2)), 3),
    ELT(1 + (ORD(RANDOM_BYTES(1)) & 3), '8', '9', 'A', 'B'), RIGHT(HEX(RANDOM_BYTES(8)), 15)))";

/// Address and browser of somebody who came to a link, checked and cut.
pub(super) const ENTRY_VISITOR: &str = "\
IF(IS_IPV4(given_ip) OR IS_IPV6(given_ip), given_ip, NULL), LEFT(given_user_agent, 512)";

/// The row to which a link leads whose hash was given: its own, or that of which it was made at a
/// press.
const FOUND: &str = "\
COALESCE((SELECT id FROM secrets WHERE token_hash = given_hash), \
(SELECT secret_id FROM links WHERE token_hash = given_hash))";

/// What happens to a secret's links when it ends.
const END_LINKS: &str = "\
UPDATE links SET live = NULL, share = NULL, key_id = NULL WHERE secret_id = found_id AND live = 1";

const BEGIN: &str = "START TRANSACTION READ WRITE";
const COMMIT: &str = "COMMIT AND NO CHAIN NO RELEASE";

/// A stored procedure. Its name ends with the version of what it takes, gives and does, so that
/// programs of two versions can run side by side.
#[derive(Debug)]
pub struct Door {
    /// Its name.
    pub name: &'static str,
    /// How it is called, with a mark for each argument.
    pub(super) call: &'static str,
    /// What it takes; `{text}` stands for how texts come in.
    pub(super) parameters: &'static str,
    /// What it does, one statement; `{now}` is the clock, `{begin}` and `{commit}` are a
    /// transaction's, `{version}` is that of the trail's entries, `{entry_columns}`, `{entry_id}`
    /// and `{entry_visitor}` are parts of one; `{found}` is the row to which `given_hash` leads,
    /// and `{end_links}` ends the links of `found_id`.
    pub(super) body: &'static str,
    /// Whose account may call it; nobody's where only other doors do, within their transactions.
    pub caller: Option<Program>,
}

impl Door {
    /// What it takes, as SQL.
    #[must_use]
    pub fn parameters(&self) -> String {
        self.parameters.replace("{text}", TEXT)
    }

    /// What it does, as SQL and as the server keeps it.
    #[must_use]
    pub fn body(&self) -> String {
        let body = self
            .body
            .replace("{now}", NOW)
            .replace("{entry_columns}", ENTRY_COLUMNS)
            .replace("{entry_id}", ENTRY_ID)
            .replace("{entry_visitor}", ENTRY_VISITOR)
            .replace("{found}", FOUND)
            .replace("{end_links}", END_LINKS)
            .replace("{version}", &TRAIL_VERSION.to_string())
            .replace("{text}", TEXT)
            .replace("{begin}", BEGIN)
            .replace("{commit}", COMMIT);
        match self.caller {
            None => body,
            Some(_) if self.only_reads() => format!("{READING}{body};\nEND"),
            Some(_) => format!("{PROLOGUE}{body};\nEND"),
        }
    }

    /// Whether it is one SELECT, which changes nothing, and locks nothing outside a transaction: a
    /// session that bends it shows its own caller something else, and nobody else anything.
    fn only_reads(&self) -> bool {
        self.body.trim_start().starts_with("SELECT ") && !self.body.contains(" FOR ")
    }

    /// What tells its text from others; kept as the procedure's comment, since the server lists
    /// parameters in a spelling of its own.
    #[must_use]
    pub fn comment(&self) -> String {
        let mut hash = Sha256::new();
        for part in [self.name, &self.parameters(), &self.body()] {
            hash.update(part);
            hash.update([0]);
        }
        let mut comment = "Secure Secret ".to_owned();
        for byte in &hash.finalize()[..FINGERPRINT] {
            // Writing to a String has no error to give.
            let _ = write!(comment, "{byte:02x}");
        }
        comment
    }

    /// The statement that makes it.
    #[must_use]
    pub fn create(&self) -> String {
        format!(
            "CREATE PROCEDURE {}({})\nSQL SECURITY DEFINER\nCOMMENT '{}'\n{}",
            self.name,
            self.parameters(),
            self.comment(),
            self.body()
        )
    }
}

/// What a door is given.
#[derive(Clone, Debug)]
pub(super) enum Argument {
    Bytes(Vec<u8>),
    Text(Option<String>),
    Number(i64),
}

impl Argument {
    /// A link's hash.
    pub(super) fn hash(hash: &TokenHash) -> Self {
        Self::Bytes(hash.as_bytes().to_vec())
    }

    /// An attempt to burn.
    pub(super) fn burn(id: BurnId) -> Self {
        Self::Bytes(id.as_bytes().to_vec())
    }

    /// A text that is there.
    pub(super) fn text(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

/// Calls a door over a connection of its own; gives its row.
///
/// A call that somebody ended (`KILL QUERY`) leaves its transaction open, as no handler runs then:
/// after any error the connection is closed, and the server undoes what was begun.
pub(super) async fn call(
    mut over: PooledConnection,
    door: &'static Door,
    arguments: impl IntoIterator<Item = Argument>,
) -> Result<Option<QueryResult>, sqlx::Error> {
    let mut query = sqlx::query::<MySql>(door.call);
    for argument in arguments {
        query = bind(query, argument);
    }
    let row = query.fetch_optional(&mut over.connection).await?;
    over.give_back();
    Ok(row.map(QueryResult::from))
}

type Query = sqlx::query::Query<'static, MySql, MySqlArguments>;

fn bind(query: Query, argument: Argument) -> Query {
    match argument {
        Argument::Bytes(bytes) => query.bind(bytes),
        Argument::Text(text) => query.bind(text),
        Argument::Number(number) => query.bind(number),
    }
}
