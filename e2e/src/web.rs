//! Visiting the reveal page.

use std::{path::Path, time::Duration};

use reqwest::{Client, RequestBuilder, header::HeaderMap};
use serde_json::Value;

use crate::Process;

/// A running reveal-web.
pub struct Web {
    /// `http://127.0.0.1:<port>`, or `https://`.
    pub url: String,
    /// `PUBLIC_BASE_URL`: where browsers believe to be.
    pub public_url: String,
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

    /// What the page signs, for its button to send.
    #[must_use]
    pub fn confirmation(&self) -> Option<&str> {
        let found = self.between("name=\"confirmation\" value=\"", "\"");
        (!found.is_empty()).then_some(found)
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

/// A client that gives a connection up well before reveal-web does, as a request on one that is
/// just being closed would be lost.
fn client() -> Client {
    let builder = Client::builder().pool_idle_timeout(Duration::from_secs(3));
    builder.build().unwrap()
}

impl Web {
    /// Starts reveal-web.
    pub(crate) async fn start(variables: &[(&str, String)], log: &Path) -> Self {
        let mut process = Process::start("secure-secret-web", &[], variables, log);
        let line: Value = serde_json::from_str(&process.line_with("listening").await).unwrap();
        let given = |name: &str| variables.iter().rev().find(|(known, _)| *known == name);
        let scheme = given("TLS_CERT").map_or("http", |_| "https");
        let url = format!("{scheme}://{}", line["addr"].as_str().unwrap());
        let (_, public_url) = given("PUBLIC_BASE_URL").unwrap();
        Self {
            url,
            public_url: public_url.clone(),
            process,
            http: client(),
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

    /// Opens the page of a link and presses its button; the page itself where there is none.
    pub async fn reveal(&self, token: &str) -> Page {
        let page = self.look(token).await;
        match page.confirmation() {
            Some(confirmation) => self.press(token, confirmation).await,
            None => page,
        }
    }

    /// Presses the button of a page that was opened before.
    pub async fn press(&self, token: &str, confirmation: &str) -> Page {
        let form = [("token", token), ("confirmation", confirmation)];
        Self::send(self.post().form(&form)).await
    }

    /// A request as our own page sends it, its body still to be written.
    pub fn post(&self) -> RequestBuilder {
        let (_, host) = self.public_url.split_once("://").unwrap();
        self.http
            .post(format!("{}/reveal", self.url))
            .header("host", host)
            .header("origin", &self.public_url)
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
