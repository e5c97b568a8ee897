//! What the MySQL accounts may not do, tried under each, and what doctor says of any that may do
//! more. SQLite has no accounts.

use std::fmt::Write as _;

use e2e::{Account, Engine, Keys, Sent, TestDatabase, connect};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, QueryResult, Statement};
use shared::{
    domain::ids::BurnId,
    store::{grants, key_rings, rights},
};

/// Refused access: to a database, a statement on a table, a column, a stored procedure, anything;
/// a trigger where there is a binary log.
const REFUSED: [&str; 6] = ["1044", "1142", "1143", "1370", "1227", "1419"];

/// No such thing, as far as this account may know.
const UNKNOWN: [&str; 1] = ["1305"];

async fn refused(database: &TestDatabase, account: Account, sql: &str) {
    let error = database.run(account, sql).await.unwrap_err().to_string();
    assert!(
        REFUSED
            .iter()
            .chain(&UNKNOWN)
            .any(|code| error.contains(code)),
        "{account:?} {sql}: {error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_account_does_its_own_work_and_nothing_else() {
    let database = TestDatabase::migrated(Engine::MySql).await;
    Keys::fresh().send(&database.store().await, "x").await;
    for account in [Account::Bot, Account::Web] {
        for sql in [
            "SELECT * FROM secrets",
            "DELETE FROM secrets",
            "DELETE FROM audit_events",
            "UPDATE audit_events SET event = 'x'",
            "UPDATE secrets SET expires_at = expires_at + 1",
            "UPDATE secrets SET token_hash = ''",
            "UPDATE secrets SET viewed_at = 1",
            "UPDATE secrets SET burn_id = id",
            "DROP TABLE secrets",
            "ALTER TABLE secrets ADD x INT",
            "CREATE TABLE more (id INT)",
            "CREATE TRIGGER t BEFORE INSERT ON secrets FOR EACH ROW SET @a = 1",
            "CREATE VIEW v AS SELECT id FROM secrets",
            "INSERT INTO seaql_migrations VALUES ('x', 1)",
            "UPDATE installation SET id = id",
            "SELECT User FROM mysql.user",
            "CREATE PROCEDURE mine() SELECT 1",
            "ALTER PROCEDURE burn_1 SQL SECURITY INVOKER",
            "DROP PROCEDURE burn_1",
            "CALL audit_1('', '', '', '', 0, NULL, NULL, '')",
            "SET GLOBAL time_zone = '+13:00'",
            "SET SESSION binlog_format = 'STATEMENT'",
        ] {
            refused(&database, account, sql).await;
        }
    }
    for sql in [
        "SELECT ciphertext FROM secrets",
        "SELECT note_ciphertext FROM secrets",
        "SELECT token_hash FROM secrets",
        "DELETE FROM deliveries",
        "DELETE FROM installation",
        "CALL burn_1('', '', '', 0, NULL, NULL)",
        "CALL look_1('')",
    ] {
        refused(&database, Account::Bot, sql).await;
    }
    for sql in [
        "SELECT sender, recipient FROM secrets",
        "SELECT sealed FROM deliveries",
    ] {
        database.run(Account::Bot, sql).await.unwrap();
    }
    database.remove().await;
}

/// To no table, whatever is asked of it.
#[tokio::test(flavor = "multi_thread")]
async fn the_web_has_a_right_to_no_table() {
    let database = TestDatabase::migrated(Engine::MySql).await;
    let tables = format!(
        "SELECT GROUP_CONCAT(table_name) FROM information_schema.tables WHERE table_schema = '{}'",
        database.name()
    );
    let tables = database.admin_text(&tables).await;
    assert!(tables.split(',').count() >= 7, "{tables}");
    for table in tables.split(',') {
        for sql in [
            format!("SELECT 1 FROM {table}"),
            format!("SELECT COUNT(*) FROM {table}"),
            format!("INSERT INTO {table} SELECT * FROM {table}"),
            format!("DELETE FROM {table}"),
            format!("TRUNCATE TABLE {table}"),
            format!("LOCK TABLES {table} WRITE"),
            format!("SHOW CREATE TABLE {table}"),
            format!("HANDLER {table} OPEN"),
            format!("CREATE TABLE copied LIKE {table}"),
        ] {
            refused(&database, Account::Web, &sql).await;
        }
    }
    database.remove().await;
}

/// What every account may set for its own session, and what could be under way in it.
const SESSIONS: [&str; 26] = [
    "SET @nothing = 1",
    "SET timestamp = 1",
    "SET timestamp = 2147483647",
    "SET time_zone = '+13:00'",
    "SET time_zone = '-12:00'",
    "SET unique_checks = 0",
    "SET foreign_key_checks = 0",
    "SET autocommit = 0",
    "SET transaction_isolation = 'SERIALIZABLE'",
    "SET transaction_isolation = 'READ-UNCOMMITTED'",
    "SET transaction_read_only = 1",
    "SET TRANSACTION READ ONLY",
    "SET completion_type = 'CHAIN'",
    "SET completion_type = 'RELEASE'",
    "SET sql_mode = ''",
    "SET sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH'",
    "SET sql_select_limit = 0",
    "SET sql_safe_updates = 1",
    "SET sql_big_selects = 0, max_join_size = 1",
    "SET range_optimizer_max_mem_size = 1",
    "SET group_concat_max_len = 4",
    "SET innodb_lock_wait_timeout = 1000",
    "SET max_execution_time = 1",
    "SET NAMES latin1 COLLATE latin1_german1_ci",
    "START TRANSACTION READ ONLY",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT",
];

struct Attacker<'a> {
    database: &'a TestDatabase,
    session: DatabaseConnection,
    case: &'static str,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold("X'".to_owned(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    }) + "'"
}

fn hash_of(sent: &Sent) -> String {
    hex(sent.token.hash().as_bytes())
}

impl Attacker<'_> {
    async fn call(&self, call: &str) -> Option<QueryResult> {
        let statement = Statement::from_string(DbBackend::MySql, format!("CALL {call}"));
        let answer = self.session.query_one_raw(statement).await;
        assert!(answer.is_ok(), "{}: {call}: {answer:?}", self.case);
        answer.unwrap()
    }

    async fn number(&self, call: &str, column: &str) -> i64 {
        let row = self.call(call).await.unwrap();
        row.try_get("", column).unwrap()
    }

    /// Whoever has a link, and chooses everything else.
    async fn burns(&self, sent: &Sent, until: &str) -> i64 {
        self.burns_as(BurnId::generate(), sent, until).await
    }

    async fn burns_as(&self, id: BurnId, sent: &Sent, until: &str) -> i64 {
        let call = format!(
            "burn_1({}, {}, {}, {until}, 'not an address', REPEAT('é', 4000))",
            hash_of(sent),
            hex(id.as_bytes()),
            hex(&[7; 32])
        );
        self.number(&call, "outcome").await
    }

    async fn count(&self, of: &str, sent: &Sent) -> i64 {
        let id = hex(sent.secret.as_bytes());
        self.database
            .count(&format!("SELECT COUNT(*) FROM {of} AND secret_id = {id}"))
            .await
    }

    async fn is_live(&self, sent: &Sent) -> bool {
        let id = hex(sent.secret.as_bytes());
        let live =
            format!("SELECT COUNT(*) FROM secrets WHERE ciphertext IS NOT NULL AND id = {id}");
        self.database.count(&live).await == 1
    }

    /// What is live is not over by another's clock, and ends once, written down as it was.
    async fn tries_what_lives(&self, sent: &Sent, later: i64) {
        let (hash, case) = (hash_of(sent), self.case);
        for _ in 0..2 {
            for (reason, ip) in [("anything", "::1"), ("unknown_key", "10.0.0.1")] {
                self.call(&format!(
                    "decrypt_failed_1({hash}, '{reason}', '{ip}', NULL)"
                ))
                .await;
            }
        }
        self.call(&format!("expire_1({hash}, {later}, NULL, NULL)"))
            .await;
        assert!(self.is_live(sent).await, "{case}: not over yet");
        let failed = "audit_events WHERE event = 'decrypt_failed' AND ip = '10.0.0.1'";
        assert_eq!(self.count(failed, sent).await, 1, "{case}");
        for cause in ["anything", "gate", "gate"] {
            self.call(&format!("denied_1({hash}, '{cause}', '10.0.0.1', NULL)"))
                .await;
        }
        let denied = "audit_events WHERE event = 'denied' AND slot LIKE 'denied:gate:%'";
        assert!((1..=2).contains(&self.count(denied, sent).await), "{case}");
        let others = "audit_events WHERE event = 'denied' AND slot NOT LIKE 'denied:gate:%'";
        assert_eq!(self.count(others, sent).await, 0, "{case}: no such cause");
        let late = format!("late_1({hash}, FALSE, 9, '10.0.0.1', NULL)");
        self.call(&late).await;
        assert_eq!(self.burns(sent, "1").await, 3, "{case}: too late");
        assert!(self.is_live(sent).await, "{case}");
        let id = BurnId::generate();
        for _ in 0..2 {
            let burned = self.burns_as(id, sent, "9000000000000").await;
            assert_eq!(burned, 1, "{case}: it is this attempt's");
        }
        // Committed: another session sees it.
        assert!(!self.is_live(sent).await, "{case}: committed");
        let told = "audit_events WHERE event = 'viewed' AND slot = 'terminal' AND ip IS NULL \
                    AND CHAR_LENGTH(user_agent) = 512 AND sender = 'U0ALICE' AND recipient = 'U0BOB' \
                    AND HEX(id) REGEXP '^[0-9A-F]{12}7[0-9A-F]{3}[89AB][0-9A-F]{15}$' \
                    AND ABS(occurred_at - CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS SIGNED)) < 60000";
        assert_eq!(self.count(told, sent).await, 1, "{case}");
        assert_eq!(self.burns(sent, "9000000000000").await, 0, "{case}: once");
        let wrong = hex(BurnId::generate().as_bytes());
        let lost = format!("page_lost_1({hash}, {wrong})");
        assert_eq!(self.number(&lost, "found").await, 0, "{case}");
        self.call(&late).await;
        let ours = format!(
            "SELECT COUNT(*) FROM secrets WHERE reuse_count = 9 AND page_lost_at IS NULL AND id = {}",
            hex(sent.secret.as_bytes())
        );
        assert_eq!(self.database.count(&ours).await, 1, "{case}");
    }

    /// What is over opens for nobody, and expires by the server's clock alone.
    async fn tries_what_is_over(&self, sent: &Sent) {
        let (hash, case) = (hash_of(sent), self.case);
        assert_eq!(self.burns(sent, "9000000000000").await, 0, "{case}: over");
        self.call(&format!("expire_1({hash}, 1, NULL, NULL)")).await;
        assert!(
            self.is_live(sent).await,
            "{case}: the clock is not believed"
        );
        self.call(&format!("expire_1({hash}, 9000000000000, '10.0.0.1', 'x')"))
            .await;
        assert!(!self.is_live(sent).await, "{case}");
        self.call(&format!("expire_1({hash}, 9000000000000, NULL, NULL)"))
            .await;
        let expired = format!(
            "SELECT COUNT(*) FROM secrets WHERE destroy_reason = 'expired' AND id = {}",
            hex(sent.secret.as_bytes())
        );
        assert_eq!(
            self.database.count(&expired).await,
            1,
            "{case}: it ended once"
        );
        self.call(&format!("decrypt_failed_1({hash}, 'refused', NULL, NULL)"))
            .await;
        let told = "audit_events WHERE event = 'expired_destroyed' AND slot = 'terminal' \
                    AND ip = '10.0.0.1' AND metadata LIKE '{\"by\":\"visit\",\"expired_at\":%}'";
        assert_eq!(self.count(told, sent).await, 1, "{case}");
    }

    /// A link that nobody made leads to nothing.
    async fn tries_what_is_not_there(&self) {
        let (nothing, id) = (hex(&[9; 32]), hex(&[9; 16]));
        for call in ["look_1", "sealed_1"] {
            assert!(self.call(&format!("{call}({nothing})")).await.is_none());
            assert!(self.call(&format!("{call}(NULL)")).await.is_none());
        }
        let burn = format!("burn_1({nothing}, {id}, {nothing}, 9000000000000, NULL, NULL)");
        assert_eq!(self.number(&burn, "outcome").await, 0);
        let expire = format!("expire_1({nothing}, 9000000000000, NULL, NULL)");
        self.call(&expire).await;
        self.call(&format!(
            "decrypt_failed_1({nothing}, 'refused', NULL, NULL)"
        ))
        .await;
        assert_eq!(
            self.number(&format!("page_lost_1({nothing}, {id})"), "found")
                .await,
            0
        );
        self.call(&format!("late_1({nothing}, TRUE, 1, NULL, NULL)"))
            .await;
        self.call(&format!("late_1({nothing}, FALSE, 1, NULL, NULL)"))
            .await;
        self.call(&format!("denied_1({nothing}, 'gate', NULL, NULL)"))
            .await;
    }
}

/// An hour from now, by the server's clock; everything is of an hour ago.
const OVER: &str = "UPDATE secrets SET created_at = created_at - 7200000, expires_at = expires_at - 7200000 \
                    WHERE destroyed_at IS NULL AND id = ";

#[tokio::test(flavor = "multi_thread")]
async fn no_session_bends_a_door() {
    let database = TestDatabase::migrated(Engine::MySql).await;
    let (store, keys) = (database.store().await, Keys::fresh());
    for case in SESSIONS {
        let (live, over) = (
            keys.send(&store, "live").await,
            keys.send(&store, "over").await,
        );
        let id = hex(over.secret.as_bytes());
        database
            .run(Account::Migrate, &format!("{OVER}{id}"))
            .await
            .unwrap();
        let later = store.clock().await.unwrap().as_millis() + 30_000;
        let attacker = Attacker {
            database: &database,
            session: connect(&database.url(Account::Web)).await,
            case,
        };
        attacker.session.execute_unprepared(case).await.unwrap();
        attacker.tries_what_lives(&live, later).await;
        attacker.session.execute_unprepared(case).await.unwrap();
        attacker.tries_what_is_over(&over).await;
        attacker.session.execute_unprepared(case).await.unwrap();
        attacker.tries_what_is_not_there().await;
        attacker.session.close().await.unwrap();
    }
    // Of refusals there may be two, where an hour ends meanwhile.
    let events = "SELECT COUNT(*) FROM audit_events WHERE event NOT IN ('created', 'denied')";
    let expected = 4 * i64::try_from(SESSIONS.len()).unwrap();
    assert_eq!(database.count(events).await, expected, "and no other");
    database.remove().await;
}

/// Rings are made up at will; they don't fill the table, and a ring that is known is noted on.
#[tokio::test(flavor = "multi_thread")]
async fn made_up_rings_are_few_and_pass() {
    let database = TestDatabase::migrated(Engine::MySql).await;
    let attacker = Attacker {
        database: &database,
        session: connect(&database.url(Account::Web)).await,
        case: "rings",
    };
    for ids in [
        "",
        "x",
        "0123456789abcdef,",
        "0123456789abcdef\n",
        "0123456789ABCDEF;bot:1",
    ] {
        attacker.call(&format!("key_ring_1('{ids}', TRUE)")).await;
    }
    let rings = "SELECT COUNT(*) FROM key_rings";
    assert_eq!(database.count(rings).await, 0);
    // One as a program has it, under the fingerprint that the program knows it by.
    let web = database.store_of(Account::Web).await;
    let ids: Vec<_> = Keys::fresh().master().ids().collect();
    key_rings::note(&web, Account::Web.program(), &ids)
        .await
        .unwrap();
    key_rings::note(
        &database.store_of(Account::Bot).await,
        Account::Web.program(),
        &ids,
    )
    .await
    .unwrap();
    assert_eq!(database.count(rings).await, 1, "the same ring by both ways");
    for ring in 0..110_u64 {
        attacker
            .call(&format!("key_ring_1('{ring:016x}', TRUE)"))
            .await;
    }
    assert_eq!(database.count(rings).await, 100);
    let forgotten =
        "UPDATE key_rings SET seen_at = 1 WHERE key_ids LIKE '%,%' OR key_ids NOT LIKE '0000%'";
    database.run(Account::Migrate, forgotten).await.unwrap();
    key_rings::note(&web, Account::Web.program(), &ids)
        .await
        .unwrap();
    let noted = "SELECT COUNT(*) FROM key_rings WHERE seen_at > 1";
    assert_eq!(database.count(noted).await, 100);
    let old = "UPDATE key_rings SET seen_at = seen_at - 86400001";
    database.run(Account::Migrate, old).await.unwrap();
    key_rings::note(&web, Account::Web.program(), &ids)
        .await
        .unwrap();
    assert_eq!(database.count(rings).await, 1);
    attacker.session.close().await.unwrap();
    database.remove().await;
}

/// Rights that a program's account has no need of, as GRANT takes them.
fn excessive(database: &TestDatabase) -> Vec<String> {
    let name = database.name();
    let mut all = Vec::new();
    for table in [
        "secrets",
        "audit_events",
        "deliveries",
        "key_rings",
        "installation",
    ] {
        for privilege in [
            "DELETE",
            "CREATE",
            "DROP",
            "ALTER",
            "INDEX",
            "REFERENCES",
            "TRIGGER",
            "CREATE VIEW",
            "SHOW VIEW",
        ] {
            all.push(format!("{privilege} ON `{name}`.`{table}`"));
        }
    }
    for column in ["ciphertext", "note_ciphertext", "token_hash", "burn_id"] {
        all.push(format!("SELECT (`{column}`) ON `{name}`.`secrets`"));
    }
    for column in ["expires_at", "token_hash", "viewed_at"] {
        all.push(format!("UPDATE (`{column}`) ON `{name}`.`secrets`"));
    }
    all.push(format!("UPDATE (`event`) ON `{name}`.`audit_events`"));
    for privilege in [
        "SELECT",
        "INSERT",
        "UPDATE",
        "DELETE",
        "CREATE",
        "DROP",
        "ALTER",
        "EVENT",
        "LOCK TABLES",
        "CREATE ROUTINE",
        "ALTER ROUTINE",
        "EXECUTE",
        "CREATE TEMPORARY TABLES",
    ] {
        all.push(format!("{privilege} ON `{name}`.*"));
    }
    for privilege in [
        "PROCESS",
        "FILE",
        "RELOAD",
        "SELECT",
        "CREATE USER",
        "BACKUP_ADMIN",
    ] {
        all.push(format!("{privilege} ON *.*"));
    }
    all.push(format!("EXECUTE ON PROCEDURE `{name}`.`audit_1`"));
    all.push(format!("ALTER ROUTINE ON PROCEDURE `{name}`.`burn_1`"));
    all.push("SELECT ON `mysql`.`user`".to_owned());
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn any_right_too_many_is_found_by_its_name() {
    let database = TestDatabase::migrated(Engine::MySql).await;
    let admin = database.admin_session().await;
    for account in [Account::Bot, Account::Web] {
        let program = account.program();
        let store = database.store_of(account).await;
        let just = grants::differences(&store, program).await.unwrap();
        assert_eq!((just.missing, just.excessive), (vec![], vec![]));
        let grantee = format!("'{}'@'%'", database.account(account));
        let is_needed = |right: &str| {
            let needed = grants::expected(database.name(), program);
            needed
                .iter()
                .any(|needed| needed.to_string() == right.replace("(`", "(").replace("`)", ")"))
        };
        for right in excessive(&database) {
            if is_needed(&right) {
                continue;
            }
            admin
                .execute_unprepared(&format!("GRANT {right} TO {grantee}"))
                .await
                .unwrap();
            let found = grants::differences(&store, program).await.unwrap();
            let found: Vec<_> = found.excessive.iter().map(ToString::to_string).collect();
            assert_eq!(
                found,
                [right.replace("(`", "(").replace("`)", ")")],
                "{account:?}"
            );
            admin
                .execute_unprepared(&format!("REVOKE {right} FROM {grantee}"))
                .await
                .unwrap();
        }
    }
    admin.close().await.unwrap();
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_by_a_role_and_rights_to_pass_on_are_found() {
    let database = TestDatabase::migrated(Engine::MySql).await;
    let admin = database.admin_session().await;
    let (name, web) = (database.name(), database.account(Account::Web));
    let (outer, inner) = (format!("o{name}"), format!("i{name}"));
    let store = database.store_of(Account::Web).await;
    let found = async || {
        let found = grants::differences(&store, Account::Web.program()).await;
        let found = found.unwrap().excessive;
        let found: Vec<_> = found.iter().map(ToString::to_string).collect();
        found.join("; ")
    };
    let run = async |sql: String| {
        admin.execute_unprepared(&sql).await.unwrap();
    };
    run(format!("CREATE ROLE '{outer}', '{inner}'")).await;
    run(format!("GRANT SELECT ON {name}.secrets TO '{inner}'")).await;
    run(format!("GRANT '{inner}' TO '{outer}'")).await;
    run(format!("GRANT '{outer}' TO '{web}'@'%'")).await;
    // It is not switched on, and the account may do that itself.
    assert_eq!(found().await, format!("SELECT ON `{name}`.`secrets`"));
    run(format!("GRANT '{outer}' TO '{web}'@'%' WITH ADMIN OPTION")).await;
    assert!(
        found().await.contains("ADMIN OPTION ON"),
        "{}",
        found().await
    );
    run(format!("DROP ROLE '{outer}', '{inner}'")).await;
    assert_eq!(found().await, "");
    let burn = format!("PROCEDURE {name}.burn_1");
    run(format!(
        "GRANT EXECUTE ON {burn} TO '{web}'@'%' WITH GRANT OPTION"
    ))
    .await;
    assert!(
        found().await.starts_with("GRANT OPTION ON PROCEDURE"),
        "{}",
        found().await
    );
    run(format!("REVOKE GRANT OPTION ON {burn} FROM '{web}'@'%'")).await;
    assert_eq!(found().await, "");
    let (one, other) = (database.account(Account::Bot), format!("'{web}'@'%'"));
    run(format!("GRANT PROXY ON '{one}'@'%' TO {other}")).await;
    assert!(found().await.starts_with("PROXY ON"), "{}", found().await);
    admin.close().await.unwrap();
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_right_too_few_is_found_by_its_name() {
    let database = TestDatabase::migrated(Engine::MySql).await;
    let admin = database.admin_session().await;
    for account in [Account::Bot, Account::Web] {
        let program = account.program();
        let store = database.store_of(account).await;
        let grantee = format!("'{}'@'%'", database.account(account));
        let needed = grants::expected(database.name(), program);
        assert_eq!(rights::of(program).is_empty(), account == Account::Web);
        for right in needed {
            for (change, missing) in [
                (
                    format!("REVOKE {right} FROM {grantee}"),
                    vec![right.clone()],
                ),
                (format!("GRANT {right} TO {grantee}"), vec![]),
            ] {
                admin.execute_unprepared(&change).await.unwrap();
                let found = grants::differences(&store, program).await.unwrap();
                assert_eq!(found.missing, missing, "{account:?}");
            }
        }
    }
    admin.close().await.unwrap();
    database.remove().await;
}

/// What keeps a transaction open, with locks on all that it reads or without.
const OPEN: [&[&str]; 4] = [
    &["START TRANSACTION"],
    &["SET autocommit = 0"],
    &[
        "SET transaction_isolation = 'SERIALIZABLE'",
        "START TRANSACTION",
    ],
    &["SET transaction_isolation = 'SERIALIZABLE', autocommit = 0"],
];

#[tokio::test(flavor = "multi_thread")]
async fn a_door_that_reads_leaves_nothing_open() {
    let database = TestDatabase::migrated(Engine::MySql).await;
    let sent = Keys::fresh().send(&database.store().await, "x").await;
    let hash = hex(sent.token.hash().as_bytes());
    let unknown = hex(&[7; 32]);
    for case in OPEN {
        for door in ["look_1", "sealed_1"] {
            let session = connect(&database.url(Account::Web)).await;
            for sql in case {
                session.execute_unprepared(sql).await.unwrap();
            }
            let id = Statement::from_string(DbBackend::MySql, "SELECT CONNECTION_ID()");
            let id = session.query_one_raw(id).await.unwrap().unwrap();
            let id: u64 = id.try_get_by_index(0).unwrap();
            // InnoDB's own list may be a tenth of a second old.
            let open = format!(
                "SELECT COUNT(*) FROM performance_schema.events_transactions_current \
                 JOIN performance_schema.threads USING (thread_id) \
                 WHERE processlist_id = {id} AND state = 'ACTIVE'"
            );
            for hash in [&hash, &unknown] {
                let call = format!("CALL {door}({hash})");
                session.execute_unprepared(&call).await.unwrap();
                assert_eq!(database.admin_count(&open).await, 0, "{case:?} {call}");
            }
            session.close().await.unwrap();
        }
    }
    database.remove().await;
}
