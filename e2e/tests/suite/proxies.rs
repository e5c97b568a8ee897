//! The proxies whose configuration we give, in front of the real reveal-web: what people see is the
//! same, who they are is known, and no log holds a link.

use std::{fs, path::PathBuf, time::Duration};

use e2e::{
    Engine, Process, Sent, World, eventually, free_port, project,
    raw::{connect_from, cookies, exchange, over_tls, read_http2},
    tool,
};
use hyper::body::Bytes;
use rcgen::generate_simple_self_signed;
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt as _, net::TcpStream};
use tokio_rustls::{
    client::TlsStream,
    rustls::{self, pki_types::CertificateDer, version::TLS13},
};

/// Where clients come from; our proxies come from 127.0.0.1.
const CLIENT: &str = "127.0.0.7";

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Caddy,
    Nginx,
}

/// A proxy, and what is behind it.
struct Proxied {
    world: World,
    proxy: Process,
    kind: Kind,
    certificate: CertificateDer<'static>,
    /// Where it terminates TLS, and where it speaks plain http.
    ports: [u16; 2],
    /// What of it is no log.
    _folder: TempDir,
}

impl Proxied {
    /// With a reveal-web behind it.
    async fn start(kind: Kind) -> Self {
        let [port, http, upstream] = [free_port(), free_port(), free_port()];
        let mut world = World::without_programs(Engine::Sqlite).await;
        let variables = [
            ("LISTEN_ADDR", format!("127.0.0.1:{upstream}")),
            ("PUBLIC_BASE_URL", format!("https://localhost:{port}")),
            ("TRUSTED_PROXIES", "127.0.0.1".to_owned()),
            ("RATE_LIMIT", "1000000/1s".to_owned()),
        ];
        world.start_web(&variables).await;
        Self::before(world, kind, [port, http], upstream).await
    }

    async fn before(world: World, kind: Kind, ports: [u16; 2], upstream: u16) -> Self {
        // Another test of this process may have done so.
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let folder = tempfile::tempdir().unwrap();
        let made = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let [cert, key] = ["cert.pem", "key.pem"].map(|name| folder.path().join(name));
        fs::write(&cert, made.cert.pem()).unwrap();
        fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let setting = Setting {
            logs: world.folder().to_owned(),
            folder: folder.path().to_owned(),
            files: [cert, key],
            ports,
            upstream,
        };
        let words = match kind {
            Kind::Caddy => setting.caddy(),
            Kind::Nginx => setting.nginx(),
        };
        let log = world.folder().join("proxy.log");
        let proxy = Process::start_words(&words, &log);
        for port in ports {
            let listens = || async { TcpStream::connect(("127.0.0.1", port)).await.ok() };
            eventually(&format!("{kind:?} listens: {}", proxy.output()), listens).await;
        }
        Self {
            world,
            proxy,
            kind,
            certificate: made.cert.der().clone(),
            ports,
            _folder: folder,
        }
    }

    async fn send(&mut self, text: &str) -> (Sent, String) {
        let store = self.world.database.store().await;
        let sent = self.world.keys.send(&store, text).await;
        let token = sent.token.encode().as_str().to_owned();
        self.world.watch_for(text);
        self.world.watch_for(&token);
        (sent, token)
    }

    fn host(&self) -> String {
        format!("localhost:{}", self.ports[0])
    }

    async fn connect(&self, protocol: &str) -> TlsStream<TcpStream> {
        let url = format!("https://127.0.0.1:{}", self.ports[0]);
        let stream = connect_from(CLIENT, &url).await;
        over_tls(stream, &self.certificate, &[&TLS13], protocol)
            .await
            .unwrap()
    }

    /// Bytes over TLS, and what comes back.
    async fn raw(&self, request: &[u8]) -> String {
        exchange(self.connect("http/1.1").await, request).await
    }

    /// A request by HTTP/1.1; what browsers and clever clients send is in it.
    async fn ask(&self, line: &str, headers: &str, body: &str) -> String {
        let host = self.host();
        let length = body.len();
        let request = format!(
            "{line} HTTP/1.1\r\nhost: {host}\r\n{headers}content-length: {length}\r\n\
             x-forwarded-for: 203.0.113.66\r\nx-real-ip: 203.0.113.66\r\n\
             forwarded: for=203.0.113.66\r\nconnection: close\r\n\r\n{body}"
        );
        self.raw(request.as_bytes()).await
    }

    /// A page over plain http.
    async fn ask_plain(&self, line: &str) -> String {
        let stream = connect_from(CLIENT, &format!("http://127.0.0.1:{}", self.ports[1])).await;
        let request = format!("{line} HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n");
        exchange(stream, request.as_bytes()).await
    }

    /// What the proxy logged about requests.
    fn log(&self) -> String {
        let file = match self.kind {
            Kind::Caddy => "proxy.log",
            Kind::Nginx => "nginx-secure-secret.log",
        };
        fs::read_to_string(self.world.folder().join(file)).unwrap()
    }

    async fn stop(&mut self) {
        assert_eq!(self.proxy.stop().await, Some(0), "{}", self.proxy.output());
    }
}

/// What an operator would set.
struct Setting {
    logs: PathBuf,
    folder: PathBuf,
    files: [PathBuf; 2],
    ports: [u16; 2],
    upstream: u16,
}

impl Setting {
    fn base(&self) -> String {
        format!("https://localhost:{}", self.ports[0])
    }

    fn caddy(&self) -> Vec<String> {
        let [cert, key] = self.files.each_ref().map(|path| path.display());
        let home = self.folder.display();
        let variables = [
            format!("XDG_DATA_HOME={home}"),
            format!("XDG_CONFIG_HOME={home}"),
            format!("HTTPS_PORT={}", self.ports[0]),
            format!("HTTP_PORT={}", self.ports[1]),
            format!("HEALTH_PORT={}", free_port()),
            format!("TLS_CERT={cert}"),
            format!("TLS_KEY={key}"),
            format!("UPSTREAM=127.0.0.1:{}", self.upstream),
            format!("PUBLIC_BASE_URL={}", self.base()),
        ];
        let caddy = tool("CADDY").display().to_string();
        let file = project().join("deploy/Caddyfile").display().to_string();
        let arguments = ["run", "--adapter", "caddyfile", "--config"].map(str::to_owned);
        [["/usr/bin/env", "-i"].map(str::to_owned).as_slice()]
            .concat()
            .into_iter()
            .chain(variables)
            .chain([caddy])
            .chain(arguments)
            .chain([file])
            .collect()
    }

    /// Included from an `nginx.conf` that logs what Debian's logs.
    fn nginx(&self) -> Vec<String> {
        let [cert, key] = self.files.each_ref().map(|path| path.display().to_string());
        let [port, http] = self.ports;
        let (folder, logs) = (self.folder.display(), self.logs.display());
        let mut ours =
            fs::read_to_string(project().join("deploy/nginx/secure-secret.conf")).unwrap();
        for (documented, times, here) in [
            ("https://secrets.example.org", 1, self.base()),
            ("secrets.example.org", 2, "localhost".to_owned()),
            (
                "listen 443 ssl http2;",
                1,
                format!("listen 127.0.0.1:{port} ssl http2;"),
            ),
            ("listen 80;", 1, format!("listen 127.0.0.1:{http};")),
            ("/etc/ssl/secure-secret/cert.pem", 1, cert),
            ("/etc/ssl/secure-secret/key.pem", 1, key),
            (
                "server 127.0.0.1:8080",
                1,
                format!("server 127.0.0.1:{}", self.upstream),
            ),
            ("/var/log/nginx/", 2, format!("{logs}/nginx-")),
        ] {
            assert_eq!(ours.matches(documented).count(), times, "{documented}");
            ours = ours.replace(documented, &here);
        }
        let file = self.folder.join("secure-secret.conf");
        fs::write(&file, ours).unwrap();
        let temporary = ["client_body", "proxy", "fastcgi", "scgi", "uwsgi"]
            .map(|name| format!("{name}_temp_path {folder}/{name};"))
            .join("\n");
        let main = format!(
            "daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log {logs}/nginx-error.log;\n\
             events {{}}\nhttp {{\n{temporary}\naccess_log {logs}/nginx-access.log;\n\
             error_log {logs}/nginx-error.log;\ngzip on;\ninclude {};\n}}\n",
            file.display()
        );
        let main_file = self.folder.join("nginx.conf");
        fs::write(&main_file, main).unwrap();
        let nginx = tool("NGINX").display().to_string();
        vec![nginx, "-c".to_owned(), main_file.display().to_string()]
    }
}

fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, after) = text.split_once(from).unwrap();
    after.split_once(to).unwrap().0
}

/// One request by HTTP/2, as browsers send it.
async fn ask_http2(proxied: &Proxied, method: &str, path: &str, body: &str) -> (u16, String) {
    let stream = proxied.connect("h2").await;
    let (client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let base = format!("https://{}", proxied.host());
    let request = http::Request::builder()
        .method(method)
        .uri(format!("{base}{path}"))
        .header("origin", &base)
        .header("x-forwarded-for", "203.0.113.66")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(())
        .unwrap();
    let mut client = client.ready().await.unwrap();
    let (answer, mut sending) = client.send_request(request, body.is_empty()).unwrap();
    if !body.is_empty() {
        let body = Bytes::copy_from_slice(body.as_bytes());
        sending.send_data(body, true).unwrap();
    }
    let (head, body) = answer.await.unwrap().into_parts();
    (head.status.as_u16(), read_http2(body).await)
}

async fn a_secret_is_opened(kind: Kind) {
    let mut proxied = Proxied::start(kind).await;
    let (_, token) = proxied.send("canary-behind-a-proxy").await;
    let (status, page) = ask_http2(&proxied, "GET", &format!("/s/{token}"), "").await;
    assert_eq!(status, 200, "{page}");
    let confirmation = between(&page, "name=\"confirmation\" value=\"", "\"");
    let body = format!("token={token}&confirmation={confirmation}");
    let (status, page) = ask_http2(&proxied, "POST", "/reveal", &body).await;
    assert_eq!(status, 200, "{page}");
    assert!(page.contains("canary-behind-a-proxy"), "{page}");
    let page = proxied.ask(&format!("GET /s/{token}"), "", "").await;
    assert!(page.starts_with("HTTP/1.1 410"), "{page}");
    let (head, _) = page.split_once("\r\n\r\n").unwrap();
    let head = head.to_lowercase();
    assert!(head.contains("content-security-policy: default-src 'none'"));
    assert!(!head.contains("content-encoding"), "{head}");

    let trail = proxied.world.trail().await;
    let viewed = trail.iter().find(|entry| entry["event"] == "viewed");
    assert_eq!(viewed.unwrap()["ip"], CLIENT, "{trail:?}");
    let log = proxied.log();
    assert!(log.contains("/s/*") && log.contains("/reveal"), "{log}");
    assert!(
        log.contains(CLIENT) && !log.contains("203.0.113.66"),
        "{log}"
    );

    // Over http there is nothing but the way to https, and it is ours alone.
    let answer = proxied.ask_plain(&format!("GET /s/{token}")).await;
    let host = proxied.host();
    let location = format!("location: https://{host}/s/{token}\r\n");
    assert!(answer.starts_with("HTTP/1.1 308"), "{answer}");
    assert!(answer.to_lowercase().contains(&location.to_lowercase()));
    let answer = proxied.ask_plain("POST /reveal").await;
    assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
    proxied.stop().await;
    proxied.world.finish().await;
}

async fn no_log_holds_a_link(kind: Kind) {
    let mut proxied = Proxied::start(kind).await;
    let (_, token) = proxied.send("canary-for-the-logs").await;
    let referer = format!("referer: https://x/s/{token}\r\n");
    for path in [
        format!("/s/{token}"),
        format!("/s/{token}?again={token}"),
        format!("/{token}"),
        format!("//s/{token}"),
        format!("/%73/{token}"),
        format!("/S/{token}"),
        format!("/s/%zz{token}"),
        format!("/s/../{token}"),
        format!("/?{token}"),
        format!("/reveal?token={token}"),
        format!("https://localhost/s/{token}"),
        format!("x:{token}"),
        format!("/s/{token}{}", "x".repeat(9_000)),
        format!("/s/{token}{}", "x".repeat(70_000)),
    ] {
        for method in ["GET", "HEAD", "OPTIONS", "DELETE"] {
            proxied.ask(&format!("{method} {path}"), &referer, "").await;
        }
        proxied.ask_plain(&format!("GET {path}")).await;
    }
    let host = proxied.host();
    for request in [
        format!("GET /s/{token}\0 HTTP/1.1\r\nhost: {host}\r\n\r\n"),
        format!("GET /s/{token} HTTP/1.1\r\nconnection: close\r\n\r\n"),
        format!("GET /s/{token} HTTP/1.1\r\nhost: {host}\r\nhost: x\r\n\r\n"),
        format!("GET /s/{token} HTTP/7.9\r\nhost: {host}\r\n\r\n"),
        format!("GET /s/{token}\r\n\r\n"),
        format!("/s/{token} GET HTTP/1.1\r\nhost: {host}\r\n\r\n"),
        format!("GET /s/{token} HTTP/1.1\r\nhost: {token}.example\r\nconnection: close\r\n\r\n"),
        format!("GET /s/{token} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{token}\r\n\r\n"),
        format!(
            "GET /s/{token} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\nx: {}\r\n\r\n",
            "x".repeat(70_000)
        ),
        format!("POST /reveal HTTP/1.1\r\nhost: {host}\r\ncontent-length: -1\r\n\r\n{token}"),
        format!(
            "POST /reveal HTTP/1.1\r\nhost: {host}\r\ncontent-length: 5\r\n\
             transfer-encoding: chunked\r\n\r\n{token}\r\n\r\n"
        ),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
    ] {
        proxied.raw(request.as_bytes()).await;
    }
    // As from our page, so that it is its size that is refused, by whoever comes to it first.
    let form =
        format!("content-type: application/x-www-form-urlencoded\r\norigin: https://{host}\r\n");
    let body = format!("token={token}&confirmation={}", "x".repeat(40_000));
    let answer = proxied.ask("POST /reveal", &form, &body).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    // Gone before the answer, and before the request was whole.
    for request in [
        format!("GET /s/{token} HTTP/1.1\r\nhost: {host}\r\n\r\n"),
        format!(
            "POST /reveal HTTP/1.1\r\nhost: {host}\r\ncontent-length: 900\r\n\r\ntoken={token}"
        ),
        format!("GET /s/{token}"),
    ] {
        let mut stream = proxied.connect("http/1.1").await;
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        // Time for the proxy to read it: nothing tells when it has.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // Plain http where TLS is spoken.
    let url = format!("http://127.0.0.1:{}", proxied.ports[0]);
    let stream = connect_from(CLIENT, &url).await;
    let request = format!("GET /s/{token} HTTP/1.1\r\nhost: {host}\r\n\r\n");
    exchange(stream, request.as_bytes()).await;

    let log = proxied.log();
    assert!(log.lines().count() > 50 && log.contains("/s/*"), "{log}");
    proxied.stop().await;
    // It looks for the token in every file that the proxy wrote.
    proxied.world.finish().await;
}

/// Over HTTP/2 each cookie is a field of its own; a proxy sends them on in one.
async fn cookies_of_the_domain_come_through(kind: Kind) {
    let mut proxied = Proxied::start(kind).await;
    for total in [8_000, 14_000, 25_000, 40_000, 60_000] {
        for each in [total / 180 + 1, 4_096] {
            let cookies = cookies(total, each);
            let (client, connection) = h2::client::handshake(proxied.connect("h2").await)
                .await
                .unwrap();
            tokio::spawn(connection);
            let base = format!("https://{}/", proxied.host());
            let request = http::Request::get(base);
            let request = cookies.iter().fold(request, |request, cookie| {
                request.header("cookie", cookie.as_str())
            });
            let mut client = client.ready().await.unwrap();
            let answer = client.send_request(request.body(()).unwrap(), true);
            let answer = answer.unwrap().0.await.unwrap();
            let is_ours = answer.headers().contains_key("content-security-policy");
            let seen = (answer.status().as_u16(), is_ours);
            assert_eq!(seen, (404, true), "HTTP/2, {total} by {each}");

            let line = format!("cookie: {}\r\n", cookies.join("; "));
            let page = proxied.ask("GET /", &line, "").await;
            assert!(
                page.starts_with("HTTP/1.1 404"),
                "{total} by {each}: {page}"
            );
            let page = page.to_lowercase();
            assert!(page.contains("content-security-policy"), "{page}");
        }
    }
    proxied.stop().await;
    proxied.world.finish().await;
}

/// `Host` as the documents have it: with its port, and whoever makes one up opens nothing.
async fn a_secret_opens_by_the_name_and_port_of_the_page_alone(kind: Kind) {
    let mut proxied = Proxied::start(kind).await;
    let (_, token) = proxied.send("canary-by-another-name").await;
    let page = proxied.ask(&format!("GET /s/{token}"), "", "").await;
    let confirmation = between(&page, "name=\"confirmation\" value=\"", "\"");
    let body = format!("token={token}&confirmation={confirmation}");
    let own = proxied.host();
    for (host, opens) in [
        // As `$host` would have it.
        ("localhost", false),
        ("localhost:1", false),
        ("evil.example", false),
        (&format!("evil.example:{}", proxied.ports[0]), false),
        (&own, true),
    ] {
        let request = format!(
            "POST /reveal HTTP/1.1\r\nhost: {host}\r\norigin: https://{own}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\
             connection: close\r\n\r\n{body}",
            body.len()
        );
        let page = proxied.raw(request.as_bytes()).await;
        let is_shown = page.contains("canary-by-another-name");
        assert_eq!(is_shown, opens, "{host}: {page}");
        let status = if opens { "200" } else { "403" };
        assert!(
            page.starts_with(&format!("HTTP/1.1 {status}")),
            "{host}: {page}"
        );
    }
    proxied.stop().await;
    proxied.world.finish().await;
}

/// What the documents say about nginx is what its file has, and that works.
#[test]
fn documents_name_the_host_as_the_tested_file_has_it() {
    let read = |file: &str| fs::read_to_string(project().join(file)).unwrap();
    let tested = read("deploy/nginx/secure-secret.conf");
    let mut named = 0;
    for file in fs::read_dir(project().join("docs")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for (at, _) in text.match_indices("proxy_set_header ") {
            let (directive, _) = text[at..].split_once(';').unwrap();
            assert!(
                tested.contains(&format!("{directive};")),
                "{path:?}: {directive}"
            );
            named += 1;
        }
    }
    assert!(named > 0);
}

/// An error line would name the request.
async fn a_proxy_alone_logs_no_link(kind: Kind) {
    let mut world = World::without_programs(Engine::Sqlite).await;
    let token = "canary-of-a-link-that-is-as-long-as-they-are";
    world.watch_for(token);
    let ports = [free_port(), free_port()];
    let mut proxied = Proxied::before(world, kind, ports, free_port()).await;
    for _ in 0..3 {
        let referer = format!("referer: https://x/s/{token}\r\n");
        let answer = proxied.ask(&format!("GET /s/{token}"), &referer, "").await;
        assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
        let body = format!("token={token}");
        let answer = proxied.ask("POST /reveal", "", &body).await;
        assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
    }
    assert!(proxied.log().contains("502"), "{}", proxied.log());
    proxied.stop().await;
    proxied.world.finish().await;
}

/// Defines tests that run with each proxy.
macro_rules! with_each_proxy {
    ($($name:ident)+) => {
        mod caddy {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(super::Kind::Caddy).await;
            })+
        }

        mod nginx {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(super::Kind::Nginx).await;
            })+
        }
    };
}

with_each_proxy! {
    a_secret_is_opened
    cookies_of_the_domain_come_through
    a_secret_opens_by_the_name_and_port_of_the_page_alone
    no_log_holds_a_link
    a_proxy_alone_logs_no_link
}
