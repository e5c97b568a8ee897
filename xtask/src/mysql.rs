//! A real MySQL server for tests: one that is given, one that is installed, or Debian's packages
//! unpacked into a cache folder and run from there.

use std::{
    env, fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::Ordering,
    thread,
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use tempfile::TempDir;

use crate::{
    debian,
    processes::{self, Process},
    unstable,
};

/// What to do when there is no server.
const WAYS: &str = "a MySQL 8 server is needed. One of these will do: \
     have mysqld on the PATH; or run this on Debian, where its packages are fetched by themselves. \
     (TEST_MYSQL_URL, an administrator's URL of another server, takes the place of the shared one; \
     the tests that freeze, fill and kill a server start their own all the same.)";

/// The server and its client.
const PACKAGES: [&str; 2] = ["mysql-server-core", "mysql-client-core"];

const START_PATIENCE: Duration = Duration::from_mins(1);

/// A server with an administrator's URL; stopped and removed when dropped.
pub struct Server {
    /// The URL of its database `mysql`, as its administrator.
    pub url: String,
    /// How a server is started here, program and arguments one a line: for tests that do to a
    /// server what a shared one must not suffer.
    pub program: String,
    _process: Option<Process>,
    _data: Option<TempDir>,
}

/// Where a server listens, and what it is told besides.
pub struct Listening {
    /// An IP address.
    pub address: &'static str,
    /// Its port.
    pub port: u16,
    /// The process in whose network it listens; the machine's own if `None`.
    pub network_of: Option<u32>,
    /// Of mysqld's, on its command line.
    pub options: Vec<String>,
}

/// Runs a server until stopped.
pub fn run() -> anyhow::Result<()> {
    let server = start()?;
    println!("TEST_MYSQL_URL={}", server.url);
    let stop = processes::stop_flag()?;
    while !stop.load(Ordering::SeqCst) {
        thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

/// How a server is started here, for those who start their own.
pub fn program() -> anyhow::Result<String> {
    Ok(Installation::find().context(WAYS)?.program())
}

/// How the command-line client is started here, one word a line.
pub fn client() -> anyhow::Result<String> {
    let command = match Installation::find().context(WAYS)? {
        Installation::OnPath(_) => Command::new(
            debian::on_path("mysql").context("mysqld is on the PATH, but not mysql, its client")?,
        ),
        Installation::Unpacked(root) => unstable::command(&root, "usr/bin/mysql"),
    };
    Ok(processes::words(&command))
}

/// Starts a server, or takes the one that is given.
pub fn start() -> anyhow::Result<Server> {
    let installation = Installation::find().context(WAYS)?;
    let program = installation.program();
    if let Ok(url) = env::var("TEST_MYSQL_URL") {
        return Ok(Server {
            url,
            program,
            _process: None,
            _data: None,
        });
    }
    installation.start(&Listening {
        address: "127.0.0.1",
        port: free_port()?,
        network_of: None,
        options: Vec::new(),
    })
}

/// Starts a server that listens elsewhere than a test's.
pub fn start_at(listening: &Listening) -> anyhow::Result<Server> {
    Installation::find().context(WAYS)?.start(listening)
}

/// Where the server's programs are.
enum Installation {
    OnPath(PathBuf),
    /// Debian's packages, unpacked.
    Unpacked(PathBuf),
}

impl Installation {
    fn find() -> anyhow::Result<Self> {
        if let Some(server) = debian::on_path("mysqld") {
            return Ok(Self::OnPath(server));
        }
        unstable::provide_whole("mysql", "55 MB", &PACKAGES).map(Self::Unpacked)
    }

    /// The command without a data folder, one word a line.
    fn program(&self) -> String {
        processes::words(&self.command())
    }

    fn command(&self) -> Command {
        match self {
            Self::OnPath(server) => {
                let mut command = Command::new(server);
                command.arg("--no-defaults");
                command
            }
            Self::Unpacked(root) => {
                let path = |path: &str| root.join(path).display().to_string();
                let mut command = unstable::command(root, "usr/sbin/mysqld");
                command
                    .arg("--no-defaults")
                    .arg(format!("--basedir={}", path("usr")))
                    .arg(format!("--lc-messages-dir={}", path("usr/share/mysql")));
                command
            }
        }
    }

    /// The server with the options of every call.
    fn server(&self, data: &Path) -> Command {
        let mut command = self.command();
        command
            .arg("--user=root")
            .arg(format!("--datadir={}", data.join("data").display()))
            .arg("--innodb-redo-log-capacity=64M");
        command
    }

    fn start(&self, listening: &Listening) -> anyhow::Result<Server> {
        let data = tempfile::Builder::new()
            .prefix("secure-secret-mysql-")
            .tempdir()?;
        self.initialize(data.path())?;
        let log = data.path().join("server.log");
        let mut process = self.serve(data.path(), listening, &log)?;
        processes::wait_for("MySQL did not start", START_PATIENCE, || {
            let log = fs::read_to_string(&log).unwrap_or_default();
            if let Some(status) = process.ended() {
                bail!("MySQL ended at its start ({status}):\n{log}");
            }
            Ok(log.contains("ready for connections. Version"))
        })?;
        let socket = data.path().join("mysql.sock");
        Ok(Server {
            url: format!("mysql://root@localhost/mysql?socket={}", socket.display()),
            program: self.program(),
            _process: Some(process),
            _data: Some(data),
        })
    }

    fn initialize(&self, data: &Path) -> anyhow::Result<()> {
        let output = self.server(data).arg("--initialize-insecure").output()?;
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "MySQL's data folder can't be made:\n{errors}"
        );
        Ok(())
    }

    /// Durability stays at its defaults: what is tested and measured is durable.
    fn serve(&self, data: &Path, listening: &Listening, log: &Path) -> anyhow::Result<Process> {
        let log = fs::File::create(log)?;
        let mut command = self.server(data);
        command
            .arg(format!("--socket={}", data.join("mysql.sock").display()))
            .arg(format!("--pid-file={}", data.join("mysql.pid").display()))
            .arg(format!("--bind-address={}", listening.address))
            .arg(format!("--port={}", listening.port))
            .args(["--mysqlx=OFF", "--secure-file-priv=NULL"])
            .arg("--max-connections=800")
            .args(&listening.options);
        if let Some(process) = listening.network_of {
            command = within_network_of(process, &command);
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        Process::start("mysqld", &mut command)
    }
}

fn within_network_of(process: u32, inner: &Command) -> Command {
    let mut command = processes::bound_by("TERM", "nsenter");
    command
        .arg(format!("--target={process}"))
        .args(["--net", "--"])
        .arg(inner.get_program())
        .args(inner.get_args());
    command
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
