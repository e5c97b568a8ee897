//! The units in `deploy/systemd`: systemd understands them, they leave the services little, and
//! each service has its own.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use e2e::binary;
use shared::operate::lifecycle::EXIT_USAGE;

/// Of `systemd-analyze security`, in tenths: 100 is a service with all that root has.
const EXPOSURE: &str = "--threshold=15";

const UNITS: [&str; 3] = [
    "secure-secret-bot",
    "secure-secret-web",
    "secure-secret-migrate",
];

fn units() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/systemd")
}

/// A root folder with the units, systemd's own, and something where the programs would be.
fn root() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (from, to) in [
        (units(), "etc/systemd/system"),
        ("/lib/systemd/system".into(), "usr/lib/systemd/system"),
    ] {
        let to = root.path().join(to);
        fs::create_dir_all(&to).unwrap();
        let copied = Command::new("cp")
            .arg("-a")
            .arg(from.join("."))
            .arg(to)
            .status();
        assert!(copied.unwrap().success());
    }
    let programs = root.path().join("usr/local/bin");
    fs::create_dir_all(&programs).unwrap();
    for unit in UNITS {
        fs::copy("/bin/true", programs.join(unit)).unwrap();
    }
    root
}

fn analyze(root: &Path, arguments: &[&str]) -> Output {
    Command::new("systemd-analyze")
        .args(["--no-pager", &format!("--root={}", root.display())])
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn systemd_understands_them_and_finds_them_hard_to_misuse() {
    let root = root();
    for unit in UNITS.map(|unit| format!("{unit}.service")) {
        let verified = analyze(root.path(), &["verify", &unit]);
        let said = String::from_utf8_lossy(&verified.stderr);
        assert!(verified.status.success() && said.is_empty(), "{said}");
        let security = ["security", "--offline=true", EXPOSURE, &unit];
        let security = analyze(root.path(), &security);
        let said = String::from_utf8_lossy(&security.stdout);
        assert!(said.contains("Overall exposure level"), "{said}");
        assert!(security.status.success(), "{said}");
    }
}

/// What a unit and its settings say.
struct Unit {
    program: &'static str,
    lines: Vec<String>,
}

impl Unit {
    fn read(program: &'static str) -> Self {
        let files = [
            format!("{program}.service"),
            format!("{program}.service.d/settings.conf"),
        ];
        let text = files.map(|file| fs::read_to_string(units().join(file)).unwrap());
        let lines = text.iter().flat_map(|text| text.lines().map(str::to_owned));
        Self {
            program,
            lines: lines.collect(),
        }
    }

    fn values(&self, directive: &str) -> Vec<&str> {
        let values = self.lines.iter().filter_map(|line| {
            let (name, value) = line.split_once('=')?;
            (name == directive).then_some(value)
        });
        values.collect()
    }

    /// The setting that is read from each credential.
    fn secrets(&self) -> BTreeSet<(&str, &str)> {
        let named = self.values("Environment").into_iter().map(|variable| {
            let (name, path) = variable.split_once('=').unwrap();
            (name, path.strip_prefix("%d/").unwrap())
        });
        named.collect()
    }
}

#[test]
fn each_service_has_its_own_secrets_and_no_others() {
    let secrets = |program| {
        let unit = Unit::read(program);
        let help = Command::new(binary(program))
            .arg("--help")
            .output()
            .unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        let mut credentials = BTreeSet::new();
        for credential in unit.values("LoadCredential") {
            let (name, path) = credential.split_once(':').unwrap();
            assert!(
                path.starts_with("/etc/secure-secret/credentials/"),
                "{path}"
            );
            credentials.insert(name.to_owned());
        }
        let mut names = BTreeSet::new();
        for (variable, credential) in unit.secrets() {
            assert!(credentials.remove(credential), "{credential}");
            let flag = variable.to_lowercase().replace('_', "-");
            // Migrate takes its settings after a subcommand.
            if unit.program != "secure-secret-migrate" {
                assert!(help.contains(&format!("--{flag} ")), "{flag}");
            }
            names.insert(variable.to_owned());
        }
        assert!(credentials.is_empty(), "{credentials:?} go nowhere");
        names
    };
    let names = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect();
    let bot: BTreeSet<String> = names(&[
        "DATABASE_URL_FILE",
        "FERNET_KEYS_FILE",
        "DELIVERY_KEYS_FILE",
        "SLACK_APP_TOKEN_FILE",
        "SLACK_BOT_TOKEN_FILE",
    ]);
    let web: BTreeSet<String> = names(&["DATABASE_URL_FILE", "FERNET_KEYS_FILE"]);
    let migrate: BTreeSet<String> = names(&["DATABASE_URL_FILE"]);
    assert_eq!(UNITS.map(secrets), [bot, web, migrate]);
}

#[test]
fn services_share_neither_users_nor_accounts() {
    let units = UNITS.map(Unit::read);
    let different = |of: fn(&Unit) -> String| units.iter().map(of).collect::<BTreeSet<_>>().len();
    assert_eq!(different(|unit| unit.values("User").join(" ")), 3);
    let account = |unit: &Unit| {
        let credentials = unit.values("LoadCredential").into_iter();
        let database = credentials.filter(|file| file.starts_with("database_url:"));
        database.collect()
    };
    assert_eq!(different(account), 3);
}

/// The programs switch core dumps off themselves; swap is the unit's to forbid.
#[test]
fn memory_stays_memory() {
    let all = "secure-secret-.service.d/hardening.conf";
    let all = fs::read_to_string(units().join(all)).unwrap();
    for line in ["LimitCORE=0", "MemorySwapMax=0"] {
        assert!(all.lines().any(|found| found == line), "{line}");
    }
    for program in UNITS {
        let unit = Unit::read(program);
        assert_eq!(unit.values("MemoryMax").len(), 1, "{program}");
        for directive in ["LimitCORE", "MemorySwapMax"] {
            assert!(unit.values(directive).is_empty(), "{program}: {directive}");
        }
    }
}

#[test]
fn settings_that_do_not_fit_are_not_tried_again() {
    for program in ["secure-secret-bot", "secure-secret-web"] {
        let unit = Unit::read(program);
        assert_eq!(unit.values("Restart"), ["on-failure"]);
        let codes = unit.values("RestartPreventExitStatus");
        assert_eq!(codes, [EXIT_USAGE.to_string()]);
    }
}

/// What a process of reveal-web may have open is what it makes its places by; the log would tell of
/// fewer.
#[test]
fn reveal_web_may_have_all_its_connections() {
    let web = Unit::read("secure-secret-web");
    let limit: u32 = web.values("LimitNOFILE").concat().parse().unwrap();
    assert!(limit >= 2048 + 128, "{limit}");
    let compose = fs::read_to_string(e2e::project().join("compose.yaml")).unwrap();
    let limits = compose.matches("nofile: ").count();
    let large = compose.matches("nofile: 8192").count();
    assert_eq!((limits, large), (2, 2), "our programs', and Caddy's");
    // And the memory that they may take.
    assert_eq!(web.values("MemoryMax"), ["512M"]);
    assert_eq!(compose.matches("memory: 512m").count(), 1);
}

#[test]
fn the_operators_commands_run_under_their_services_settings() {
    for program in UNITS {
        let own = units().join(format!("{program}.service.d/settings.conf"));
        let of_commands = units().join(format!("{program}-.service.d/settings.conf"));
        let resolved = fs::canonicalize(of_commands).unwrap();
        assert_eq!(resolved, fs::canonicalize(own).unwrap());
    }
}
