//! `compose.yaml` and what belongs to it: valid, closed on every side, and what it runs does what
//! it should.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output},
};

use e2e::{OwnMySql, Process, binary, connect, free_port, mysql_client, project, tool};
use sea_orm::ConnectionTrait as _;
use serde_json::Value;
use shared::{
    crypto::{DeliveryKeys, MasterKeys},
    store::database_url::DatabaseUrl,
};
use tempfile::TempDir;

/// Which of our programs a service runs, and the secrets that it has.
const OURS: [(&str, &str, &[&str]); 4] = [
    (
        "migration",
        "secure-secret-migrate",
        &["database_url_migrate"],
    ),
    (
        "bot",
        "secure-secret-bot",
        &[
            "database_url_bot",
            "fernet_keys",
            "delivery_keys",
            "slack_app_token",
            "slack_bot_token",
            "https_proxy",
        ],
    ),
    (
        "reveal-web",
        "secure-secret-web",
        &["database_url_web", "fernet_keys"],
    ),
    (
        "reveal-web-tls",
        "secure-secret-web",
        &["database_url_web", "fernet_keys", "tls_cert", "tls_key"],
    ),
];

/// What never stands in an environment, but in a file.
const PRIVATE: [&str; 6] = [
    "DATABASE_URL",
    "FERNET_KEYS",
    "DELIVERY_KEYS",
    "SLACK_APP_TOKEN",
    "SLACK_BOT_TOKEN",
    "MYSQL_ROOT_PASSWORD",
];

/// The files that `make-secrets.sh` leaves empty.
const FILLED_BY_HAND: [&str; 5] = [
    "https_proxy",
    "slack_app_token",
    "slack_bot_token",
    "tls_cert.pem",
    "tls_key.pem",
];

fn text(output: &Output) -> String {
    let said = [&output.stdout, &output.stderr].map(|said| String::from_utf8_lossy(said));
    said.concat()
}

/// Who may do what with a file.
fn rights(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Docker Compose reads `compose.yaml` with a file in `.env`'s place.
fn compose(env_file: &Path, arguments: &[&str]) -> Output {
    read_by_compose("compose.yaml", env_file, arguments)
}

fn read_by_compose(file: &str, env_file: &Path, arguments: &[&str]) -> Output {
    Command::new(tool("DOCKER_COMPOSE"))
        .args(["--file", file, "--env-file"])
        .arg(env_file)
        .args(arguments)
        .current_dir(project())
        .env_clear()
        .env("HOME", env!("CARGO_TARGET_TMPDIR"))
        .output()
        .unwrap()
}

/// Everything in `compose.yaml`, of all profiles, as Docker Compose understands it.
fn everything() -> Value {
    let example = project().join("deploy/compose.env.example");
    let config = ["--profile", "*", "config", "--format", "json"];
    let output = compose(&example, &config);
    assert!(output.status.success(), "{}", text(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn services(model: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let services = model["services"].as_object().unwrap();
    services
        .iter()
        .map(|(name, service)| (name.as_str(), service))
}

fn names(list: &Value) -> BTreeSet<&str> {
    match list {
        Value::Object(map) => map.keys().map(String::as_str).collect(),
        Value::Array(list) => list
            .iter()
            .map(|item| item["source"].as_str().or(item.as_str()).unwrap())
            .collect(),
        _ => BTreeSet::new(),
    }
}

fn variables(service: &Value) -> impl Iterator<Item = (&str, &str)> {
    let variables = service["environment"].as_object().into_iter().flatten();
    variables.map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()))
}

#[test]
fn files_for_others_programs_follow_their_schemas() {
    for (schema, file) in [
        ("vendor.compose-spec", "compose.yaml"),
        ("vendor.compose-spec", "compose.demo.yaml"),
        ("vendor.github-workflows", ".github/workflows/ci.yml"),
    ] {
        let output = Command::new(tool("CHECK_JSONSCHEMA_PYTHON"))
            .args(["-m", "check_jsonschema", "--builtin-schema", schema, file])
            .current_dir(project())
            .output()
            .unwrap();
        assert!(output.status.success(), "{file}: {}", text(&output));
    }
}

#[test]
fn a_profile_has_its_services_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let env_file = folder.path().join(".env");
    for (profile, more) in [
        ("tls", &["reveal-web-tls"][..]),
        ("proxy", &["reveal-web", "proxy"]),
    ] {
        let url = "PUBLIC_BASE_URL=https://secrets.example.org";
        fs::write(&env_file, format!("{url}\nCOMPOSE_PROFILES={profile}\n")).unwrap();
        let output = compose(&env_file, &["config", "--services"]);
        let said = String::from_utf8(output.stdout).unwrap();
        let found: BTreeSet<_> = said.lines().collect();
        let expected = ["mysql", "migration", "bot"].iter().chain(more);
        assert_eq!(found, expected.copied().collect(), "{profile}");
    }
    fs::write(&env_file, "COMPOSE_PROFILES=tls\n").unwrap();
    let output = compose(&env_file, &["config"]);
    assert!(!output.status.success());
    assert!(text(&output).contains("PUBLIC_BASE_URL is missing a value: set it in .env"));
}

/// Those without Rust run the README's own command, in the image that the programs are built in
/// elsewhere.
#[test]
fn the_demonstration_is_the_readmes_command() {
    let config = ["config", "--format", "json"];
    let output = read_by_compose("compose.demo.yaml", Path::new("/dev/null"), &config);
    assert!(output.status.success(), "{}", text(&output));
    let model: Value = serde_json::from_slice(&output.stdout).unwrap();
    let demo = &model["services"]["demo"];
    let words = demo["command"].as_array().unwrap().iter();
    let command: Vec<_> = words.map(|word| word.as_str().unwrap()).collect();
    let readme = fs::read_to_string(project().join("README.md")).unwrap();
    assert!(
        readme.contains(&format!("\n    {}\n", command.join(" "))),
        "{command:?}"
    );
    let built_in = fs::read_to_string(project().join("deploy/Dockerfile")).unwrap();
    let image = demo["image"].as_str().unwrap();
    assert!(
        built_in.contains(&format!("FROM {image} AS build")),
        "{image}"
    );
    // It can change nothing here, and what listens on loopback alone can be reached.
    assert_eq!(
        (demo["read_only"].as_bool(), demo["network_mode"].as_str()),
        (Some(true), Some("host"))
    );
    let mounts = demo["volumes"].as_array().unwrap();
    let binds = mounts.iter().filter(|mount| mount["type"] == "bind");
    assert!(
        binds
            .map(|bind| &bind["read_only"])
            .eq([&Value::Bool(true)])
    );
}

#[test]
fn every_container_is_closed_and_bounded() {
    let model = everything();
    for (name, service) in services(&model) {
        let one_shot = name == "migration";
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(service["cap_drop"], serde_json::json!(["ALL"]), "{name}");
        let options = names(&service["security_opt"]);
        assert!(options.contains("no-new-privileges:true"), "{name}");
        for forbidden in ["privileged", "pid", "ipc", "devices", "userns_mode"] {
            assert!(service.get(forbidden).is_none(), "{name}: {forbidden}");
        }
        let added = names(&service["cap_add"]);
        let allowed: &[&str] = match name {
            "proxy" => &["NET_BIND_SERVICE"],
            _ => &[],
        };
        assert_eq!(added, allowed.iter().copied().collect(), "{name}");
        let (user, group) = service["user"].as_str().unwrap().split_once(':').unwrap();
        for number in [user, group] {
            assert!(number.parse::<u32>().unwrap() > 0, "{name} runs as root");
        }
        let limits = &service["deploy"]["resources"]["limits"];
        for limit in ["cpus", "memory", "pids"] {
            assert!(!limits[limit].is_null(), "{name} has no limit of {limit}");
        }
        assert_eq!(service["memswap_limit"], limits["memory"], "{name} swaps");
        // Nothing in it is nothing of it.
        let core = &service["ulimits"]["core"];
        assert_eq!(core, &serde_json::json!({}), "{name} dumps");
        let logging = &service["logging"];
        assert_eq!(logging["driver"], "local", "{name}");
        for cap in ["max-size", "max-file"] {
            assert!(logging["options"][cap].is_string(), "{name}: {cap}");
        }
        assert!(service["stop_grace_period"].is_string(), "{name}");
        let restart = if one_shot { "no" } else { "unless-stopped" };
        assert_eq!(service["restart"], restart, "{name}");
        assert_eq!(service["healthcheck"].is_null(), one_shot, "{name}");
        let (_, version) = service["image"].as_str().unwrap().rsplit_once(':').unwrap();
        assert!(
            version.split('.').count() >= 2
                && version.split('.').all(|part| part.parse::<u32>().is_ok()),
            "{name} is of any version"
        );
    }
}

#[test]
fn nothing_is_on_a_network_that_it_does_not_need() {
    let model = everything();
    for (name, service) in services(&model) {
        let (networks, publishes): (&[&str], _) = match name {
            "mysql" | "migration" => (&[], false),
            "bot" => (&["egress"], false),
            "reveal-web" => (&["inside"], false),
            "reveal-web-tls" => (&["front"], true),
            "proxy" => (&["front", "inside"], true),
            _ => panic!("{name} is new: on which networks may it be?"),
        };
        let found = names(&service["networks"]);
        assert_eq!(found, networks.iter().copied().collect(), "{name}");
        let mode = &service["network_mode"];
        let expected = networks.is_empty().then_some("none");
        assert_eq!(mode.as_str(), expected, "{name}");
        assert_eq!(service["ports"].is_array(), publishes, "{name}");
    }
    let networks = &model["networks"];
    assert_eq!(networks["inside"]["internal"], true);
    let masquerade = "com.docker.network.bridge.enable_ip_masquerade";
    assert_eq!(networks["front"]["driver_opts"][masquerade], "false");
    // What reveal-web believes is that network and nothing more.
    assert_eq!(
        model["services"]["reveal-web"]["environment"]["TRUSTED_PROXIES"],
        networks["inside"]["ipam"]["config"][0]["subnet"]
    );
    let command = names(&model["services"]["mysql"]["command"]);
    for option in [
        "--skip-networking",
        "--mysqlx=OFF",
        "--secure-file-priv=NULL",
        "--disable-log-bin",
        "--binlog-row-image=MINIMAL",
    ] {
        assert!(command.contains(option), "{option}");
    }
}

#[test]
fn what_is_private_is_in_files_that_only_those_have_who_need_it() {
    let model = everything();
    for (name, service) in services(&model) {
        let given = names(&service["secrets"]);
        for (variable, value) in variables(service) {
            assert!(!PRIVATE.contains(&variable), "{name}: {variable}");
            if variable.ends_with("_FILE") && !value.is_empty() {
                assert!(value.starts_with("/run/secrets/"), "{name}: {variable}");
            }
            if let Some(secret) = value.strip_prefix("/run/secrets/") {
                assert!(given.contains(secret), "{name} has no {secret}");
            }
        }
        if let Some((_, _, secrets)) = OURS.iter().find(|(ours, ..)| *ours == name) {
            assert_eq!(given, secrets.iter().copied().collect(), "{name}");
        }
    }
    let given: BTreeSet<_> = services(&model)
        .flat_map(|(_, service)| names(&service["secrets"]))
        .collect();
    assert_eq!(given, names(&model["secrets"]), "all of them are used");
}

#[test]
fn every_variable_of_our_programs_is_a_setting_of_theirs() {
    let model = everything();
    for (name, program, _) in OURS {
        let mut help = Command::new(binary(program));
        if name == "migration" {
            help.arg("up");
        }
        let help = text(&help.arg("--help").output().unwrap());
        for (variable, _) in variables(&model["services"][name]) {
            let flag = format!("--{} ", variable.to_lowercase().replace('_', "-"));
            assert!(help.contains(&flag), "{name}: {variable} in {help}");
        }
    }
}

#[test]
fn the_example_names_every_value_that_can_be_given() {
    let read = |path: &str| fs::read_to_string(project().join(path)).unwrap();
    let (yaml, example) = (read("compose.yaml"), read("deploy/compose.env.example"));
    let asked: BTreeSet<_> = yaml
        .split("${")
        .skip(1)
        .map(|rest| rest.split([':', '}']).next().unwrap())
        // They say what was built, and not how it runs.
        .filter(|name| !["REVISION", "SOURCE_DATE_EPOCH"].contains(name))
        .collect();
    let named: BTreeSet<_> = example
        .lines()
        .filter_map(|line| line.trim_start_matches('#').split_once('='))
        .map(|(name, _)| name)
        .filter(|name| *name != "COMPOSE_PROFILES")
        .collect();
    assert_eq!(asked, named);
}

#[test]
fn shell_scripts_have_no_known_pitfalls() {
    let deploy = project().join("deploy");
    for script in [
        "make-secrets.sh",
        "mysql/accounts.sh",
        "mysql/healthcheck.sh",
    ] {
        let path = deploy.join(script);
        assert_eq!(rights(&path) & 0o111, 0o111, "{script}");
        let output = Command::new(tool("SHELLCHECK")).arg(path).output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
    }
}

/// A folder in which `make-secrets.sh` ran.
struct Installed(TempDir);

impl Installed {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let from = project().join("deploy");
        let to = folder.path().join("deploy");
        let copied = Command::new("cp").arg("-r").args([from, to]).status();
        assert!(copied.unwrap().success());
        let installed = Self(folder);
        installed.make_secrets();
        installed
    }

    fn make_secrets(&self) -> String {
        let script = self.0.path().join("deploy/make-secrets.sh");
        let output = Command::new("/bin/sh").arg(script).output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
        text(&output)
    }

    fn secret(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join("secrets").join(name)).unwrap()
    }

    fn all(&self) -> Vec<(String, String)> {
        let files = fs::read_dir(self.0.path().join("secrets")).unwrap();
        let mut all: Vec<_> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .map(|name| (name.clone(), self.secret(&name)))
            .collect();
        all.sort();
        all
    }

    /// `accounts.sh` with a program in the MySQL client's place; what it was given as arguments.
    fn accounts(&self, client: &str, socket: &str, root_password: &str) -> (Output, String) {
        let programs = self.0.path().join("bin");
        fs::create_dir_all(&programs).unwrap();
        let said = self.0.path().join("arguments");
        let wrapper = format!("#!/bin/sh\necho \"$*\" >{}\n{client}\n", said.display());
        fs::write(programs.join("mysql"), wrapper).unwrap();
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(programs.join("mysql"), executable).unwrap();
        let output = Command::new(self.0.path().join("deploy/mysql/accounts.sh"))
            .env("PATH", format!("{}:/usr/bin:/bin", programs.display()))
            .env("SECRETS_DIR", self.0.path().join("secrets"))
            .env("MYSQL_SOCKET", socket)
            .env("MYSQL_ROOT_PASSWORD", root_password)
            .output()
            .unwrap();
        (output, fs::read_to_string(said).unwrap_or_default())
    }
}

#[test]
fn secrets_are_made_once_and_fit() {
    let installed = Installed::new();
    let made = installed.all();
    for (name, value) in &made {
        let file = installed.0.path().join("secrets").join(name);
        // What is empty is the operator's to fill.
        let fills = FILLED_BY_HAND.contains(&name.as_str());
        assert_eq!(value.is_empty(), fills, "{name}");
        let expected = if fills { 0o644 } else { 0o444 };
        assert_eq!(rights(&file), expected, "{name}");
    }
    assert_eq!(rights(&installed.0.path().join("secrets")), 0o700);
    let master = MasterKeys::parse(&installed.secret("fernet_keys").into()).unwrap();
    let delivery = DeliveryKeys::parse(&installed.secret("delivery_keys").into()).unwrap();
    delivery.check_apart_from(&master).unwrap();
    for account in ["migrate", "bot", "web"] {
        let url = installed.secret(&format!("database_url_{account}"));
        DatabaseUrl::parse(&url).unwrap();
        let password = installed.secret(&format!("mysql_password_{account}"));
        let begin = format!("mysql://{account}:{password}@localhost/secure_secret?");
        assert!(url.starts_with(&begin));
    }
    let values: BTreeSet<_> = made.iter().map(|(_, value)| value).collect();
    let made_up = made.len() - FILLED_BY_HAND.len();
    assert_eq!(values.len(), made_up + 1, "no two are the same");

    let token = installed.0.path().join("secrets/slack_bot_token");
    fs::write(&token, "xoxb-1\n").unwrap();
    let said = installed.make_secrets();
    assert!(said.contains("secrets/"), "{said}");
    assert!(said.contains("slack_app_token tls_cert.pem tls_key.pem"));
    assert!(!said.contains("made"), "{said}");
    for (name, value) in made.iter().filter(|(name, _)| name != "slack_bot_token") {
        assert_eq!(installed.secret(name), *value, "{name}");
        assert!(value.is_empty() || !said.contains(value), "{name}");
    }
    assert_eq!(installed.secret("slack_bot_token"), "xoxb-1\n");
}

/// The statements of a script, without its comments.
fn statements(script: &str) -> Vec<&str> {
    script
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("--"))
        .collect()
}

#[test]
fn the_accounts_are_those_that_the_command_prints() {
    let installed = Installed::new();
    for account in ["migrate", "bot", "web"] {
        let file = installed
            .0
            .path()
            .join(format!("secrets/mysql_password_{account}"));
        fs::remove_file(&file).unwrap();
        fs::write(file, format!("<password of {account}>")).unwrap();
    }
    let (output, _) = installed.accounts("cat", "/nowhere", "");
    assert!(output.status.success(), "{}", text(&output));
    let printed = Command::new(binary("secure-secret-migrate"))
        .args(["accounts", "--host", "localhost"])
        .output()
        .unwrap();
    let [ours, printed] = [output, printed].map(|output| text(&output));
    assert_eq!(statements(&ours), statements(&printed));
    assert_eq!(statements(&ours).len(), 5, "{ours}");

    let odd = installed.0.path().join("secrets/mysql_password_web");
    fs::write(&odd, "o'x\\").unwrap();
    let (output, _) = installed.accounts("cat", "/nowhere", "");
    assert!(text(&output).contains(r"IDENTIFIED BY 'o\'x\\';"));
    fs::remove_file(odd).unwrap();
    let (output, _) = installed.accounts("cat", "/nowhere", "");
    assert!(!output.status.success(), "a password is missing");
    assert!(!text(&output).contains("CREATE"), "{}", text(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_real_server_the_accounts_can_do_their_work() {
    let server = OwnMySql::start(&["--disable-log-bin", "--binlog-row-image=MINIMAL"]).await;
    let (_, socket) = server.url().split_once("socket=").map(owned).unwrap();
    let admin = connect(&server.url()).await;
    let root = "ALTER USER 'root'@'localhost' IDENTIFIED BY 'canary-of-root'";
    admin.execute_unprepared(root).await.unwrap();
    admin.close().await.unwrap();

    let installed = Installed::new();
    let client = format!("exec {} \"$@\"", mysql_client().join(" "));
    let (output, arguments) = installed.accounts(&client, &socket, "canary-of-root");
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    let passwords = installed.all();
    let passwords = passwords
        .iter()
        .filter(|(name, _)| name.contains("password"));
    for canary in passwords
        .map(|(_, value)| value.as_str())
        .chain(["canary-of-root"])
    {
        assert!(!said.contains(canary) && !arguments.contains(canary));
    }

    let url = |account: &str| {
        let url = installed.secret(&format!("database_url_{account}"));
        url.replace("/run/mysqld/mysqld.sock", &socket)
    };
    let up = Command::new(binary("secure-secret-migrate"))
        .args(["up", "--grant", "--host", "localhost"])
        .env_clear()
        .env("DATABASE_URL", url("migrate"))
        .output()
        .unwrap();
    assert!(up.status.success(), "{}", text(&up));

    let folder = tempfile::tempdir().unwrap();
    let variables = [
        ("DATABASE_URL", url("web")),
        ("FERNET_KEYS", installed.secret("fernet_keys")),
        ("PUBLIC_BASE_URL", "http://localhost:8080".to_owned()),
        ("LISTEN_ADDR", format!("127.0.0.1:{}", free_port())),
    ];
    let log = folder.path().join("log");
    let mut web = Process::start("secure-secret-web", &[], &variables, &log);
    web.line_with("listening").await;
    assert_eq!(web.stop().await, Some(0));
}

fn owned((before, after): (&str, &str)) -> (String, String) {
    (before.to_owned(), after.to_owned())
}
