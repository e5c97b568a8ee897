//! People who press the button of the same link at once, each at another reveal-web.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::{Client, RequestBuilder};
use tokio::time::{Instant, sleep};

use crate::{Page, Sent, Web};

/// Longer than reveal-web waits for a COMMIT.
const PATIENCE: Duration = Duration::from_secs(100);

/// The pause before somebody tries again who was asked to.
const AGAIN: Duration = Duration::from_secs(1);

/// How long somebody keeps at it.
const STUBBORN: Duration = Duration::from_secs(90);

/// Where somebody opens links.
#[derive(Clone)]
pub struct Door {
    url: String,
    public_url: String,
    http: Client,
}

/// What somebody was told, at each try.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// In the words of the pages; `shown` for a secret.
    pub all: Vec<String>,
    /// The secret.
    pub secret: Option<String>,
}

impl Door {
    /// That of a reveal-web.
    #[must_use]
    pub fn of(web: &Web) -> Self {
        let builder = Client::builder().pool_max_idle_per_host(0);
        Self {
            url: web.url.clone(),
            public_url: web.public_url.clone(),
            http: builder.timeout(PATIENCE).build().unwrap(),
        }
    }

    async fn look(&self, token: &str) -> Option<Page> {
        fetch(self.http.get(format!("{}/s/{token}", self.url))).await
    }

    async fn press(&self, token: &str, confirmation: &str) -> Option<Page> {
        let (_, host) = self.public_url.split_once("://").unwrap();
        let request = self.http.post(format!("{}/reveal", self.url));
        let request = request
            .header("host", host)
            .header("origin", &self.public_url)
            .form(&[("token", token), ("confirmation", confirmation)]);
        fetch(request).await
    }

    /// The page with the button; asked for until it is there.
    async fn confirmation(&self, token: &str) -> String {
        let until = Instant::now() + STUBBORN;
        loop {
            let page = self.look(token).await;
            if let Some(found) = page.as_ref().and_then(Page::confirmation) {
                return found.to_owned();
            }
            assert!(Instant::now() < until, "{page:?}");
            sleep(AGAIN).await;
        }
    }

    /// Presses, and tries again for as long as that is what the page says.
    async fn keep_pressing(&self, token: &str, confirmation: &str) -> Told {
        let until = Instant::now() + STUBBORN;
        let mut told = Told::default();
        let mut page = self.press(token, confirmation).await;
        loop {
            let said = told.hear(page.as_ref());
            if said != "unavailable" || Instant::now() > until {
                return told;
            }
            sleep(AGAIN).await;
            page = self.look(token).await;
            if let Some(confirmation) = page.as_ref().and_then(Page::confirmation) {
                page = self.press(token, confirmation).await;
            }
        }
    }
}

impl Told {
    fn hear(&mut self, page: Option<&Page>) -> String {
        let secret = page.and_then(Page::secret);
        let said = match (&secret, page) {
            (Some(_), _) => "shown",
            (None, Some(page)) => page.state(),
            (None, None) => "no answer",
        };
        self.all.push(said.to_owned());
        self.secret = self.secret.take().or(secret);
        said.to_owned()
    }
}

async fn fetch(request: RequestBuilder) -> Option<Page> {
    let answer = request.send().await.ok()?;
    Some(Page {
        status: answer.status().as_u16(),
        headers: answer.headers().clone(),
        html: answer.text().await.ok()?,
    })
}

/// One press of everybody's for each secret, one secret after the other within this time.
pub async fn run(doors: &[Door], sent: &[Sent], within: Duration) -> Vec<Vec<Told>> {
    let tokens: Vec<_> = sent.iter().map(|sent| sent.token.encode()).collect();
    let mut confirmations = Vec::new();
    for token in &tokens {
        let all = doors.iter().map(|door| door.confirmation(token.as_str()));
        confirmations.push(join_all(all).await);
    }
    let count = u32::try_from(sent.len()).unwrap();
    let presses = tokens.iter().zip(&confirmations).zip(0_u32..);
    let presses = presses.map(|((token, confirmations), number)| async move {
        sleep(within / count * number).await;
        let all = doors.iter().zip(confirmations);
        join_all(all.map(|(door, one)| door.keep_pressing(token.as_str(), one))).await
    });
    join_all(presses).await
}
