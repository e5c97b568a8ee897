//! A slow line between a browser and a server: every answer arrives later than it was sent, by as
//! much as the line is told; nothing else is changed.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc,
    task::AbortHandle,
    time::{Instant, sleep_until},
};

/// A line, closed when dropped.
pub struct SlowLine {
    /// Where it begins: `http://127.0.0.1:<port>`.
    pub url: String,
    waiting: Option<TcpListener>,
    accepting: Option<AbortHandle>,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    delay: Mutex<Duration>,
    posts: AtomicUsize,
}

impl SlowLine {
    /// Takes a port, so that a server can be told where it will be seen; leads nowhere yet.
    pub async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            waiting: Some(listener),
            accepting: None,
            seen: Arc::default(),
        }
    }

    /// Leads to a server, e.g. `http://127.0.0.1:8080`.
    pub fn lead_to(&mut self, server: &str) {
        let server = server.trim_start_matches("http://").parse().unwrap();
        let listener = self.waiting.take().expect("a line leads to one server");
        let seen = Arc::clone(&self.seen);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&seen).carry(client, server));
            }
        });
        self.accepting = Some(accepting.abort_handle());
    }

    /// From now on answers take so long.
    pub fn delay(&self, delay: Duration) {
        *self.seen.delay.lock().unwrap() = delay;
    }

    /// How many POSTs the server took so far.
    #[must_use]
    pub fn posts(&self) -> usize {
        self.seen.posts.load(Ordering::SeqCst)
    }
}

impl Drop for SlowLine {
    fn drop(&mut self) {
        if let Some(accepting) = &self.accepting {
            accepting.abort();
        }
    }
}

/// Who has ended a connection, and what has no answer yet.
#[derive(Default)]
struct Ends {
    client: AtomicBool,
    server: AtomicBool,
    unanswered: AtomicUsize,
}

impl Seen {
    /// Carries one connection until both sides have ended it.
    async fn carry(self: Arc<Self>, client: TcpStream, server: SocketAddr) {
        // A server that is gone is a connection that ends.
        let Ok(server) = TcpStream::connect(server).await else {
            return;
        };
        client.set_nodelay(true).ok();
        server.set_nodelay(true).ok();
        let (requests, to_client) = client.into_split();
        let (answers, to_server) = server.into_split();
        let (late, due) = mpsc::unbounded_channel();
        let ends = Ends::default();
        tokio::join!(
            self.requests(requests, to_server, &ends),
            self.answers(answers, late, &ends),
            deliver(due, to_client),
        );
    }

    async fn requests(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, ends: &Ends) {
        let mut requests = Requests::default();
        let mut buffer = vec![0; 65_536];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            let posts = requests.posts_in(&buffer[..length]);
            // A server that has closed an idle connection takes nothing more; the browser, which
            // hears of it late, asks again on another one.
            if ends.server.load(Ordering::SeqCst) {
                return;
            }
            ends.unanswered.fetch_add(posts, Ordering::SeqCst);
            self.posts.fetch_add(posts, Ordering::SeqCst);
            if to.write_all(&buffer[..length]).await.is_err() {
                return;
            }
        }
        ends.client.store(true, Ordering::SeqCst);
        // A browser that gives an answer up ends its connection: the server is told at once.
        to.shutdown().await.ok();
    }

    async fn answers(
        &self,
        mut from: OwnedReadHalf,
        late: mpsc::UnboundedSender<Chunk>,
        ends: &Ends,
    ) {
        let mut buffer = vec![0; 65_536];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            ends.unanswered.store(0, Ordering::SeqCst);
            let due = Instant::now() + *self.delay.lock().unwrap();
            if late.send((due, buffer[..length].to_vec())).is_err() {
                return;
            }
        }
        ends.server.store(true, Ordering::SeqCst);
        // Neither did it take what it left without an answer, unless nobody waited for one any
        // more.
        if !ends.client.load(Ordering::SeqCst) {
            let unanswered = ends.unanswered.swap(0, Ordering::SeqCst);
            self.posts.fetch_sub(unanswered, Ordering::SeqCst);
        }
        let due = Instant::now() + *self.delay.lock().unwrap();
        late.send((due, Vec::new())).ok();
    }
}

/// What was sent, and when it arrives; nothing is the end.
type Chunk = (Instant, Vec<u8>);

async fn deliver(mut due: mpsc::UnboundedReceiver<Chunk>, mut to: OwnedWriteHalf) {
    while let Some((at, bytes)) = due.recv().await {
        sleep_until(at).await;
        if bytes.is_empty() || to.write_all(&bytes).await.is_err() {
            break;
        }
    }
    to.shutdown().await.ok();
}

/// Reads along the requests of one connection, by HTTP/1.1.
#[derive(Default)]
struct Requests {
    head: Vec<u8>,
    body_left: usize,
}

impl Requests {
    /// How many POSTs have their whole head by the end of these bytes, and had not before.
    fn posts_in(&mut self, bytes: &[u8]) -> usize {
        let mut posts = 0;
        for byte in bytes {
            if self.body_left > 0 {
                self.body_left -= 1;
                continue;
            }
            self.head.push(*byte);
            if self.head.ends_with(b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.head).to_ascii_lowercase();
                posts += usize::from(head.starts_with("post "));
                let mut lines = head.lines();
                let length = lines.find_map(|line| line.strip_prefix("content-length:"));
                self.body_left = length.map_or(0, |length| length.trim().parse().unwrap());
                self.head.clear();
            }
        }
        posts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn posts_are_counted_wherever_the_bytes_are_parted() {
        let sent = b"GET /s/POST HTTP/1.1\r\nHost: a\r\n\r\n\
            POST /reveal HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\nPOST / HTTP/1.1\r\n\r\nx\
            POST /reveal HTTP/1.1\r\ncontent-length: 0\r\n\r\n\
            POST /reveal HTTP/1.1\r\nHost: a\r\n";
        for size in 1..sent.len() {
            let mut requests = Requests::default();
            let counted: usize = sent.chunks(size).map(|part| requests.posts_in(part)).sum();
            assert_eq!(counted, 2, "in pieces of {size}");
        }
    }

    #[tokio::test]
    async fn answers_come_late_and_in_order_and_requests_at_once() {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = server.local_addr().unwrap();
        let mut line = SlowLine::new().await;
        line.lead_to(&format!("http://{address}"));
        let delay = Duration::from_millis(200);
        line.delay(delay);
        let client = TcpStream::connect(line.url.trim_start_matches("http://"));
        let mut client = client.await.unwrap();
        let (mut accepted, _) = server.accept().await.unwrap();
        let begun = Instant::now();
        client.write_all(b"request").await.unwrap();
        let mut request = [0; 7];
        accepted.read_exact(&mut request).await.unwrap();
        assert!(begun.elapsed() < delay, "{:?}", begun.elapsed());
        for part in [b"one ", b"two "] {
            accepted.write_all(part).await.unwrap();
        }
        drop(accepted);
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer, "one two ");
        assert!(begun.elapsed() >= delay, "{:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn a_server_hears_at_once_that_nobody_waits_any_more() {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut line = SlowLine::new().await;
        line.lead_to(&format!("http://{}", server.local_addr().unwrap()));
        line.delay(Duration::from_mins(1));
        let client = TcpStream::connect(line.url.trim_start_matches("http://"));
        drop(client.await.unwrap());
        let (mut accepted, _) = server.accept().await.unwrap();
        let heard = tokio::time::timeout(Duration::from_secs(10), accepted.read_u8()).await;
        heard.unwrap().unwrap_err();
    }

    #[tokio::test]
    async fn what_a_server_never_took_is_not_counted() {
        for (is_answered, is_awaited, counted) in
            [(true, true, 1), (false, true, 0), (false, false, 1)]
        {
            let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let mut line = SlowLine::new().await;
            line.lead_to(&format!("http://{}", server.local_addr().unwrap()));
            let client = TcpStream::connect(line.url.trim_start_matches("http://"));
            let mut client = client.await.unwrap();
            let (mut accepted, _) = server.accept().await.unwrap();
            let post = b"POST / HTTP/1.1\r\n\r\n";
            client.write_all(post).await.unwrap();
            accepted.read_exact(&mut [0; 19]).await.unwrap();
            if is_answered {
                accepted.write_all(b"answer").await.unwrap();
            }
            if !is_awaited {
                client.shutdown().await.unwrap();
                accepted.read_u8().await.unwrap_err();
            }
            drop(accepted);
            client.read_to_end(&mut Vec::new()).await.unwrap();
            assert_eq!(line.posts(), counted, "{is_answered} {is_awaited}");
        }
    }
}
