//! Pages over TLS, and the way there.

use std::{fs, path::PathBuf, time::Duration};

use e2e::{
    Engine, World, eventually_within, free_port,
    raw::{connect_from, connect_tls, cookies, exchange, read_http2, read_to_end},
};
use hyper::body::Bytes;
use rcgen::generate_simple_self_signed;
use tokio::io::AsyncWriteExt as _;
use tokio_rustls::rustls::{
    self,
    pki_types::CertificateDer,
    version::{TLS12, TLS13},
};

pub(crate) struct Served {
    pub(crate) world: World,
    pub(crate) certificate: CertificateDer<'static>,
    redirect: String,
}

impl Served {
    pub(crate) async fn start() -> Self {
        provide();
        let mut world = World::without_programs(Engine::Sqlite).await;
        let certificate = write_certificate(&world);
        let [cert, key] = files(&world).map(|path| path.display().to_string());
        let (port, redirect) = (free_port(), format!("127.0.0.1:{}", free_port()));
        let variables = [
            ("LISTEN_ADDR", format!("127.0.0.1:{port}")),
            ("PUBLIC_BASE_URL", format!("https://localhost:{port}")),
            ("TLS_CERT", cert),
            ("TLS_KEY", key),
            ("REDIRECT_ADDR", redirect.clone()),
            ("RATE_LIMIT", "1000000/1s".to_owned()),
        ];
        world.start_web(&variables).await;
        Self {
            world,
            certificate,
            redirect: format!("http://{redirect}"),
        }
    }

    async fn ask(&self, request: &str) -> String {
        let url = &self.world.web().url;
        let stream = connect_tls(url, &self.certificate, &[&TLS13], "http/1.1").await;
        exchange(stream.unwrap(), request.as_bytes()).await
    }

    fn host(&self) -> &str {
        self.world.web().public_url.split_once("://").unwrap().1
    }
}

/// A client of HTTP/2 that stays connected.
struct Http2(h2::client::SendRequest<Bytes>);

impl Http2 {
    async fn connect(served: &Served) -> Self {
        let url = &served.world.web().url;
        let stream = connect_tls(url, &served.certificate, &[&TLS13], "h2").await;
        let (client, connection) = h2::client::handshake(stream.unwrap()).await.unwrap();
        tokio::spawn(connection);
        Self(client)
    }

    async fn ask(&mut self, request: http::request::Builder, body: &str) -> (u16, String) {
        let mut client = self.0.clone().ready().await.unwrap();
        let request = request.body(()).unwrap();
        let (answer, mut sending) = client.send_request(request, body.is_empty()).unwrap();
        if !body.is_empty() {
            // The server may have answered already, and closed the stream.
            let body = Bytes::copy_from_slice(body.as_bytes());
            sending.send_data(body, true).ok();
        }
        let (head, body) = answer.await.unwrap().into_parts();
        assert!(head.headers.contains_key("content-security-policy"));
        (head.status.as_u16(), read_http2(body).await)
    }
}

/// A request over HTTP/2 with each cookie in a field of its own, as browsers send them.
fn with_cookies(request: http::request::Builder, cookies: &[String]) -> http::request::Builder {
    cookies.iter().fold(request, |request, cookie| {
        request.header("cookie", cookie.as_str())
    })
}

/// Other pages of the same domain set cookies, browsers send them here too, and we can't help it.
#[tokio::test(flavor = "multi_thread")]
async fn cookies_of_the_domain_keep_no_secret_away() {
    let served = Served::start().await;
    let host = served.host().to_owned();
    let base = format!("https://{host}");
    let mut http2 = Http2::connect(&served).await;
    for total in [8_000, 14_000, 25_000, 40_000, 60_000] {
        // The most cookies that browsers keep for a domain, and the largest.
        for each in [total / 180 + 1, 4_096] {
            let (name, cookies) = (format!("{total} by {each}"), cookies(total, each));
            let line = cookies.join("; ");
            let world = &served.world;
            let store = world.database.store().await;
            for protocol in ["h2", "http/1.1"] {
                let sent = world.keys.send(&store, "behind cookies").await;
                let token = sent.token.encode().as_str().to_owned();
                let page = if protocol == "h2" {
                    let look = http::Request::get(format!("{base}/s/{token}"));
                    let (status, page) = http2.ask(with_cookies(look, &cookies), "").await;
                    assert_eq!(status, 200, "{name}: {page}");
                    page
                } else {
                    let look = format!(
                        "GET /s/{token} HTTP/1.1\r\nhost: {host}\r\ncookie: {line}\r\n\
                         connection: close\r\n\r\n"
                    );
                    served.ask(&look).await
                };
                let (_, after) = page.split_once("name=\"confirmation\" value=\"").unwrap();
                let (confirmation, _) = after.split_once('"').unwrap();
                let body = format!("token={token}&confirmation={confirmation}");
                let form = "application/x-www-form-urlencoded";
                let page = if protocol == "h2" {
                    let press = http::Request::post(format!("{base}/reveal"))
                        .header("origin", &base)
                        .header("content-type", form);
                    http2.ask(with_cookies(press, &cookies), &body).await.1
                } else {
                    let press = format!(
                        "POST /reveal HTTP/1.1\r\nhost: {host}\r\norigin: {base}\r\ncookie: {line}\r\n\
                         content-type: {form}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                        body.len()
                    );
                    served.ask(&press).await
                };
                assert!(page.contains("behind cookies"), "{name} {protocol}: {page}");
            }
        }
    }
    served.world.finish().await;
}

/// Then it is the HTTP library that answers, which knows nothing of our pages and headers.
#[tokio::test(flavor = "multi_thread")]
async fn more_cookies_than_that_are_answered_without_a_page() {
    let served = Served::start().await;
    let host = served.host();
    for total in [80_000, 150_000, 700_000] {
        let cookies = cookies(total, 4_096);
        let line = cookies.join("; ");
        let request = format!(
            "GET / HTTP/1.1\r\nhost: {host}\r\ncookie: {line}\r\nconnection: close\r\n\r\n"
        );
        let answer = served.ask(&request).await;
        // Who sends on after the answer may be reset before reading it.
        let is_bare = answer.starts_with("HTTP/1.1 431") && answer.ends_with("\r\n\r\n");
        // HTTP/1.1 takes more than we ask for, by how it arrives, and never more than twice that.
        let is_taken = total == 80_000 && answer.starts_with("HTTP/1.1 404");
        assert!(answer.is_empty() || is_bare || is_taken, "{answer}");
        let client = Http2::connect(&served).await;
        let mut client = client.0.ready().await.unwrap();
        let request = http::Request::get(format!("https://{host}/"));
        let request = with_cookies(request, &cookies).body(()).unwrap();
        let answer = client.send_request(request, true).unwrap().0.await;
        match answer {
            Ok(answer) => {
                assert_eq!(answer.status(), 431);
                assert_eq!(read_http2(answer.into_body()).await, "");
            }
            // So much that it looks like an attack: the connection ends.
            Err(error) => assert!(total > 80_000 && error.is_go_away(), "{error}"),
        }
    }
    let mut http2 = Http2::connect(&served).await;
    let look = http::Request::get(format!("https://{host}/"));
    assert_eq!(http2.ask(look, "").await.0, 404, "others are served");
    served.world.finish().await;
}

fn files(world: &World) -> [PathBuf; 2] {
    ["cert.pem", "key.pem"].map(|name| world.folder().join(name))
}

/// A new certificate in its place.
fn write_certificate(world: &World) -> CertificateDer<'static> {
    let made = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let [cert, key] = files(world);
    fs::write(cert, made.cert.pem()).unwrap();
    fs::write(key, made.signing_key.serialize_pem()).unwrap();
    made.cert.der().clone()
}

fn provide() {
    // Another test of this process may have done so.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_opened_over_tls() {
    let served = Served::start().await;
    let world = &served.world;
    let sent = world
        .keys
        .send(&world.database.store().await, "over TLS")
        .await;
    let (token, host) = (sent.token.encode(), served.host());
    let page = served
        .ask(&format!(
            "GET /s/{} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n",
            token.as_str()
        ))
        .await;
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    assert!(page.contains("strict-transport-security: max-age=63072000"));
    let (_, after) = page.split_once("name=\"confirmation\" value=\"").unwrap();
    let (confirmation, _) = after.split_once('"').unwrap();
    let body = format!("token={}&confirmation={confirmation}", token.as_str());
    let page = served
        .ask(&format!(
            "POST /reveal HTTP/1.1\r\nhost: {host}\r\norigin: https://{host}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\
             connection: close\r\n\r\n{body}",
            body.len()
        ))
        .await;
    assert!(page.contains("over TLS"), "{page}");
    served.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_opened_over_http2_by_our_own_host_only() {
    let served = Served::start().await;
    let world = &served.world;
    let sent = world
        .keys
        .send(&world.database.store().await, "over HTTP/2")
        .await;
    let mut client = Http2::connect(&served).await;
    let base = &world.web().public_url;
    let link = format!("{base}/s/{}", sent.token.encode().as_str());
    let (status, page) = client.ask(http::Request::get(&link), "").await;
    assert_eq!(status, 200, "{page}");
    let (_, after) = page.split_once("name=\"confirmation\" value=\"").unwrap();
    let (confirmation, _) = after.split_once('"').unwrap();
    let body = format!(
        "token={}&confirmation={confirmation}",
        sent.token.encode().as_str()
    );
    for (host, status) in [("https://evil.example", 403), (base.as_str(), 200)] {
        let press = http::Request::post(format!("{host}/reveal"))
            .header("origin", base)
            .header("content-type", "application/x-www-form-urlencoded");
        let (answered, page) = client.ask(press, &body).await;
        assert_eq!(answered, status, "{page}");
        assert_eq!(page.contains("over HTTP/2"), status == 200);
    }
    served.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_versions_of_tls_are_spoken_and_nothing_unencrypted() {
    let served = Served::start().await;
    let url = &served.world.web().url;
    for version in [&TLS12, &TLS13] {
        for protocol in ["h2", "http/1.1"] {
            let stream = connect_tls(url, &served.certificate, &[version], protocol)
                .await
                .unwrap();
            let (_, session) = stream.get_ref();
            assert_eq!(session.alpn_protocol(), Some(protocol.as_bytes()));
        }
    }
    let plain = connect_from("127.0.0.2", url).await;
    let answer = exchange(plain, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(!answer.contains("HTTP/1.1"), "{answer}");
    served.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_leads_to_https_and_serves_nothing() {
    let served = Served::start().await;
    let base = &served.world.web().public_url;
    for (request, expected) in [
        (
            "GET /s/abc?lang=fr",
            format!("location: {base}/s/abc?lang=fr"),
        ),
        ("HEAD /", format!("location: {base}/")),
        ("POST /reveal", "HTTP/1.1 405".to_owned()),
    ] {
        let stream = connect_from("127.0.0.1", &served.redirect).await;
        let request =
            format!("{request} HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n");
        let answer = exchange(stream, request.as_bytes()).await;
        assert!(answer.contains(&expected), "{answer}");
        assert!(
            answer.contains("content-security-policy: default-src 'none'"),
            "{answer}"
        );
        assert!(!answer.contains("strict-transport-security"), "{answer}");
    }
    served.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_is_served_without_a_restart() {
    let served = Served::start().await;
    let world = &served.world;
    let renewed = write_certificate(world);
    let url = &world.web().url;
    eventually_within(Duration::from_mins(1), "the new certificate", || async {
        connect_tls(url, &renewed, &[&TLS13], "h2").await.ok()
    })
    .await;
    let [cert, _] = files(world);
    fs::write(cert, "half a certificate").unwrap();
    let mut world = served.world;
    world.webs[0]
        .process
        .line_with("the new certificate is not served")
        .await;
    let stream = connect_tls(&world.web().url, &renewed, &[&TLS13], "h2").await;
    assert!(stream.is_ok(), "the one before is served on");
    world.finish().await;
}

/// Streams opened and reset as fast as can be (CVE-2023-44487).
#[tokio::test(flavor = "multi_thread")]
async fn rapid_resets_end_the_connection_and_nobody_elses() {
    let served = Served::start().await;
    let url = &served.world.web().url;
    let stream = connect_tls(url, &served.certificate, &[&TLS13], "h2")
        .await
        .unwrap();
    let (client, connection) = h2::client::handshake(stream).await.unwrap();
    let driver = tokio::spawn(connection);
    let attack = async {
        let mut client = client;
        for _ in 0..50_000 {
            let request = http::Request::get(format!("{url}/s/x")).body(()).unwrap();
            client = client.ready().await?;
            let (_, mut stream) = client.send_request(request, false)?;
            stream.send_reset(h2::Reason::CANCEL);
        }
        Ok::<_, h2::Error>(())
    };
    let ended = tokio::time::timeout(Duration::from_mins(1), attack).await;
    assert!(
        ended.is_ok_and(|ended| ended.is_err()),
        "the server ends it"
    );
    driver.await.unwrap().ok();
    let host = served.host();
    let begun = std::time::Instant::now();
    let answer = served
        .ask(&format!(
            "GET /s/x HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"
        ))
        .await;
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    assert!(begun.elapsed() < Duration::from_secs(5));
    served.world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_that_stops_half_way_is_ended() {
    let served = Served::start().await;
    let mut stream = connect_from("127.0.0.2", &served.world.web().url).await;
    // The first bytes of a TLS record, and nothing more.
    stream.write_all(&[0x16, 0x03, 0x01, 0x02]).await.unwrap();
    let begun = std::time::Instant::now();
    read_to_end(&mut stream).await;
    assert!(begun.elapsed() < Duration::from_secs(20));
    served.world.finish().await;
}
