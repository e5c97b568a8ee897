//! Recipients who open their links, at a reveal-web in fair weather and at one in bad weather.

use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use reqwest::{Client, RequestBuilder};
use sea_orm::{ConnectionTrait as _, Statement};
use shared::crypto::LinkToken;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpSocket,
    time::{Instant, sleep},
};

use super::{
    Scene,
    faults::any_fault,
    links::{self, Link, is_link},
};
use crate::{
    Page, Web,
    mysql_proxy::{Aim, Watch, Whose},
};

/// Recipients who look at their messages at the same time.
pub(super) const VISITORS: usize = 3;

/// Round trips of a look and an opening, at least.
const TRIPS: usize = 7;

/// Longer than reveal-web waits for a COMMIT.
const PATIENCE: Duration = Duration::from_secs(100);

/// Where links are opened.
#[derive(Clone)]
pub(super) struct Door {
    url: String,
    public_url: String,
    http: Client,
    /// Its reveal-web is stopped and killed now and then.
    is_unsteady: bool,
}

impl Door {
    pub(super) fn of(web: &Web, is_unsteady: bool) -> Self {
        let http = Client::builder()
            .pool_max_idle_per_host(0)
            .timeout(PATIENCE);
        Self {
            url: web.url.clone(),
            public_url: web.public_url.clone(),
            http: http.build().unwrap(),
            is_unsteady,
        }
    }

    fn host(&self) -> &str {
        self.public_url.split_once("://").unwrap().1
    }

    async fn look(&self, token: &str) -> Option<Page> {
        fetch(self.http.get(format!("{}/s/{token}", self.url))).await
    }

    async fn press(&self, token: &str, confirmation: &str) -> Option<Page> {
        let request = self.http.post(format!("{}/reveal", self.url));
        let request = request
            .header("host", self.host())
            .header("origin", &self.public_url)
            .form(&[("token", token), ("confirmation", confirmation)]);
        fetch(request).await
    }

    /// Presses, reads a part of the page and hangs up; whether there was one.
    async fn press_and_leave(&self, token: &str, confirmation: &str) -> Option<()> {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(2048).unwrap();
        let (_, address) = self.url.split_once("://").unwrap();
        let mut stream = socket.connect(address.parse().unwrap()).await.ok()?;
        let body = format!("token={token}&confirmation={confirmation}");
        let request = format!(
            "POST /reveal HTTP/1.1\r\nhost: {}\r\norigin: {}\r\nconnection: close\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
            self.host(),
            self.public_url,
            body.len()
        );
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut part = [0; 512];
        stream.read_exact(&mut part).await.ok()?;
        part.starts_with(b"HTTP/1.1 200").then_some(())
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

/// One of those who open about half of the links that they get, some of them twice.
pub(super) async fn open(scene: &Scene<'_>, number: usize) {
    let mut random = StdRng::seed_from_u64(scene.seed.rotate_left(17) ^ number as u64);
    let mut from = 0;
    while Instant::now() < scene.until {
        let path = format!("/postings?from={from}");
        let postings = scene.world.slack().get(&path).await;
        for posting in postings.as_array().unwrap() {
            from += 1;
            if from % VISITORS != number || !is_link(posting) || random.random_bool(0.5) {
                continue;
            }
            let Some(link) = links::follow(scene, posting).await else {
                continue;
            };
            for _ in 0..random.random_range(1..3) {
                let door = scene.doors.choose(&mut random).unwrap();
                let faults = fault_on_the_way(scene, door, &link.token, &mut random);
                if random.random_bool(0.1) {
                    break_off(scene, door, &link).await;
                } else {
                    reveal(scene, door, &link).await;
                }
                drop(faults);
            }
        }
        sleep(Duration::from_millis(500)).await;
    }
}

/// Now and then something goes wrong with just this visit.
fn fault_on_the_way(
    scene: &Scene<'_>,
    door: &Door,
    token: &str,
    random: &mut StdRng,
) -> Option<Watch> {
    let proxy = scene.proxy.as_ref().filter(|_| door.is_unsteady)?;
    if random.random_bool(0.5) {
        return None;
    }
    let hash = LinkToken::parse(token)?.hash();
    let at = Aim::Nth(random.random_range(0..TRIPS));
    let (name, fault) = any_fault(random);
    scene.counts.add(&format!("fault: a visit's {name}"));
    Some(proxy.watch(Whose::Naming, &[hash.as_bytes()], &[(at, fault)]))
}

/// Opens a link, and reads what there is to read.
pub(super) async fn reveal(scene: &Scene<'_>, door: &Door, link: &Link) {
    let token = &link.token;
    let looked = door.look(token).await;
    let confirmation = looked.as_ref().and_then(Page::confirmation);
    let page = match confirmation {
        Some(confirmation) => door.press(token, confirmation).await,
        None => looked,
    };
    let Some(page) = page else {
        assert!(
            door.is_unsteady,
            "a reveal-web that is there does not answer"
        );
        scene.counts.add("link tried where nobody answers");
        return;
    };
    match (page.status, page.secret()) {
        (200, Some(secret)) => {
            let is_first = scene.shown.lock().unwrap().insert(link.of.clone());
            assert!(is_first, "a secret was shown twice");
            scene.counts.add("secret shown");
            if let Some(expected) = expected(scene, token).await {
                assert!(secret == expected, "another secret was shown");
            }
        }
        (status @ (410 | 503), None) => {
            scene
                .counts
                .add(&format!("link answered {status} {}", page.state()));
        }
        (status, _) => panic!("status {status} for a link: {}", page.state()),
    }
}

/// Presses the button, and leaves before the page is there.
async fn break_off(scene: &Scene<'_>, door: &Door, link: &Link) {
    let token = &link.token;
    let looked = door.look(token).await;
    let confirmation = looked.as_ref().and_then(Page::confirmation);
    let Some(confirmation) = confirmation else {
        return;
    };
    if door.press_and_leave(token, confirmation).await.is_some() {
        let is_first = scene.shown.lock().unwrap().insert(link.of.clone());
        assert!(is_first, "a secret was shown twice");
        scene.counts.add("secret shown in part");
    }
}

/// What was typed into the dialog whose link this is, if its sender knows already that it went out.
async fn expected(scene: &Scene<'_>, token: &str) -> Option<String> {
    let hash = hex(LinkToken::parse(token)?.hash().as_bytes());
    let sql = format!(
        "SELECT submission_key FROM secrets WHERE token_hash = x'{hash}' \
         OR id = (SELECT secret_id FROM links WHERE token_hash = x'{hash}')"
    );
    let session = scene.world.database.try_session().await?;
    let statement = Statement::from_string(session.get_database_backend(), sql);
    let row = session.query_one_raw(statement).await.ok()??;
    session.close().await.ok();
    let view: String = row.try_get_by_index(0).ok()?;
    scene.sent.lock().unwrap().get(&view).cloned()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
