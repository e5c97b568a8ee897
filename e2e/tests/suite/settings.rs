//! Wrong settings stop a program at its start, all in one message.

use std::path::Path;

use e2e::{Account, Engine, Keys, Process, TestDatabase, binary, on_each_engine};

async fn run(program: &str, variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let output = tokio::process::Command::new(binary(program))
        .env_clear()
        .envs(variables.iter().copied())
        .output()
        .await
        .unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[tokio::test]
async fn missing_settings_are_all_named_at_once() {
    let (code, said) = run("secure-secret-bot", &[]).await;
    assert_eq!(code, Some(2), "{said}");
    for name in [
        "FERNET_KEYS",
        "DELIVERY_KEYS",
        "PUBLIC_BASE_URL",
        "SLACK_APP_TOKEN",
        "SLACK_BOT_TOKEN",
    ] {
        assert!(
            said.contains(&format!("{name} is missing. It should be: ")),
            "{said}"
        );
    }
    let (code, said) = run("secure-secret-web", &[]).await;
    assert_eq!(
        (code, said.matches("is missing").count()),
        (Some(2), 2),
        "{said}"
    );
}

#[tokio::test]
async fn malformed_settings_are_named_and_not_repeated() {
    let variables = [
        ("DATABASE_URL", "postgres://canary@host/db"),
        ("FERNET_KEYS", "canary"),
        ("DELIVERY_KEYS", "canary"),
        ("PUBLIC_BASE_URL", "http://canary.example.org"),
        ("SLACK_APP_TOKEN", "xoxb-canary"),
        ("SLACK_BOT_TOKEN", "canary"),
        ("SLACK_API_URL", "http://canary.example.org"),
        ("ALLOW_SELF", "canary"),
        ("CLEANUP_INTERVAL", "canary"),
        ("LOG_FORMAT", "canary"),
    ];
    let (code, said) = run("secure-secret-bot", &variables).await;
    assert_eq!(code, Some(2), "{said}");
    for (name, _) in variables {
        assert!(said.contains(&format!("\n  {name} ")), "{name} in {said}");
    }
    assert!(!said.contains("canary"), "{said}");
    let (code, said) = run(
        "secure-secret-web",
        &[
            ("LISTEN_ADDR", "0.0.0.0:80"),
            ("RATE_LIMIT", "x"),
            ("HSTS_INCLUDE_SUBDOMAINS", "x"),
        ],
    )
    .await;
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("TRUSTED_PROXIES")
            && said.contains("RATE_LIMIT")
            && said.contains("HSTS_INCLUDE_SUBDOMAINS is neither yes nor no"),
        "{said}"
    );
    let keys = Keys::key();
    let complete = [
        ("FERNET_KEYS", keys.as_str()),
        ("PUBLIC_BASE_URL", "http://127.0.0.1:8080"),
    ];
    for (more, expected) in [
        (
            &[("TLS_CERT", "/nowhere.pem")][..],
            "TLS_KEY is missing, though TLS_CERT is set",
        ),
        (
            &[("TLS_KEY", "/nowhere.pem")],
            "TLS_CERT is missing, though TLS_KEY is set",
        ),
        (
            &[("TLS_CERT", "/nowhere.pem"), ("TLS_KEY", "/nowhere.pem")],
            "TLS_CERT can't be read: No such file",
        ),
        (
            &[("REDIRECT_ADDR", "127.0.0.1:80")],
            "REDIRECT_ADDR sends browsers to https, which wants TLS_CERT",
        ),
        (
            &[("LISTEN_ADDR", "0.0.0.0:8080")],
            "LISTEN_ADDR would serve unencrypted pages",
        ),
        (
            &[("BRAND_ACCENT", "#ffcc00")],
            "BRAND_ACCENT has a contrast of only 1.5:1 with white; #",
        ),
        (&[("BRAND_ACCENT", "red")], "BRAND_ACCENT is not #rrggbb"),
        (
            &[("BRAND_LOGO", "/nowhere.png")],
            "BRAND_LOGO can't be read: No such file",
        ),
        (
            &[("BRAND_NAME", "two\nlines")],
            "BRAND_NAME is more than one line",
        ),
        (
            &[("DEFAULT_LANGUAGE", "de")],
            "DEFAULT_LANGUAGE is neither en nor fr",
        ),
        (&[("HEALTH_ADDR", "0.0.0.0:9090")], "HEALTH_ADDR"),
    ] {
        let variables = [&complete[..], more].concat();
        let (code, said) = run("secure-secret-web", &variables).await;
        assert_eq!(code, Some(2), "{expected}: {said}");
        assert!(said.contains(expected), "{expected} in {said}");
        assert_eq!(said.lines().count(), 2, "one mistake, one line: {said}");
    }
    let (code, said) = run("secure-secret-web", &[("TRUSTED_PROXIES", "0.0.0.0/0")]).await;
    assert!(
        code == Some(2) && said.contains("trusts everybody"),
        "{said}"
    );
}

#[tokio::test]
async fn unknown_flags_are_bad_usage() {
    for program in [
        "secure-secret-bot",
        "secure-secret-web",
        "secure-secret-migrate",
    ] {
        let output = std::process::Command::new(binary(program))
            .arg("--nonsense")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{program}");
    }
}

fn web_variables(database_url: String) -> Vec<(&'static str, String)> {
    vec![
        ("DATABASE_URL", database_url),
        ("FERNET_KEYS", Keys::key()),
        ("PUBLIC_BASE_URL", "https://s.example.org".to_owned()),
        ("LISTEN_ADDR", "127.0.0.1:0".to_owned()),
    ]
}

fn start_web(database_url: String, folder: &Path) -> Process {
    let variables = web_variables(database_url);
    Process::start("secure-secret-web", &[], &variables, &folder.join("log"))
}

on_each_engine! {
    async fn a_database_without_tables_says_how_to_make_them(engine) {
        let database = TestDatabase::empty(engine).await;
        let folder = tempfile::tempdir().unwrap();
        let mut web = start_web(database.url(Account::Migrate), folder.path());
        assert_eq!(web.exit_code().await, Some(1));
        assert!(web.output().contains("run `secure-secret-migrate up"), "{}", web.output());
        database.remove().await;
    }
}

#[tokio::test]
async fn a_database_that_is_not_there_yet_is_waited_for() {
    let database = TestDatabase::migrated(Engine::Sqlite).await;
    let main_file = database.main_file().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("later/test.db");
    let mut web = start_web(format!("sqlite://{}", file.display()), folder.path());
    web.line_with("no database there yet").await;
    std::fs::create_dir(folder.path().join("later")).unwrap();
    std::fs::write(&file, main_file).unwrap();
    web.line_with("listening").await;
    assert_eq!(web.stop().await, Some(0));
}
