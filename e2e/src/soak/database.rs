//! What happens to the database.

use std::time::Duration;

use rand::{RngExt as _, rngs::StdRng, seq::IndexedRandom as _};
use sea_orm::ConnectionTrait as _;
use tokio::{process::Command, time::sleep};

use super::{
    Scene,
    faults::{TRIPS, any_fault},
    programs::Programs,
};
use crate::{
    Account, Engine, OwnMySql, binary,
    mysql_proxy::{Aim, Whose},
};

/// Something happens to the database, and is over after a while. `server` is MySQL's, if it is
/// MySQL.
pub(super) async fn trouble(
    scene: &Scene<'_>,
    server: Option<&mut OwnMySql>,
    programs: &Programs,
    random: &mut StdRng,
) {
    match (random.random_range(0..100), server) {
        (0..8, _) => end_all(scene).await,
        (8..20, _) => forge_an_end(scene).await,
        (20..60, None) => lock(scene, random).await,
        (_, None) => fill_up(scene, programs, random).await,
        (20..60, Some(_)) => storm(scene, random).await,
        (60..68, Some(_)) => read_only(scene, random).await,
        (68..76, Some(_)) => end_connections(scene).await,
        (76..82, Some(server)) => move_clock(scene, server, random).await,
        (82..94, Some(server)) => freeze(scene, server, random).await,
        (_, Some(server)) => restart(scene, server, random).await,
    }
}

fn while_(random: &mut StdRng) -> Duration {
    Duration::from_millis(random.random_range(200..5000))
}

/// The operator ends everything that lives.
async fn end_all(scene: &Scene<'_>) {
    scene.counts.add("fault: everything ended by an operator");
    let url = scene.world.database.url(Account::Migrate);
    let ended = Command::new(binary("secure-secret-migrate"))
        .args(["end-all", "--reason", "incident"])
        .env_clear()
        .env("DATABASE_URL", url)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
}

/// The audit log has the end of a secret that lives.
async fn forge_an_end(scene: &Scene<'_>) {
    let sql = "INSERT INTO audit_events (id, secret_id, event, slot, occurred_at, metadata) \
               SELECT SUBSTR(token_hash, 1, 16), id, 'revoked', 'terminal', 1, '{}' FROM secrets \
               WHERE destroyed_at IS NULL ORDER BY token_hash LIMIT 1";
    // Somebody else may be at it.
    if scene.world.database.run(Account::Migrate, sql).await == Ok(1) {
        scene.counts.add("fault: an end forged");
    }
}

/// Transactions go wrong, one way and in one place.
async fn storm(scene: &Scene<'_>, random: &mut StdRng) {
    let trip = *TRIPS.choose(random).unwrap();
    let (name, fault) = any_fault(random);
    let proxy = scene.proxy.as_ref().unwrap();
    let watch = proxy.watch(Whose::All, &[], &[(Aim::Every(trip), fault)]);
    sleep(while_(random)).await;
    let hits = watch.hits().try_into().unwrap();
    scene
        .counts
        .add_many(&format!("fault: {trip:?} {name}"), hits);
}

async fn read_only(scene: &Scene<'_>, random: &mut StdRng) {
    scene.counts.add("fault: database read-only");
    let admin = scene.world.database.admin_session().await;
    for sql in [
        "SET GLOBAL super_read_only = ON",
        "SET GLOBAL read_only = OFF",
    ] {
        admin.execute_unprepared(sql).await.unwrap();
        sleep(while_(random)).await;
    }
    admin.close().await.unwrap();
}

/// Every connection of the programs is ended, as a failover does.
async fn end_connections(scene: &Scene<'_>) {
    scene.counts.add("fault: connections ended");
    let database = &scene.world.database;
    let admin = database.admin_session().await;
    let [bot, web] = [Account::Bot, Account::Web].map(|account| database.account(account));
    let ids = format!(
        "SELECT COALESCE(GROUP_CONCAT(processlist_id), '') FROM performance_schema.threads \
         WHERE processlist_user IN ('{bot}', '{web}')"
    );
    for id in database.admin_text(&ids).await.split(',') {
        // It may be gone by itself.
        admin.execute_unprepared(&format!("KILL {id}")).await.ok();
    }
    admin.close().await.unwrap();
}

/// The server's clock is wrong for some seconds.
async fn move_clock(scene: &Scene<'_>, server: &OwnMySql, random: &mut StdRng) {
    let by = *["+61m", "-61m", "+26h", "-3m"].choose(random).unwrap();
    scene.counts.add(&format!("fault: clock {by}"));
    server.set_clock(by);
    sleep(Duration::from_secs(5)).await;
    server.set_clock("+0");
}

/// The server stands still.
async fn freeze(scene: &Scene<'_>, server: &OwnMySql, random: &mut StdRng) {
    scene.counts.add("fault: database frozen");
    server.freeze().await;
    sleep(while_(random)).await;
    server.thaw().await;
}

/// The server is killed, and starts again.
async fn restart(scene: &Scene<'_>, server: &mut OwnMySql, random: &mut StdRng) {
    scene.counts.add("fault: database killed");
    server.kill().await;
    sleep(while_(random)).await;
    server.run().await;
    // It has forgotten whose passwords it knows: see there.
    let proxy = scene.proxy.as_ref().unwrap();
    for account in [Account::Bot, Account::Web] {
        proxy.url(&scene.world.database, account).await;
    }
}

async fn lock(scene: &Scene<'_>, random: &mut StdRng) {
    scene.counts.add("fault: database locked");
    let session = scene.world.database.session().await;
    // Where somebody else holds it, that is as good.
    if session.execute_unprepared("BEGIN EXCLUSIVE").await.is_ok() {
        sleep(while_(random)).await;
        session.execute_unprepared("ROLLBACK").await.unwrap();
    }
    session.close().await.unwrap();
}

/// A program can let no file grow, as on a full disk.
async fn fill_up(scene: &Scene<'_>, programs: &Programs, random: &mut StdRng) {
    assert_eq!(scene.world.database.engine, Engine::Sqlite);
    let bots = programs.bots.iter().map(|bot| &bot.process);
    let all: Vec<_> = bots.chain([&programs.web.process]).collect();
    let process = all.choose(random).unwrap();
    scene.counts.add("fault: disk full");
    for limit in ["4096:unlimited", "unlimited:unlimited"] {
        let limited = Command::new("prlimit")
            .args([
                &format!("--pid={}", process.id()),
                &format!("--fsize={limit}"),
            ])
            .status();
        assert!(limited.await.unwrap().success());
        sleep(while_(random)).await;
    }
}
