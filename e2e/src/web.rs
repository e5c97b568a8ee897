//! Visiting the reveal page.

use std::path::Path;

use reqwest::{Client, RequestBuilder, header::HeaderMap};
use serde_json::Value;

use crate::Process;

/// A running reveal-web.
pub struct Web {
    /// `http://127.0.0.1:<port>`.
    pub url: String,
    /// The program.
    pub process: Process,
    http: Client,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Page {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// The page.
    pub html: String,
}

impl Page {
    /// What kind of page for ended or troubled links it is.
    #[must_use]
    pub fn state(&self) -> &str {
        self.between("data-state=\"", "\"")
    }

    /// The secret as it stands in the page, its few escapes undone.
    #[must_use]
    pub fn secret(&self) -> Option<String> {
        let inside = self
            .html
            .contains("id=\"secret\"")
            .then(|| self.between("<pre", "</pre>"))?;
        let (_, text) = inside.split_once('>')?;
        let text = text.strip_prefix('\n').unwrap_or(text);
        let text = text
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"");
        Some(text.replace("&#13;", "\r").replace("&amp;", "&"))
    }

    fn between(&self, from: &str, to: &str) -> &str {
        let after = self.html.split_once(from).map_or("", |(_, after)| after);
        after.split_once(to).map_or("", |(inside, _)| inside)
    }
}

impl Web {
    /// Starts reveal-web on a free port.
    pub(crate) async fn start(variables: &[(&str, String)], log: &Path) -> Self {
        let mut process = Process::start("secure-secret-web", &[], variables, log);
        let line: Value = serde_json::from_str(&process.line_with("listening").await).unwrap();
        let url = format!("http://{}", line["addr"].as_str().unwrap());
        Self {
            url,
            process,
            http: Client::new(),
        }
    }

    /// The client, for odd requests.
    #[must_use]
    pub const fn http(&self) -> &Client {
        &self.http
    }

    /// Opens a path.
    pub async fn get(&self, path: &str) -> Page {
        Self::send(self.http.get(format!("{}{path}", self.url))).await
    }

    /// Opens the page of a link.
    pub async fn look(&self, token: &str) -> Page {
        self.get(&format!("/s/{token}")).await
    }

    /// Presses the button.
    pub async fn reveal(&self, token: &str) -> Page {
        let form = [("token", token)];
        Self::send(self.http.post(format!("{}/reveal", self.url)).form(&form)).await
    }

    /// Sends a request.
    pub async fn send(request: RequestBuilder) -> Page {
        let answer = request.send().await.unwrap();
        Page {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            html: answer.text().await.unwrap(),
        }
    }
}
