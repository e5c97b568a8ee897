//! `cargo xtask guide`: follows docs/install-debian.md to the letter on a fresh Debian that boots
//! systemd, and compares every output that the guide shows with the real one.
//!
//! Around the guide stands what an operator brings along: a checkout with built programs, a MySQL
//! server that is reached over TLS, its administrator's access, and certificates of an authority.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool"
)]

mod certificates;
mod machine;
mod markdown;
mod masks;
mod root;
mod shell;

use std::{
    fs,
    path::Path,
    process::{Command, ExitCode},
    sync::atomic::AtomicBool,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use clap::Parser;
use tempfile::TempDir;

use self::{
    certificates::Authority,
    machine::Machine,
    markdown::{Output, Step},
    masks::Masks,
    shell::Shell,
};
use xtask::{
    cargo::{self, binaries, succeed, workspace},
    debian,
    mysql::{self, Listening},
    processes,
};

const GUIDE: &str = "docs/install-debian.md";

/// Packages, packages' programs, and what the machine needs of each.
const NEEDED: [(&str, &str); 4] = [
    ("debootstrap", "debootstrap"),
    ("systemd-container", "systemd-nspawn"),
    ("iproute2", "ip"),
    ("dpkg-dev", "dpkg-scanpackages"),
];

/// How the programs are built.
const PROFILE: &str = "guide";

const PROGRAMS: [&str; 4] = [
    "secure-secret-bot",
    "secure-secret-web",
    "secure-secret-migrate",
    "slack-sim",
];

/// Follows the install guide on a fresh Debian, and compares every output in it
#[derive(Parser)]
#[command(name = "guide")]
struct CommandLine {
    /// Writes what was really printed into the guide
    #[arg(long)]
    write: bool,
    #[arg(long, hide = true)]
    built: bool,
}

fn main() -> ExitCode {
    let CommandLine { write, built } = CommandLine::parse();
    let done = if built { run_built(write) } else { run(write) };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Follows the guide; with `write`, outputs that are no longer real are replaced in it.
fn run(write: bool) -> anyhow::Result<()> {
    succeed(cargo::cargo().args(["build", "--profile", PROFILE, "--locked"]))?;
    if debian::is_root() {
        run_built(write)
    } else {
        run_as_root(write)
    }
}

/// Booting a machine is root's: this program calls itself by `sudo`, without building again.
fn run_as_root(write: bool) -> anyhow::Result<()> {
    println!("booting a machine needs root: going on by sudo");
    let mut again = Command::new("sudo");
    again
        .args(["--non-interactive", "--preserve-env"])
        .arg(std::env::current_exe()?)
        .arg("--built");
    if write {
        again.arg("--write");
    }
    succeed(&mut again).context("please run this as root, or let sudo do so without a password")
}

/// The same with programs that are built, as root.
fn run_built(write: bool) -> anyhow::Result<()> {
    let stop = processes::stop_flag()?;
    provide_tools()?;
    machine::check()?;
    let path = workspace().join(GUIDE);
    let guide = fs::read_to_string(&path)?;
    let steps = markdown::steps(&guide).context(GUIDE)?;
    let root = root::provide(&markdown::packages(&steps))?;
    let begun = Instant::now();
    let clone = clone()?;
    let folder = tempfile::tempdir()?;
    let machine = Machine::boot(&root, clone.path(), &folder.path().join("boot.log"))?;
    let _database = bring_along(&machine, folder.path())?;
    let outcome = follow(&steps, &mut machine.shell()?, &stop)?;
    if write {
        fs::write(&path, markdown::with_outputs(&guide, &outcome.differences))?;
    }
    outcome.report(begun.elapsed(), write)
}

fn provide_tools() -> anyhow::Result<()> {
    let missing = NEEDED.iter().filter(|(_, program)| {
        let elsewhere = Path::new("/usr/sbin").join(program);
        debian::on_path(program).is_none() && !elsewhere.is_file()
    });
    let missing: Vec<_> = missing.map(|(package, _)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    debian::install(&missing)
}

/// What the guide uses of a checkout, with this checkout's programs where a release build puts
/// them.
fn clone() -> anyhow::Result<TempDir> {
    let clone = tempfile::Builder::new()
        .prefix("secure-secret-guide-")
        .tempdir()?;
    succeed(
        Command::new("cp")
            .args(["--archive", "--"])
            .arg(workspace().join("deploy"))
            .arg(clone.path()),
    )?;
    let release = clone.path().join("target/release");
    fs::create_dir_all(&release)?;
    for program in PROGRAMS {
        let (built, there) = (binaries(PROFILE).join(program), release.join(program));
        if fs::hard_link(&built, &there).is_err() {
            fs::copy(&built, &there).with_context(|| built.display().to_string())?;
        }
    }
    Ok(clone)
}

/// Gives the machine what an operator brings along, as the guide lists it, and starts the database.
fn bring_along(machine: &Machine, folder: &Path) -> anyhow::Result<mysql::Server> {
    let authority = Authority::new()?;
    let password = format!("{:x}", u128::from_ne_bytes(random()?));
    let page = authority.certify("secrets.example.org")?;
    let admin = format!(
        "[client]\nhost=db.example.org\nuser=admin\npassword={password}\n\
         ssl-ca=/root/install/db-ca.pem\nssl-verify-server-cert\n"
    );
    for (name, content) in [
        ("tls.pem", &page.certificate),
        ("tls.key", &page.key),
        ("organization-ca.crt", &authority.certificate),
        ("db-ca.pem", &authority.certificate),
        ("admin.cnf", &admin),
    ] {
        machine.write(&format!("/root/install/{name}"), content)?;
    }
    start_database(machine.leader(), &authority, &password, folder)
}

fn start_database(
    leader: u32,
    authority: &Authority,
    password: &str,
    folder: &Path,
) -> anyhow::Result<mysql::Server> {
    let server = authority.certify("db.example.org")?;
    let first = format!(
        "CREATE USER 'admin'@'%' IDENTIFIED BY '{password}' REQUIRE SSL;\n\
         GRANT ALL ON *.* TO 'admin'@'%' WITH GRANT OPTION;\n"
    );
    let mut options = vec!["--skip-name-resolve".to_owned()];
    for (option, content) in [
        ("ssl-ca", &authority.certificate),
        ("ssl-cert", &server.certificate),
        ("ssl-key", &server.key),
        ("init-file", &first),
    ] {
        let file = folder.join(option);
        fs::write(&file, content)?;
        options.push(format!("--{option}={}", file.display()));
    }
    mysql::start_at(&Listening {
        address: machine::DATABASE_ADDRESS,
        port: 3306,
        network_of: Some(leader),
        options,
    })
}

fn random() -> anyhow::Result<[u8; 16]> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
    Ok(bytes)
}

/// How it went.
struct Outcome<'a> {
    followed: usize,
    compared: usize,
    /// What the guide shows and what was really printed.
    differences: Vec<(&'a Output, String)>,
}

/// Runs step after step; ends at the first command that fails.
fn follow<'a>(
    steps: &'a [Step],
    shell: &mut Shell,
    stop: &AtomicBool,
) -> anyhow::Result<Outcome<'a>> {
    shell.run("cd", stop)?;
    let masks = Masks::new()?;
    let mut outcome = Outcome {
        followed: 0,
        compared: 0,
        differences: Vec::new(),
    };
    for step in steps {
        if let Some(why) = &step.only_shown {
            println!("{GUIDE}:{}: not run ({why})", step.line);
            continue;
        }
        let printed = shell
            .run(&step.script, stop)
            .with_context(|| format!("{GUIDE}:{}:\n{}\n", step.line, step.script))?;
        outcome.followed += 1;
        if let Some(output) = &step.output {
            outcome.compared += 1;
            if !masks.are_alike(&output.text, &printed) {
                outcome.differences.push((output, printed));
            }
        }
    }
    ensure!(outcome.followed > 0, "{GUIDE} has no commands");
    Ok(outcome)
}

impl Outcome<'_> {
    fn report(&self, took: Duration, write: bool) -> anyhow::Result<()> {
        for (output, printed) in &self.differences {
            println!(
                "{GUIDE}:{}: the guide shows\n{}\nand what was printed is\n{printed}\n",
                output.lines.start, output.text
            );
        }
        let (followed, compared) = (self.followed, self.compared);
        println!(
            "{GUIDE}: {followed} blocks followed, {compared} outputs compared, in {} s",
            took.as_secs()
        );
        match self.differences.len() {
            0 => Ok(()),
            count if write => {
                println!("{count} outputs written");
                Ok(())
            }
            count => {
                bail!("{count} outputs differ: `cargo xtask guide --write` takes the real ones")
            }
        }
    }
}
