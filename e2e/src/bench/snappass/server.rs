//! snappass as its operators run it at its best: gunicorn with three processes of eight threads, on
//! Redis that has every change on the disk before it answers.

use std::process::Command;

use tempfile::TempDir;

use super::super::memory::resident;
use crate::{Process, SEALED_TEXT, environment::words, eventually, free_port, tool};

/// Makes links by snappass's own function, as many and with the text that it is told.
const MAKE_LINKS: &str = "\
import sys
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote_plus
from snappass.main import set_password
with ThreadPoolExecutor(8) as pool:
    for token in pool.map(lambda _: set_password(sys.argv[2], 3600), range(int(sys.argv[1]))):
        print(quote_plus(token))
";

/// Worker processes.
const WORKERS: usize = 3;

pub(super) struct Snappass {
    pub(super) address: String,
    redis: Process,
    gunicorn: Process,
    redis_port: u16,
    _folder: TempDir,
}

impl Snappass {
    pub(super) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (redis_port, port) = (free_port(), free_port());
        let data = folder.path().display().to_string();
        let mut redis = words("REDIS_SERVER");
        let listening = format!("--bind 127.0.0.1 --port {redis_port} --dir {data}");
        let durable = "--save  --appendonly yes --appendfsync always";
        redis.extend(listening.split(' ').map(str::to_owned));
        redis.extend(durable.split(' ').map(str::to_owned));
        let mut redis = Process::start_words(&redis, &folder.path().join("redis.log"));
        redis.line_with("Ready to accept connections").await;
        let address = format!("127.0.0.1:{port}");
        let python = tool("SNAPPASS_PYTHON").display().to_string();
        let gunicorn = format!(
            "/usr/bin/env NO_SSL=True REDIS_HOST=127.0.0.1 REDIS_PORT={redis_port} {python} -m \
             gunicorn --workers {WORKERS} --threads 8 --bind {address} snappass.main:app"
        );
        let gunicorn: Vec<_> = gunicorn.split(' ').map(str::to_owned).collect();
        let mut gunicorn = Process::start_words(&gunicorn, &folder.path().join("gunicorn.log"));
        gunicorn
            .lines_with("Booting worker with pid", WORKERS)
            .await;
        let page = format!("http://{address}/");
        eventually("snappass answers", || async {
            let answer = reqwest::get(&page).await.ok()?;
            answer.status().is_success().then_some(())
        })
        .await;
        Self {
            address,
            redis,
            gunicorn,
            redis_port,
            _folder: folder,
        }
    }

    /// The paths of so many links.
    pub(super) fn links(&self, count: usize) -> Vec<String> {
        let made = Command::new(tool("SNAPPASS_PYTHON"))
            .args(["-c", MAKE_LINKS, &count.to_string(), SEALED_TEXT])
            .env("REDIS_HOST", "127.0.0.1")
            .env("REDIS_PORT", self.redis_port.to_string())
            .output()
            .unwrap();
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        let paths = String::from_utf8(made.stdout).unwrap();
        paths.lines().map(|token| format!("/{token}")).collect()
    }

    /// All its processes' resident memory, Redis's with it, in MiB.
    pub(super) fn resident(&self) -> f64 {
        let master = self.gunicorn.id();
        let children = format!("/proc/{master}/task/{master}/children");
        let workers = std::fs::read_to_string(children).unwrap();
        let workers = workers.split_whitespace().map(|id| id.parse().unwrap());
        let all = workers.chain([master, self.redis.id()]);
        all.map(resident).sum()
    }

    pub(super) async fn stop(mut self) {
        self.gunicorn.stop().await;
        self.redis.stop().await;
    }
}
