//! `doctor`: what it finds, and what it says to do. It changes nothing and shows no secret.

use std::time::{Duration, SystemTime};

use e2e::{
    Account, Engine, Keys, Options, Ran, Submission, World, eventually, on_each_engine, run,
};
use rcgen::{CertificateParams, KeyPair};
use serde_json::json;

const BOT: &str = "secure-secret-bot";
const WEB: &str = "secure-secret-web";
const CONFIGURATION_TOKEN: &str = "xoxe.xoxp-1-simulator";

/// Runs the bot's doctor with some variables changed.
async fn bot_doctor(world: &World, changes: &[(&'static str, &str)], arguments: &[&str]) -> Ran {
    let mut variables = world.variables_of_bot();
    for (name, value) in changes {
        variables.retain(|(known, _)| known != name);
        variables.push((name, (*value).to_owned()));
    }
    let arguments = [&["doctor"], arguments].concat();
    let ran = run(BOT, &arguments, &variables).await;
    let said = format!("{}{}", ran.out, ran.err);
    for (name, value) in world.variables_of_bot() {
        let is_secret = name.ends_with("_KEYS") || name.ends_with("_TOKEN");
        assert!(!is_secret || !said.contains(&value), "{name} in {said}");
    }
    assert!(!said.contains(&world.database.password), "{said}");
    ran
}

async fn web_doctor(world: &World, keys: &str) -> Ran {
    web_doctor_with(world, keys, &[]).await
}

async fn web_doctor_with(world: &World, keys: &str, more: &[(&'static str, String)]) -> Ran {
    let mut variables = vec![
        ("DATABASE_URL", world.database.url(Account::Web)),
        ("FERNET_KEYS", keys.to_owned()),
        ("PUBLIC_BASE_URL", world.web().public_url.clone()),
    ];
    variables.extend_from_slice(more);
    run(WEB, &["doctor"], &variables).await
}

/// A finding's line: `ok       database  ...`.
fn has(ran: &Ran, verdict: &str, check: &str, seen: &str) -> bool {
    ran.out.lines().any(|line| {
        let rest = line.strip_prefix(verdict).map(str::trim_start);
        let rest = rest.and_then(|rest| rest.strip_prefix(check));
        rest.is_some_and(|rest| rest.contains(seen))
    })
}

/// Until a bot and a reveal-web that run have written down which keys they have: they do so beside
/// their work.
async fn keys_noted(world: &World) {
    let noted = "SELECT COUNT(*) FROM key_rings WHERE seen_at > 0";
    eventually("both key rings", || async {
        (world.database.count(noted).await >= 2).then_some(())
    })
    .await;
}

on_each_engine! {
    async fn all_is_well_in_a_world_that_works(engine) {
        let mut world = World::start(engine).await;
        keys_noted(&world).await;
        let address = world.bot().health_addr().await;
        let ran = bot_doctor(&world, &[("HEALTH_ADDR", &address)], &[]).await;
        assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
        for (check, seen) in [
            ("settings", "complete"),
            ("database", if engine == Engine::MySql { "MySQL" } else { "SQLite" }),
            ("tables", "as this version needs them"),
            ("database clock", "the same as this machine's"),
            ("master keys", "1 key opens all live secrets"),
            ("shared keys", "bot and reveal-web share the key"),
            ("delivery keys", "1 key opens all waiting messages"),
            ("button keys", "1 key opens all buttons that give a link"),
            ("messages", "none waits because Slack refuses the app"),
            ("running bot", "ready"),
            ("other programs", "none is known to use this Slack app"),
            ("bot token", "secure_secret in the workspace School"),
            ("scopes", "commands, chat:write, im:write, users:read"),
            ("Slack's clock", "the same as this machine's"),
            ("app token", "Socket Mode is on"),
            ("WebSocket", "127.0.0.1 is reached"),
            ("public address", "reveal-web answers at http://127.0.0.1"),
        ] {
            assert!(has(&ran, "ok", check, seen), "{check}: {seen} in\n{}", ran.out);
        }
        assert_eq!(
            engine == Engine::MySql,
            has(&ran, "ok", "account's rights", "just those that it needs"),
            "{}", ran.out
        );
        assert_eq!(
            engine == Engine::Sqlite,
            has(&ran, "ok", "database files", "only their owner can read them"),
            "{}", ran.out
        );
        assert!(has(&ran, "skipped", "manifest", "can't be asked"), "{}", ran.out);
        assert!(has(&ran, "skipped", "views", "never asked"), "{}", ran.out);
        let end = "everything is as it should be; 3 checks were skipped\n";
        assert!(ran.out.ends_with(end), "{}", ran.out);
        let ran = web_doctor(&world, &world.keys.master).await;
        assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
        assert!(has(&ran, "ok", "shared keys", "share the key"), "{}", ran.out);
        world.finish().await;
    }

    /// Each live secret whose message has a button needs the key that its share is sealed under.
    async fn a_delivery_key_that_buttons_need_is_missed(engine) {
        let options = Options {
            bot_variables: vec![("LINK_DELIVERY", "on_click".to_owned())],
            ..Options::default()
        };
        let world = World::with(engine, options).await;
        world.send_from("U0ALICE", "U0BOB").await;
        world.slack().messages("U0BOB", 1).await;
        world.settled().await;
        let fresh = [("DELIVERY_KEYS", Keys::key())];
        let fresh: Vec<_> = fresh.iter().map(|(name, key)| (*name, key.as_str())).collect();
        let ran = bot_doctor(&world, &fresh, &[]).await;
        let seen = "buttons that give a link are sealed under";
        assert!(has(&ran, "NOT OK", "button keys", seen), "{}", ran.out);
        assert!(has(&ran, "ok", "delivery keys", "all waiting messages"), "{}", ran.out);
        assert!(ran.out.contains("do: put the key that is missing into DELIVERY_KEYS too"), "{}", ran.out);
        world.finish().await;
    }

    async fn messages_that_slack_takes_from_nobody_are_told_until_it_is_mended(engine) {
        let mut world = World::start(engine).await;
        let address = world.bot().health_addr().await;
        let refused = json!({"method": "chat.postMessage", "error": "messages_tab_disabled"});
        world.slack().fail(&refused).await;
        let dialog = world.slack().open_dialog("U0ALICE", "@bob").await;
        let submission = Submission { secret: "x", ..Submission::default() };
        world.slack().submit("U0ALICE", &dialog, &submission).await;
        eventually("what waits", || async {
            let held = "SELECT COUNT(*) FROM deliveries WHERE held_since IS NOT NULL";
            (world.database.count(held).await > 0).then_some(())
        })
        .await;
        let ran = bot_doctor(&world, &[("HEALTH_ADDR", &address)], &[]).await;
        assert_eq!(ran.code, Some(1), "{}", ran.out);
        let seen = "Slack refuses them with messages_tab_disabled";
        assert!(has(&ran, "NOT OK", "messages", seen), "{}", ran.out);
        assert!(ran.out.contains("do: The Slack app's Messages Tab is switched off"), "{}", ran.out);
        let seen = "messages: NOT OK, refused by Slack: messages_tab_disabled";
        assert!(has(&ran, "NOT OK", "running bot", seen), "{}", ran.out);
        let unset = bot_doctor(&world, &[("HEALTH_ADDR", "127.0.0.1:1")], &[]).await;
        assert!(has(&unset, "skipped", "running bot", "nothing answers"), "{}", unset.out);
        world.slack().heal().await;
        world.pass_leases().await;
        world.settled().await;
        let ran = bot_doctor(&world, &[("HEALTH_ADDR", &address)], &[]).await;
        assert_eq!(ran.code, Some(0), "{}", ran.out);
        world.finish().await;
    }

    async fn every_view_and_message_is_shown_to_slack_which_posts_none(engine) {
        let world = World::start(engine).await;
        let ran = bot_doctor(&world, &[], &["--views"]).await;
        assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
        let asked = world.slack().calls("blocks.validate").await;
        assert!(asked > 60, "{asked}");
        let seen = format!("Slack takes all {asked}, in both languages");
        assert!(has(&ran, "ok", "views", &seen), "{}", ran.out);
        let said = world.slack().conversations().await;
        assert!(said.postings.is_empty() && world.slack().calls("views.open").await == 0);
        let ran = bot_doctor(&world, &[], &[]).await;
        let seen = format!("Slack took all {asked}");
        assert!(has(&ran, "ok", "views", &seen), "{}", ran.out);
        assert_eq!(world.slack().calls("blocks.validate").await, asked, "asked anew");
        world.finish().await;
    }

    async fn what_slack_refuses_of_the_views_is_named_and_remembered(engine) {
        let world = World::start(engine).await;
        let refusal = json!({"method": "blocks.validate", "error": "invalid_view", "times": 1,
            "messages": ["[ERROR] must be less than 25 characters [json-pointer:/title/text]"]});
        for (fault, verdict, code, seen, then) in [
            (
                refusal,
                "NOT OK",
                1,
                "(English): /title/text: [ERROR] must be less than 25 characters",
                ("NOT OK", "Slack refused 1"),
            ),
            (
                json!({"method": "blocks.validate", "error": "unknown_method"}),
                "skipped",
                0,
                "Slack does not say what it takes: blocks.validate: unknown_method",
                ("skipped", "did not say what it takes: unknown_method"),
            ),
            (
                json!({"method": "blocks.validate", "error": "not_allowed_token_type"}),
                "skipped",
                0,
                "blocks.validate: not_allowed_token_type",
                ("skipped", "did not say what it takes: not_allowed_token_type"),
            ),
            (
                json!({"method": "blocks.validate", "status": 429, "retry_after": 200}),
                "WARNING",
                0,
                "as Slack wanted a longer pause: dialog, 1 field(s)",
                ("WARNING", "it was not asked"),
            ),
        ] {
            world.slack().heal().await;
            world.slack().fail(&fault).await;
            let ran = bot_doctor(&world, &[], &["--views"]).await;
            assert_eq!(ran.code, Some(code), "{fault}: {}{}", ran.out, ran.err);
            assert!(has(&ran, verdict, "views", seen), "{fault}: {}", ran.out);
            // It goes on with the rest.
            assert!(has(&ran, "ok", "public address", ""), "{fault}: {}", ran.out);
            let ran = bot_doctor(&world, &[], &[]).await;
            let (verdict, seen) = then;
            assert!(has(&ran, verdict, "views", seen), "{fault}: {}", ran.out);
        }
        world.finish().await;
    }

    async fn keys_that_do_not_fit_are_found_by_both(engine) {
        let world = World::start(engine).await;
        keys_noted(&world).await;
        let other = Keys::key();
        let both = format!("{other},{}", world.keys.master);
        for keys in [&other, &both] {
            let ran = bot_doctor(&world, &[("FERNET_KEYS", keys)], &[]).await;
            assert_eq!(ran.code, Some(1), "{}", ran.out);
            assert!(has(&ran, "NOT OK", "shared keys", "which a reveal-web lacks"), "{}", ran.out);
        }
        // While a key is rotated, reveal-web has the new one first.
        let rotating = format!("{},{other}", world.keys.master);
        let ran = bot_doctor(&world, &[("FERNET_KEYS", &rotating)], &[]).await;
        assert_eq!(ran.code, Some(0), "{}", ran.out);
        world.keys.send(&world.database.store().await, "canary").await;
        let ran = web_doctor(&world, &other).await;
        assert_eq!(ran.code, Some(1), "{}", ran.out);
        assert!(has(&ran, "NOT OK", "master keys", "which is not here"), "{}", ran.out);
        assert!(has(&ran, "NOT OK", "shared keys", "which a reveal-web lacks"), "{}", ran.out);
        assert!(ran.out.contains("do: put the key that is missing into FERNET_KEYS too"));
        world.discard().await;
    }

    async fn a_program_that_was_stopped_counts_no_more(engine) {
        let mut world = World::start(engine).await;
        let rotated = format!("{},{}", Keys::key(), world.keys.master);
        assert_eq!(world.webs[0].process.stop().await, Some(0));
        let public_url = world.webs.remove(0).public_url;
        let address = public_url.strip_prefix("http://").unwrap().to_owned();
        world
            .start_web(&[("FERNET_KEYS", rotated.clone()), ("LISTEN_ADDR", address)])
            .await;
        keys_noted(&world).await;
        let changes = [("FERNET_KEYS", rotated.as_str()), ("PUBLIC_BASE_URL", &public_url)];
        let ran = bot_doctor(&world, &changes, &[]).await;
        assert_eq!(ran.code, Some(0), "{}", ran.out);
        assert!(has(&ran, "ok", "shared keys", "share the key"), "{}", ran.out);
        world.finish().await;
    }

    async fn a_database_without_tables_or_rights_is_told_from_one_that_is_not_there(engine) {
        let options = Options { bot: false, slack: true, ..Options::default() };
        let world = World::with(engine, options).await;
        let empty = e2e::TestDatabase::empty(engine).await;
        let url = empty.url(Account::Migrate);
        if engine == Engine::Sqlite {
            // Doctor makes no database where there is none.
            let ran = bot_doctor(&world, &[("DATABASE_URL", &url)], &[]).await;
            assert!(has(&ran, "NOT OK", "database", "there is no file /"), "{}", ran.out);
            let ran = bot_doctor(&world, &[("DATABASE_URL", &url)], &[]).await;
            assert!(has(&ran, "NOT OK", "database", "there is no file /"), "{}", ran.out);
            empty.session().await.close().await.unwrap();
        }
        let ran = bot_doctor(&world, &[("DATABASE_URL", &url)], &[]).await;
        assert_eq!(ran.code, Some(1), "{}", ran.out);
        assert!(has(&ran, "NOT OK", "tables", "missing or too old"), "{}", ran.out);
        assert!(has(&ran, "ok", "bot token", "School"), "the rest is checked: {}", ran.out);
        empty.remove().await;
        let nowhere = "mysql://bot:canary@127.0.0.1:9/x";
        let ran = bot_doctor(&world, &[("DATABASE_URL", nowhere)], &[]).await;
        assert!(has(&ran, "NOT OK", "database", "can't be reached"), "{}", ran.out);
        assert!(!ran.out.contains("canary"), "{}", ran.out);
        world.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_with_other_rights_is_found() {
    let world = World::start(Engine::MySql).await;
    let database = &world.database;
    let admin = database.admin_session().await;
    let (name, bot) = (database.name(), database.account(Account::Bot));
    let execute = async |sql: String| {
        use sea_orm::ConnectionTrait as _;
        admin.execute_unprepared(&sql).await.unwrap();
    };
    execute(format!(
        "GRANT SELECT (ciphertext), DELETE ON {name}.secrets TO '{bot}'@'%'"
    ))
    .await;
    execute(format!("GRANT DROP ON {name}.* TO '{bot}'@'%'")).await;
    let ran = bot_doctor(&world, &[], &[]).await;
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    let seen = format!(
        "it may do more than it needs: DELETE ON `{name}`.`secrets`, DROP ON `{name}`.*, SELECT (ciphertext) ON `{name}`.`secrets`"
    );
    assert!(
        has(&ran, "WARNING", "account's rights", &seen),
        "{}",
        ran.out
    );
    assert!(
        ran.out
            .ends_with("it works, with 1 warning; 4 checks were skipped\n"),
        "{}",
        ran.out
    );
    execute(format!(
        "REVOKE INSERT, DELETE ON {name}.secrets FROM '{bot}'@'%'"
    ))
    .await;
    let ran = bot_doctor(&world, &[], &[]).await;
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    assert!(
        has(
            &ran,
            "NOT OK",
            "account's rights",
            &format!("INSERT ON `{name}`.`secrets`")
        ),
        "{}",
        ran.out
    );
    let grant = [
        "grant",
        "--bot",
        &bot,
        "--web",
        &database.account(Account::Web),
    ];
    let migrate = [("DATABASE_URL", database.url(Account::Migrate))];
    let granted = run("secure-secret-migrate", &grant, &migrate).await;
    assert_eq!(granted.code, Some(0), "{}", granted.err);
    let ran = bot_doctor(&world, &[], &[]).await;
    assert!(
        has(&ran, "WARNING", "account's rights", "SELECT (ciphertext)"),
        "{}",
        ran.out
    );
    admin.close().await.unwrap();
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_with_slack_is_told_with_what_to_do() {
    let world = World::start(Engine::Sqlite).await;
    for (changes, check, seen, advice) in [
        (
            ("SLACK_BOT_TOKEN", "xoxb-canary-wrong"),
            "bot token",
            "auth.test: invalid_auth",
            "Slack does not take SLACK_BOT_TOKEN",
        ),
        (
            ("SLACK_APP_TOKEN", "xapp-1-A0OTHERAPP-1-canary"),
            "app token",
            "apps.connections.open: invalid_auth",
            "Socket Mode switched on",
        ),
        (
            ("SLACK_APP_TOKEN", "xapp-1-A0OTHERAPP-1-canary"),
            "one app",
            "the bot token is of the app A0SECRET, the app token of A0OTHERAPP",
            "take both tokens from the same app",
        ),
        (
            ("SLACK_API_URL", "http://127.0.0.1:9/api"),
            "bot token",
            "the connection was refused",
            "see that slack.com and wss-primary.slack.com can be reached",
        ),
        (
            ("PUBLIC_BASE_URL", "http://127.0.0.1:9"),
            "public address",
            "http://127.0.0.1:9: the connection was refused",
            "see that reveal-web or its proxy runs",
        ),
        (
            ("PUBLIC_BASE_URL", &world.slack().url),
            "public address",
            "is not reveal-web",
            "see that the name leads to reveal-web",
        ),
    ] {
        let ran = bot_doctor(&world, &[changes], &[]).await;
        assert_eq!(ran.code, Some(1), "{}", ran.out);
        assert!(has(&ran, "NOT OK", check, seen), "{seen} in\n{}", ran.out);
        assert!(ran.out.contains(advice), "{advice} in\n{}", ran.out);
        assert!(!ran.out.contains("canary"), "{}", ran.out);
        assert!(ran.err.contains("checks are not ok"), "{}", ran.err);
    }
    world.finish().await;
}

#[tokio::test]
async fn a_configuration_token_in_the_place_of_its_file_is_not_repeated() {
    for given in ["xoxe.xoxp-1-canary", "/nowhere/canary"] {
        let ran = run(BOT, &["doctor", "--config-token-file", given], &[]).await;
        assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
        assert!(
            ran.err.contains("--config-token-file can't be read: "),
            "{}",
            ran.err
        );
        assert!(
            !format!("{}{}", ran.out, ran.err).contains("canary"),
            "{}",
            ran.err
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_slack_app_is_compared_with_what_the_bot_needs() {
    let world = World::start(Engine::Sqlite).await;
    let token = world.folder().join("configuration-token");
    std::fs::write(&token, CONFIGURATION_TOKEN).unwrap();
    let file = ["--config-token-file", token.to_str().unwrap()];
    let printed = run(BOT, &["manifest", "--name", "Secrets"], &[]).await;
    let mut manifest: serde_json::Value = serde_json::from_str(&printed.out).unwrap();
    let scopes = ["commands", "chat:write", "im:write", "users:read"];
    world
        .slack()
        .post("/app", &json!({ "scopes": scopes, "manifest": manifest }))
        .await;
    let ran = bot_doctor(&world, &[], &file).await;
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    assert!(
        has(&ran, "ok", "manifest", "as the bot needs it"),
        "{}",
        ran.out
    );

    manifest["settings"]["interactivity"]["is_enabled"] = json!(false);
    let fewer = &scopes[..2];
    world
        .slack()
        .post("/app", &json!({ "scopes": fewer, "manifest": manifest }))
        .await;
    let ran = bot_doctor(&world, &[], &file).await;
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    assert!(
        has(&ran, "NOT OK", "manifest", "Interactivity is off"),
        "{}",
        ran.out
    );
    assert!(
        has(&ran, "NOT OK", "scopes", "lacks im:write, users:read"),
        "{}",
        ran.out
    );

    let more = [&scopes[..], &["channels:history"]].concat();
    world.slack().post("/app", &json!({ "scopes": more })).await;
    std::fs::write(&token, "xoxe-canary-wrong").unwrap();
    let ran = bot_doctor(&world, &[], &file).await;
    assert!(
        has(
            &ran,
            "WARNING",
            "scopes",
            "more than it needs: channels:history"
        ),
        "{}",
        ran.out
    );
    assert!(
        has(&ran, "NOT OK", "manifest", "invalid_auth"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("canary"), "{}", ran.out);
    world.finish().await;
}

/// Doctor is another process than the one that refused somebody.
#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_one_address_are_told_and_what_is_not_known_too() {
    let health = format!("127.0.0.1:{}", e2e::free_port());
    let options = Options {
        bot: false,
        slack: true,
        web_variables: vec![
            ("RATE_LIMIT", "2/60s".to_owned()),
            ("TRUSTED_PROXIES", "127.0.0.1".to_owned()),
            ("HEALTH_ADDR", health.clone()),
        ],
        ..Options::default()
    };
    let mut world = World::with(Engine::Sqlite, options).await;
    let asking = [("HEALTH_ADDR", health.clone())];
    let keys = world.keys.master.clone();
    let check = async |world: &World, more: &[_], verdict: &str, seen: &str| {
        let ran = web_doctor_with(world, &keys, more).await;
        assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
        assert!(has(&ran, verdict, "rate limit", seen), "{}", ran.out);
        let told = ["198.51.100", "2001:db8"].map(|address| ran.out.contains(address));
        assert_eq!(told, [false; 2], "no address is told: {}", ran.out);
        ran
    };
    check(&world, &asking, "ok", "nobody was refused").await;
    let ask = async |client: &str| {
        let web = world.web();
        let request = web.http().get(format!("{}/", web.url));
        e2e::Web::send(request.header("x-forwarded-for", client))
            .await
            .status
    };
    for number in 0..10 {
        for _ in 0..2 {
            assert_eq!(ask(&format!("198.51.100.{number}")).await, 404);
        }
        for _ in 0..4 {
            assert_eq!(ask(&format!("198.51.100.{number}")).await, 429);
        }
    }
    let seen = "40 requests were refused, 4 of them of one address";
    check(&world, &asking, "ok", seen).await;
    // One organization's networks: it has the limit of sixteen clients.
    let mut refused = 0;
    for number in 0..100 {
        let status = ask(&format!("2001:db8:1:{}::1", number / 4)).await;
        refused += usize::from(status == 429);
    }
    assert_eq!(refused, 100 - 16 * 2);
    let seen = "108 requests were refused, 68 of them of one address (or one IPv6 site)";
    let ran = check(&world, &asking, "WARNING", seen).await;
    for advice in ["TRUSTED_PROXIES lacks", "raise RATE_LIMIT"] {
        assert!(ran.out.contains(advice), "{}", ran.out);
    }
    let metrics = reqwest::get(format!("http://{health}/metrics"));
    let metrics = metrics.await.unwrap().text().await.unwrap();
    for line in [
        r#"secure_secret_web_rate_limited_lately{of="all"} 108"#,
        r#"secure_secret_web_rate_limited_lately{of="one_address"} 68"#,
    ] {
        assert!(metrics.lines().any(|told| told == line), "{metrics}");
    }
    assert!(!metrics.contains("198.51.100"), "{metrics}");

    check(&world, &[], "skipped", "HEALTH_ADDR is not set").await;
    let simulator = world.slack().url.strip_prefix("http://").unwrap();
    let simulator = [("HEALTH_ADDR", simulator.to_owned())];
    check(&world, &simulator, "skipped", "nothing answers on").await;
    world.start_bot().await;
    let bot = [("HEALTH_ADDR", world.bot().health_addr().await)];
    check(&world, &bot, "skipped", "is no reveal-web of this version").await;
    let nobody = format!("127.0.0.1:{}", e2e::free_port());
    let nobody = [("HEALTH_ADDR", nobody)];
    check(&world, &nobody, "skipped", "nothing answers on").await;
    world.finish().await;
}

/// A reveal-web that terminates TLS with a certificate for so many days, and a bot's variables that
/// lead there.
async fn with_certificate(days: u64) -> (World, String, String) {
    let options = Options {
        bot: false,
        slack: true,
        webs: 0,
        ..Options::default()
    };
    let mut world = World::with(Engine::Sqlite, options).await;
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.not_after = (SystemTime::now() + Duration::from_hours(24 * days)).into();
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let file = |name: &str| world.folder().join(name).display().to_string();
    let (cert_file, key_file) = (file("cert.pem"), file("key.pem"));
    std::fs::write(&cert_file, certificate.pem()).unwrap();
    std::fs::write(&key_file, key.serialize_pem()).unwrap();
    let port = e2e::free_port();
    let url = format!("https://localhost:{port}");
    world
        .start_web(&[
            ("LISTEN_ADDR", format!("127.0.0.1:{port}")),
            ("PUBLIC_BASE_URL", url.clone()),
            ("TLS_CERT", cert_file.clone()),
            ("TLS_KEY", key_file),
        ])
        .await;
    (world, url, cert_file)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_address_is_asked_as_a_browser_would() {
    for (days, verdict, seen) in [
        (90, "ok", "good for two more weeks at least"),
        (7, "WARNING", "it ends within two weeks"),
    ] {
        let (world, url, authority) = with_certificate(days).await;
        let trusting = [
            ("PUBLIC_BASE_URL", url.as_str()),
            ("CA_BUNDLE", authority.as_str()),
        ];
        let ran = bot_doctor(&world, &trusting, &[]).await;
        assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
        assert!(has(
            &ran,
            "ok",
            "public address",
            "reveal-web answers at https://localhost"
        ));
        assert!(has(&ran, verdict, "certificate", seen), "{}", ran.out);
        let ran = bot_doctor(&world, &trusting[..1], &[]).await;
        assert_eq!(ran.code, Some(1), "{}", ran.out);
        let seen = "the certificate is not of a trusted authority";
        assert!(has(&ran, "NOT OK", "public address", seen), "{}", ran.out);
        world.finish().await;
    }
}
