//! Who may read an SQLite database: its owner, whatever the umask; and whoever it was opened to is
//! told.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use e2e::{Account, Engine, Keys, Process, World, binary, free_port};

/// The files of a folder with what everybody may do with each.
fn files(folder: &Path) -> Vec<(String, u32)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|file| {
            let file = file.unwrap();
            let mode = file.metadata().unwrap().permissions().mode() & 0o777;
            (file.file_name().into_string().unwrap(), mode)
        })
        .collect();
    files.sort();
    files
}

/// A database was made in this folder, and nothing in there is anybody's but its owner's.
fn assert_made(folder: &Path, name: &str) {
    let files = files(folder);
    assert!(files.iter().any(|(file, _)| file == name), "{files:?}");
    assert!(files.iter().all(|(_, mode)| *mode == 0o600), "{files:?}");
}

fn url(file: &Path) -> String {
    format!("sqlite://{}?mode=rwc", file.display())
}

/// A program's command under an umask, with just this database.
fn command(umask: &str, program: &str, arguments: &[&str], file: &Path) -> Command {
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", &format!("umask {umask}; exec \"$0\" \"$@\"")])
        .arg(binary(program))
        .args(arguments)
        .env_clear()
        .env("DATABASE_URL", url(file));
    command
}

fn said(output: &Output) -> String {
    let said = [&output.stdout, &output.stderr].map(|said| String::from_utf8_lossy(said));
    said.concat()
}

fn set_mode(file: &Path, mode: u32) {
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
}

/// The variables of a reveal-web with this database.
fn of_web(file: &Path) -> Vec<(&'static str, String)> {
    vec![
        ("DATABASE_URL", url(file)),
        ("FERNET_KEYS", Keys::key()),
        ("PUBLIC_BASE_URL", "http://127.0.0.1:1".to_owned()),
        ("LISTEN_ADDR", format!("127.0.0.1:{}", free_port())),
    ]
}

#[tokio::test]
async fn whatever_makes_it_makes_it_for_its_owner() {
    for umask in ["000", "022", "027", "077"] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a b.db");
        let mut up = command(umask, "secure-secret-migrate", &["up"], &file);
        up.env("DATABASE_URL", url(&folder.path().join("a%20b.db")));
        let output = up.output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        assert!(!said(&output).contains("warning"), "{}", said(&output));
        assert_made(folder.path(), "a b.db");

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("b.db");
        // There are no tables yet, which only shows once the file is there.
        let audit = ["audit", "list"];
        let mut list = command(umask, "secure-secret-bot", &audit, &file);
        let output = list.output().unwrap();
        assert!(said(&output).contains("tables are missing"));
        let mut serve = command(umask, "secure-secret-web", &[], &folder.path().join("w.db"));
        serve.envs(of_web(&folder.path().join("w.db")));
        let output = serve.output().unwrap();
        assert!(said(&output).contains("tables are missing"));
        assert_made(folder.path(), "b.db");
        assert_made(folder.path(), "w.db");
    }
}

/// With a bot and a reveal-web at work on it there are a write-ahead log and its index too.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_beside_it_while_programs_run_is_its_owners_too() {
    let mut world = World::start(Engine::Sqlite).await;
    let submission = e2e::Submission {
        secret: "hunter2-canary",
        ..e2e::Submission::default()
    };
    world.alice_sends_bob(submission).await;
    let folder = folder_of(&world);
    for name in ["test.db", "test.db-shm", "test.db-wal"] {
        assert_made(&folder, name);
    }
    assert!(!world.logs().contains("others than their owner"));
    world.finish().await;
}

fn folder_of(world: &World) -> PathBuf {
    let url = world.database.url(Account::Migrate);
    let path = url.strip_prefix("sqlite://").unwrap();
    let (path, _) = path.split_once('?').unwrap();
    Path::new(path).parent().unwrap().to_owned()
}

#[tokio::test]
async fn a_file_that_others_may_read_is_left_so_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.db");
    let migrate = |what| {
        let output = command("022", "secure-secret-migrate", &[what], &file).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", said(&output));
        String::from_utf8(output.stderr).unwrap()
    };
    assert_eq!(migrate("up"), "");
    for mode in [0o644, 0o640, 0o602] {
        // What a program that has ended left beside it holds data too.
        for (name, _) in files(folder.path()) {
            set_mode(&folder.path().join(name), mode);
        }
        let advice = "chmod 600 them, and run all programs as that owner";
        let warning = format!(
            "warning: others than their owner can read or change the database's files {}",
            file.display()
        );
        let told = migrate("status");
        assert!(told.contains(&warning) && told.contains(advice), "{told}");
        let mut list = command(
            "022",
            "secure-secret-bot",
            &["audit", "list", "--json"],
            &file,
        );
        let output = list.output().unwrap();
        assert_eq!(output.stdout, b"", "standard output is for the trail");
        assert!(said(&output).contains(&warning), "{}", said(&output));

        let mut doctor = command("022", "secure-secret-web", &["doctor"], &file);
        let output = doctor.envs(of_web(&file)).output().unwrap();
        let told = said(&output);
        let finding = "WARNING  database files    others than their owner can read or change them";
        assert!(told.contains(finding), "{told}");
        assert!(
            told.contains(&format!("do: chmod 600 {}", file.display())),
            "{told}"
        );

        let log = folder.path().join("web.log");
        let mut web = Process::start("secure-secret-web", &[], &of_web(&file), &log);
        let line = web
            .line_with("others than their owner can read or change the database's files")
            .await;
        assert!(line.contains("WARN") && line.contains(advice), "{line}");
        let path = file.display().to_string();
        assert!(line.contains(&path), "{line}");
        web.line_with("listening").await;
        assert_eq!(web.stop().await, Some(0));
        fs::remove_file(log).unwrap();
        for (name, found) in files(folder.path()) {
            assert_eq!(found, mode, "{name}");
        }
    }
    // What the warning names is what has to be mended.
    let told = migrate("status");
    let (_, named) = told.split_once("database's files ").unwrap();
    let (named, _) = named.split_once(": chmod").unwrap();
    // The last to end may have taken the others away.
    for file in named.split(' ').map(Path::new).filter(|file| file.exists()) {
        set_mode(file, 0o600);
    }
    assert_eq!(migrate("status"), "");
}
