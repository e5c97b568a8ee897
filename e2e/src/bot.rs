//! A running bot.

use std::path::Path;

use serde_json::Value;

use crate::Process;

/// A running bot, started with `HEALTH_ADDR`.
pub struct Bot {
    /// The program.
    pub process: Process,
}

impl Bot {
    pub(crate) fn start(variables: &[(&str, String)], log: &Path) -> Self {
        let process = Process::start("secure-secret-bot", &[], variables, log);
        Self { process }
    }

    /// Where it tells how it is, `127.0.0.1:<port>`.
    pub async fn health_addr(&mut self) -> String {
        let line = self
            .process
            .line_with("health and metrics are served")
            .await;
        let line: Value = serde_json::from_str(&line).unwrap();
        line["addr"].as_str().unwrap().to_owned()
    }

    /// Asks `/livez`, `/readyz` or `/metrics`; the status and the text.
    pub async fn ask(&mut self, path: &str) -> (u16, String) {
        let url = format!("http://{}{path}", self.health_addr().await);
        let answer = reqwest::get(url).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// The value of a metric with its labels, as it stands before the space.
    pub async fn metric(&mut self, name: &str) -> Option<f64> {
        let (_, text) = self.ask("/metrics").await;
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().parse().ok()
    }
}
