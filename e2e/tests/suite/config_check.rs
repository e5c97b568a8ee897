//! What operators can ask before they start anything: settings, flags, health.

use e2e::{Engine, Keys, Process, World, run, run_in};
use shared::{
    domain::program::Program,
    operate::settings::{Exposure, definitions},
};

fn complete() -> Vec<(&'static str, String)> {
    vec![
        ("DATABASE_URL", "mysql://web:canary@127.0.0.1/x".to_owned()),
        ("FERNET_KEYS", format!("{},{}", Keys::key(), Keys::key())),
        ("PUBLIC_BASE_URL", "https://secrets.example.org".to_owned()),
    ]
}

#[tokio::test]
async fn the_settings_are_shown_with_where_they_come_from_and_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let env_file = "RATE_LIMIT=90/60s\nBRAND_NAME='École # 1'\nSLACK_CONNECTIONS=3\n";
    std::fs::write(folder.path().join(".env"), env_file).unwrap();
    let variables = complete();
    let ran = run_in(
        folder.path(),
        "secure-secret-web",
        &["config", "check", "--listen-addr", "127.0.0.1:7000"],
        &variables,
    )
    .await;
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let line = |name: &str| {
        let line = ran.out.lines().find(|line| line.starts_with(name));
        line.unwrap_or_else(|| panic!("{name} in {}", ran.out))
            .split("  ")
            .map(str::trim)
            .filter(|cell| !cell.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let variable = |name: &str| format!("environment variable {name}");
    assert_eq!(
        line("DATABASE_URL"),
        [
            "DATABASE_URL",
            "mysql://web:***@127.0.0.1/x",
            &variable("DATABASE_URL")
        ]
    );
    assert_eq!(
        line("LISTEN_ADDR"),
        ["LISTEN_ADDR", "127.0.0.1:7000", "--listen-addr"]
    );
    assert_eq!(
        line("RATE_LIMIT"),
        ["RATE_LIMIT", "90/60s", "RATE_LIMIT in .env"]
    );
    assert_eq!(
        line("BRAND_NAME"),
        ["BRAND_NAME", "École # 1", "BRAND_NAME in .env"]
    );
    assert_eq!(line("LOG_FORMAT"), ["LOG_FORMAT", "text", "default"]);
    assert_eq!(line("TLS_CERT"), ["TLS_CERT", "-"]);
    assert!(
        line("FERNET_KEYS")[1].starts_with("2 keys: "),
        "{}",
        ran.out
    );
    for setting in definitions::of(Program::Web) {
        line(setting.name);
    }
    let keys = &variables[1].1;
    for secret in keys.split(',').chain(["canary"]) {
        assert!(!ran.out.contains(secret), "{}", ran.out);
    }
}

#[tokio::test]
async fn slips_and_foreign_secrets_are_refused_wherever_they_stand() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join(".env"),
        "COLOR=canary\nDELIVERY_KEYS=canary\n",
    )
    .unwrap();
    let mut variables = complete();
    variables.push(("FERNET_KEY", "canary".to_owned()));
    variables.push(("SLACK_BOT_TOKEN", "xoxb-canary".to_owned()));
    for arguments in [&[][..], &["config", "check"], &["doctor"]] {
        let ran = run_in(folder.path(), "secure-secret-web", arguments, &variables).await;
        assert_eq!(ran.code, Some(2), "{}{}", ran.out, ran.err);
        for said in [
            "FERNET_KEY is no setting: is FERNET_KEYS meant?",
            "SLACK_BOT_TOKEN is a secret of secure-secret-bot that secure-secret-web must not have",
            "COLOR is no setting (from COLOR in .env)",
            "DELIVERY_KEYS is a secret of secure-secret-bot",
        ] {
            assert!(ran.err.contains(said), "{said} in {}", ran.err);
        }
        assert!(
            !format!("{}{}", ran.out, ran.err).contains("canary"),
            "{}",
            ran.err
        );
    }
    let arguments = ["config", "check", "--env-file", "/nowhere"];
    let named = run("secure-secret-web", &arguments, &complete()).await;
    assert_eq!(named.code, Some(2), "{}", named.err);
    assert!(
        named.err.contains("/nowhere can't be read"),
        "{}",
        named.err
    );
}

#[tokio::test]
async fn what_may_be_somebody_elses_name_keeps_nothing_from_starting_and_is_told() {
    let mut variables = complete();
    variables[0].1 = "sqlite:///nowhere/secure-secret.db".to_owned();
    variables.push(("FERNET_KEY", "canary".to_owned()));
    let slip =
        "FERNET_KEY is no setting: is FERNET_KEYS meant? (from environment variable FERNET_KEY)";
    let checked = run("secure-secret-web", &["config", "check"], &variables).await;
    assert_eq!(checked.code, Some(0), "{}{}", checked.out, checked.err);
    let told = format!("warning: {slip}");
    assert!(checked.out.contains(&told), "{}", checked.out);
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("web.log");
    let mut web = Process::start("secure-secret-web", &[], &variables, &log);
    // It gets as far as the database that is not there.
    web.line_with("no database there yet").await;
    let logged = web.output();
    for said in ["WARN", slip] {
        assert!(logged.contains(said), "{said} in {logged}");
    }
    for text in [checked.out, checked.err, logged] {
        assert!(!text.contains("canary"), "{text}");
    }
}

#[tokio::test]
async fn a_delivery_key_that_is_a_master_key_too_is_refused_by_whatever_reads_both() {
    let [shared, other, another] = [Keys::key(), Keys::key(), Keys::key()];
    let of_bot = |delivery: String| {
        let mut variables = complete();
        variables.retain(|(name, _)| *name != "FERNET_KEYS");
        variables.push(("FERNET_KEYS", format!("{other},{shared}")));
        variables.push(("DELIVERY_KEYS", delivery));
        variables.push(("SLACK_APP_TOKEN", "xapp-1-simulator".to_owned()));
        variables.push(("SLACK_BOT_TOKEN", "xoxb-simulator".to_owned()));
        variables
    };
    let refused = of_bot(format!("{another},{shared}"));
    for arguments in [&[][..], &["config", "check"], &["doctor"]] {
        let ran = run("secure-secret-bot", arguments, &refused).await;
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}{}", ran.out, ran.err);
        let said = "DELIVERY_KEYS shares keys with FERNET_KEYS, which reveal-web has too: \
                    key 2 of DELIVERY_KEYS is key 2 of FERNET_KEYS. Put a new key in front";
        assert!(ran.err.contains(said), "{}", ran.err);
        for key in [&shared, &other, &another] {
            let said = format!("{}{}", ran.out, ran.err);
            assert!(!said.contains(&key[..8]), "{said}");
        }
    }
    let ran = run(
        "secure-secret-bot",
        &["config", "check"],
        &of_bot(another.clone()),
    )
    .await;
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
}

#[tokio::test]
async fn a_secret_in_the_wrong_place_is_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        std::fs::write(folder.path().join(name), content).unwrap();
        folder.path().join(name).display().to_string()
    };
    let key = Keys::key();
    let pem = "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n";
    let wrapped = file("wrapped.env", &format!("FERNET_KEYS={key},\n{key}\n"));
    let twice = file("twice.env", &format!("{key}\nFERNET_KEYS {key}\n"));
    for (name, value) in [
        ("DATABASE_URL", "mysql://web:42/canary@db/x".to_owned()),
        ("DATABASE_URL", "mysql://web:/canary@db/x".to_owned()),
        ("TLS_KEY_FILE", file("key.pem", pem)),
        ("TLS_KEY", pem.to_owned()),
        ("FERNET_KEYS_FILE", key.clone()),
        ("DATABASE_URL_FILE", "mysql://web:canary@db/x".to_owned()),
        ("ENV_FILE", wrapped),
        ("ENV_FILE", twice),
    ] {
        let mut variables = complete();
        variables.retain(|(known, _)| !name.starts_with(known));
        variables.push((name, value));
        let ran = run("secure-secret-web", &["config", "check"], &variables).await;
        assert_eq!(ran.code, Some(2), "{name}: {}{}", ran.out, ran.err);
        for secret in ["canary", &key, key.trim_end_matches('=')] {
            assert!(
                !ran.out.contains(secret) && !ran.err.contains(secret),
                "{name}: {}",
                ran.err
            );
        }
    }
    let flag = ["config", "check", "--https-proxy", "me:canary@proxy:3128"];
    let ran = run("secure-secret-bot", &flag, &[]).await;
    assert!(
        ran.err.contains("HTTPS_PROXY holds a password"),
        "{}",
        ran.err
    );
    assert!(
        !ran.err.contains("canary") && !ran.out.contains("canary"),
        "{}",
        ran.err
    );
}

#[tokio::test]
async fn help_names_every_setting() {
    for program in Program::ALL {
        let subcommand: &[&str] = match program {
            Program::Migrate => &["up", "--help"],
            _ => &["--help"],
        };
        let ran = run(&program.to_string(), subcommand, &[]).await;
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        for setting in definitions::of(program) {
            let flag = format!("--{} ", setting.flag());
            let file_flag = format!("--{} ", setting.file_flag());
            assert!(ran.out.contains(&file_flag), "{file_flag} in {}", ran.out);
            assert!(ran.out.contains(&setting.file_variable()), "{}", ran.out);
            let has_flag = ran.out.contains(&flag);
            assert_eq!(
                has_flag,
                setting.exposure != Exposure::Secret,
                "{flag} in {}",
                ran.out
            );
        }
        assert!(ran.out.contains("--env-file"), "{}", ran.out);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_program_can_be_asked_whether_it_is_ready() {
    let mut world = World::start(Engine::Sqlite).await;
    let address = format!("127.0.0.1:{}", e2e::free_port());
    world.start_web(&[("HEALTH_ADDR", address.clone())]).await;
    for (program, address) in [
        ("secure-secret-bot", world.bot().health_addr().await),
        ("secure-secret-web", address),
    ] {
        let ran = run(program, &["health", "--health-addr", &address], &[]).await;
        assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
        assert!(ran.out.starts_with("ready\n"), "{}", ran.out);
    }
    let ran = run(
        "secure-secret-web",
        &["health", "--health-addr", "127.0.0.1:9"],
        &[],
    )
    .await;
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(
        ran.err
            .contains("HEALTH_ADDR: nothing answers on 127.0.0.1:9"),
        "{}",
        ran.err
    );
    let ran = run("secure-secret-web", &["health"], &[]).await;
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    world.finish().await;
}
