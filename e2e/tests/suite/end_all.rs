//! After a restored backup: what was opened since is not shown again, and nobody is left in the
//! dark.

use std::{fs, path::PathBuf, process::Stdio};

use e2e::{
    Account, Engine, Options, OwnMySql, Submission, TestDatabase, World, binary, eventually,
    mysql_client, on_each_engine, project, run,
};
use serde_json::json;
use shared::store::doors;
use tokio::{io::AsyncWriteExt as _, process::Command};

/// A database that can be put back to an earlier state, as the guides do it.
struct Restorable {
    server: Option<OwnMySql>,
}

impl Restorable {
    async fn new(engine: Engine) -> (Self, TestDatabase) {
        match engine {
            Engine::Sqlite => (
                Self { server: None },
                TestDatabase::migrated(Engine::Sqlite).await,
            ),
            Engine::MySql => {
                let server = OwnMySql::start(&[]).await;
                let database = TestDatabase::migrated_on(&server).await;
                let server = Some(server);
                (Self { server }, database)
            }
        }
    }

    /// `mysql` or `mysqldump` as root.
    fn client(&self, program: &str) -> Command {
        let mut words = mysql_client();
        let last = words
            .iter()
            .rposition(|word| word.ends_with("/mysql"))
            .unwrap();
        let path = PathBuf::from(&words[last]);
        words[last] = path.with_file_name(program).display().to_string();
        let url = self.server.as_ref().unwrap().url();
        let (_, socket) = url.split_once("socket=").unwrap();
        let mut command = Command::new(&words[0]);
        command
            .args(&words[1..])
            .args([&format!("--socket={socket}"), "--user=root"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        command
    }

    async fn dump(&self, database: &TestDatabase) -> Vec<u8> {
        if self.server.is_none() {
            let copy = database.folder().join("copy.db");
            let sql = format!("VACUUM INTO '{}'", copy.display());
            database.run(Account::Migrate, &sql).await.unwrap();
            return fs::read(copy).unwrap();
        }
        let mut dumping = self.client("mysqldump");
        let guides = "--single-transaction --routines --no-tablespaces --set-gtid-purged=OFF";
        let guide = fs::read_to_string(project().join("docs/install-compose.md")).unwrap();
        assert!(guide.contains(guides), "as the guide has it");
        dumping.args(guides.split(' ')).arg(database.name());
        let dumped = dumping.output().await.unwrap();
        assert!(dumped.status.success());
        dumped.stdout
    }

    /// With the programs stopped.
    async fn restore(&self, database: &TestDatabase, dump: &[u8]) {
        if self.server.is_none() {
            for rest in ["test.db-wal", "test.db-shm"] {
                fs::remove_file(database.folder().join(rest)).ok();
            }
            return fs::write(database.folder().join("test.db"), dump).unwrap();
        }
        let mut restoring = self.client("mysql");
        let mut restoring = restoring.arg(database.name()).spawn().unwrap();
        let mut input = restoring.stdin.take().unwrap();
        input.write_all(dump).await.unwrap();
        drop(input);
        assert!(restoring.wait().await.unwrap().success());
    }
}

async fn end_all(database: &TestDatabase, reason: &str) -> (bool, String) {
    let output = Command::new(binary("secure-secret-migrate"))
        .args(["end-all", "--reason", reason])
        .env_clear()
        .env("DATABASE_URL", database.url(Account::Migrate))
        .output()
        .await
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

async fn stop(world: &mut World) {
    world.kill_bots().await;
    let mut web = world.webs.remove(0);
    web.process.signal("TERM").await;
    web.process.exit_code().await;
}

on_each_engine! {
    async fn what_a_backup_brings_back_is_ended_and_everybody_told(engine) {
        let (backups, database) = Restorable::new(engine).await;
        let mut world = World::on(database, Options::default()).await;
        let delivered = Submission { secret: "canary-delivered", ..Submission::default() };
        let link = world.alice_sends_bob(delivered).await;
        let token = link.rsplit('/').next().unwrap().to_owned();
        world.settled().await;
        world.slack().fail(&json!({"method": "chat.postMessage", "status": 500, "to": "U0GUEST"})).await;
        world.send_from("U0DMITRI", "U0GUEST").await;
        let dump = backups.dump(&world.database).await;
        assert_eq!(world.web().reveal(&token).await.secret().as_deref(), Some("canary-delivered"));
        stop(&mut world).await;
        backups.restore(&world.database, &dump).await;
        let (bot, web) = (world.database.account(Account::Bot), world.database.account(Account::Web));
        let again = ["up", "--grant", "--bot", &bot, "--web", &web];
        let migrate = [("DATABASE_URL", world.database.url(Account::Migrate))];
        let up = e2e::run("secure-secret-migrate", &again, &migrate).await;
        assert_eq!(up.code, Some(0), "{}", up.err);
        if engine == Engine::MySql {
            assert!(up.out.contains("0 stored procedures made"), "the dump has them: {}", up.out);
        }

        let live = "SELECT COUNT(*) FROM secrets WHERE ciphertext IS NOT NULL";
        assert_eq!(world.database.count(live).await, 2, "it lives again");
        let (is_well, said) = end_all(&world.database, "restore").await;
        assert!(is_well && said.contains("2 secrets ended; 1 of their messages"), "{said}");
        let (is_well, said) = end_all(&world.database, "restore").await;
        assert!(is_well && said.contains("0 secrets ended; 0 of"), "{said}");
        let sealed = "SELECT COUNT(*) FROM deliveries WHERE kind = 'recipient_message' AND sealed IS NOT NULL";
        assert_eq!((world.database.count(live).await, world.database.count(sealed).await), (0, 0));
        let trail = "SELECT COUNT(*) FROM audit_events WHERE event = 'revoked' AND slot = 'terminal' \
                     AND metadata LIKE '%operator%' AND metadata LIKE '%restore%'";
        assert_eq!(world.database.count(trail).await, 2);

        world.slack().heal().await;
        world.start_web(&[("RATE_LIMIT", "100000/1s".to_owned())]).await;
        world.start_bot().await;
        let page = world.web().look(&token).await;
        assert_eq!((page.status, page.state()), (410, "ended"));
        assert!(page.html.contains("Your IT team ended this secret"), "{}", page.html);
        for sender in ["U0ALICE", "U0DMITRI"] {
            eventually("what the sender is told", || async {
                let told = format!("{:?}", world.slack().messages_now(sender).await);
                (told.contains("was ended by your IT team") && told.contains("send it again")).then_some(())
            })
            .await;
        }
        eventually("what the recipient is told", || async {
            let told = format!("{:?}", world.slack().messages_now("U0BOB").await);
            told.contains("was ended on").then_some(())
        })
        .await;
        world.settled().await;
        assert!(world.slack().messages_now("U0GUEST").await.is_empty(), "it was taken back");
        let told = format!("{:?}", world.slack().messages_now("U0DMITRI").await);
        assert!(!told.contains("could not be delivered") && !told.contains("Nobody saw"), "{told}");
        world.finish().await;
    }

    async fn nothing_is_ended_without_a_reason(engine) {
        let database = TestDatabase::migrated(engine).await;
        let keys = e2e::Keys::fresh();
        keys.send(&database.store().await, "still there").await;
        let (is_well, said) = end_all(&database, "because").await;
        assert!(!is_well && said.contains("restore") && said.contains("failover"), "{said}");
        assert_eq!(database.count("SELECT COUNT(*) FROM secrets WHERE ciphertext IS NOT NULL").await, 1);
        database.remove().await;
    }
}

/// The guide's dump on an empty server, whose accounts have other names: one command makes the
/// stored procedures that account's.
#[tokio::test(flavor = "multi_thread")]
async fn a_dump_works_on_another_server_under_another_account() {
    let (backups, database) = Restorable::new(Engine::MySql).await;
    let kept = e2e::Keys::fresh();
    kept.send(&database.store().await, "of before").await;
    let dump = backups.dump(&database).await;
    database.remove().await;

    let server = OwnMySql::start(&[]).await;
    let database = TestDatabase::empty_on_server(&server).await;
    let elsewhere = Restorable {
        server: Some(server),
    };
    elsewhere.restore(&database, &dump).await;
    let (bot, web) = (
        database.account(Account::Bot),
        database.account(Account::Web),
    );
    let migrate = [("DATABASE_URL", database.url(Account::Migrate))];
    let status = run("secure-secret-migrate", &["status"], &migrate).await;
    let others = status.out.matches("another account's  stored procedure");
    assert_eq!(others.count(), doors::ALL.len(), "{}", status.out);
    let up = ["up", "--grant", "--bot", &bot, "--web", &web];
    let up = run("secure-secret-migrate", &up, &migrate).await;
    assert_eq!(up.code, Some(0), "{}", up.err);
    let all = format!("{} stored procedures made", doors::ALL.len());
    assert!(up.out.contains(&all), "{}", up.out);
    let options = Options {
        bot: false,
        ..Options::default()
    };
    let world = World::on(database, options).await;
    let sent = world.keys.send(&world.database.store().await, "anew").await;
    let page = world.web().reveal(&sent.token.encode()).await;
    assert_eq!(page.secret().as_deref(), Some("anew"));
    let (is_well, said) = end_all(&world.database, "restore").await;
    assert!(is_well && said.contains("1 secrets ended"), "{said}");
    world.discard().await;
}
