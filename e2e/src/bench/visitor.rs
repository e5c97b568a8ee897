//! A browser that does the least: the machine's cores are the server's, as far as can be.

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

use crate::SEALED_TEXT;

pub(super) struct Visitor {
    /// Host and port, in public.
    host: String,
    connection: BufReader<TcpStream>,
    body: Vec<u8>,
}

impl Visitor {
    /// Connects to a server at that address, whose public one may be another's.
    pub(super) async fn connect(address: &str, public_url: &str) -> Self {
        let connection = TcpStream::connect(address).await.unwrap();
        connection.set_nodelay(true).unwrap();
        Self {
            host: public_url.trim_start_matches("http://").to_owned(),
            connection: BufReader::new(connection),
            body: Vec::new(),
        }
    }

    /// Opens a link as a person does: looks, and presses the button.
    pub(super) async fn reveal(&mut self, token: &str) {
        let status = self.look(token, "").await;
        assert_eq!(status, 200);
        let host = &self.host;
        let page = std::str::from_utf8(&self.body).unwrap();
        let (_, after) = page.split_once("name=\"confirmation\" value=\"").unwrap();
        let (confirmation, _) = after.split_once('"').unwrap();
        let body = format!("token={token}&confirmation={confirmation}&lang=en");
        let length = body.len();
        self.ask(&format!(
            "POST /reveal HTTP/1.1\r\nhost: {host}\r\norigin: http://{host}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n{body}"
        ))
        .await;
        self.sees_the_secret();
    }

    /// Looks at a link, with more lines in the request's head; the status.
    pub(super) async fn look(&mut self, token: &str, more: &str) -> u16 {
        let host = &self.host;
        let look = format!("GET /s/{token} HTTP/1.1\r\nhost: {host}\r\n{more}\r\n");
        self.send(&look).await
    }

    /// Wants the secret of 32 characters in the page.
    pub(super) fn sees_the_secret(&self) {
        let shown = SEALED_TEXT.as_bytes();
        let is_shown = self.body.windows(shown.len()).any(|text| text == shown);
        assert!(is_shown, "the secret is in the page");
    }

    /// Sends a request and reads its answer, which must be a success.
    pub(super) async fn ask(&mut self, request: &str) {
        let status = self.send(request).await;
        assert_eq!(status, 200);
    }

    /// Sends a request and reads its answer; the status.
    async fn send(&mut self, request: &str) -> u16 {
        self.connection.write_all(request.as_bytes()).await.unwrap();
        let (mut line, mut length) = (String::new(), 0);
        self.connection.read_line(&mut line).await.unwrap();
        let status = line.split(' ').nth(1).unwrap().parse().unwrap();
        while line != "\r\n" {
            line.clear();
            self.connection.read_line(&mut line).await.unwrap();
            if let Some((name, value)) = line.split_once(": ")
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap();
            }
        }
        self.body.resize(length, 0);
        self.connection.read_exact(&mut self.body).await.unwrap();
        status
    }
}
