//! No program leaves its memory in a core file, or lets others of its user look into it, wherever
//! it was started.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _},
        process::ExitStatusExt as _,
    },
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use e2e::{Keys, binary};
use rustix::process::{Pid, Signal, geteuid, kill_process};

/// Debian's `nobody`.
const NOBODY: u32 = 65534;

/// A command that may leave core files of any size, by a user who is not root: to root `/proc`
/// looks the same whatever a process does.
fn unlimited(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "ulimit -c unlimited; exec \"$@\"", "sh"]);
    if geteuid().is_root() {
        let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"];
        command.arg("setpriv").args(nobody);
    }
    command
        .args(words)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn user() -> u32 {
    if geteuid().is_root() {
        NOBODY
    } else {
        geteuid().as_raw()
    }
}

/// The limit of core files, soft and hard, and whose the files are that tell of a process: its
/// user's, or root's when nobody else may look.
fn seen(process: &Child) -> ([String; 2], u32) {
    let limits = format!("/proc/{}/limits", process.id());
    let text = fs::read_to_string(&limits).unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("Max core file size"));
    let mut words = line.unwrap().split_whitespace().map(str::to_owned);
    let limit = [words.next().unwrap(), words.next().unwrap()];
    (limit, fs::metadata(limits).unwrap().uid())
}

fn signal(process: &Child, signal: Signal) {
    let id = i32::try_from(process.id()).unwrap();
    kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
}

/// A database that a program connects to and never hears from.
fn silent_database() -> (String, mpsc::Receiver<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("mysql://u:p@{}/x", listener.local_addr().unwrap());
    let (arrived, arrivals) = mpsc::channel();
    thread::spawn(move || {
        for connection in listener.incoming() {
            if arrived.send(connection.unwrap()).is_err() {
                return;
            }
        }
    });
    (url, arrivals)
}

#[test]
fn a_program_that_dies_leaves_nothing_of_its_memory() {
    let folder = tempfile::tempdir().unwrap();
    let everybody = fs::Permissions::from_mode(0o777);
    fs::set_permissions(folder.path(), everybody).unwrap();

    // What the system gives a program that does nothing about it.
    let mut other = unlimited(folder.path(), &["sleep", "60"]).spawn().unwrap();
    let became_it =
        || fs::read_to_string(format!("/proc/{}/comm", other.id())).unwrap() == "sleep\n";
    while !became_it() {
        thread::yield_now();
    }
    let as_usual = ["unlimited".to_owned(), "unlimited".to_owned()];
    assert_eq!(seen(&other), (as_usual, user()));
    other.kill().unwrap();
    other.wait().unwrap();

    for (program, arguments) in [
        ("secure-secret-bot", &[][..]),
        ("secure-secret-web", &[]),
        ("secure-secret-migrate", &["up"]),
    ] {
        // Where that user may read it: what can't be read is not dumped anyway.
        let copy = folder.path().join(program);
        fs::copy(binary(program), &copy).unwrap();
        let (url, arrivals) = silent_database();
        let mut words = vec![copy.to_str().unwrap()];
        words.extend_from_slice(arguments);
        let mut command = unlimited(folder.path(), &words);
        command
            .env("DATABASE_URL", url)
            .env("FERNET_KEYS", Keys::key())
            .env("PUBLIC_BASE_URL", "https://secrets.example.org");
        if program == "secure-secret-bot" {
            command
                .env("DELIVERY_KEYS", Keys::key())
                .env("SLACK_APP_TOKEN", "xapp-1-simulator")
                .env("SLACK_BOT_TOKEN", "xoxb-simulator");
        }
        let mut process = command.spawn().unwrap();
        // It has read its settings by then.
        let connection = arrivals.recv_timeout(Duration::from_secs(30));
        connection.unwrap_or_else(|_| panic!("{program} did not begin: {:?}", process.try_wait()));
        signal(&process, Signal::STOP);
        let nothing = ["0".to_owned(), "0".to_owned()];
        assert_eq!(seen(&process), (nothing, 0), "{program}");
        signal(&process, Signal::ABORT);
        signal(&process, Signal::CONT);
        let ended = process.wait().unwrap();
        assert_eq!(ended.signal(), Some(Signal::ABORT.as_raw()), "{program}");
        assert!(!ended.core_dumped(), "{program}");
        fs::remove_file(copy).unwrap();
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert!(left.is_empty(), "{program}: {left:?}");
    }
}
