//! Whether the page with a secret arrived: noted when it can't have, and never claimed.

use e2e::{
    Submission, World, eventually, on_each_engine,
    raw::{connect_tls, read_to_end},
};
use hyper::body::Bytes;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
};
use tokio_rustls::rustls::version::TLS13;

use crate::tls::Served;

const LOST: &str = "SELECT COUNT(*) FROM secrets WHERE page_lost_at IS NOT NULL";

/// A connection into which little fits that is not read.
async fn narrow(world: &World) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(2048).unwrap();
    let (_, address) = world.web().url.split_once("://").unwrap();
    socket.connect(address.parse().unwrap()).await.unwrap()
}

/// Presses the button of a link's page, over a connection of its own.
async fn press(world: &World, token: &str, stream: &mut TcpStream) {
    let page = world.web().look(token).await;
    let body = format!(
        "token={token}&confirmation={}",
        page.confirmation().unwrap()
    );
    let origin = &world.web().public_url;
    let (_, host) = origin.split_once("://").unwrap();
    let request = format!(
        "POST /reveal HTTP/1.1\r\nhost: {host}\r\norigin: {origin}\r\nconnection: close\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
}

/// Reads a part of the answer and hangs up, which resets the connection as the rest is unread.
async fn read_a_part(mut stream: TcpStream) {
    let mut part = [0; 1024];
    stream.read_exact(&mut part).await.unwrap();
    assert!(part.starts_with(b"HTTP/1.1 200"));
}

async fn is_lost(world: &World) {
    eventually("the note", || async {
        (world.database.count(LOST).await == 1).then_some(())
    })
    .await;
}

on_each_engine! {
    async fn a_reader_that_stops_early_may_not_have_the_page(engine) {
        let mut world = World::of_web(engine).await;
        let text = format!("canary-unread{}", "🔑".repeat(11_900));
        world.watch_for("canary-unread");
        let sent = world.keys.send(&world.database.store().await, &text).await;
        let token = sent.token.encode();
        let mut stream = narrow(&world).await;
        press(&world, &token, &mut stream).await;
        read_a_part(stream).await;
        is_lost(&world).await;
        let log = world.logs();
        let line = log.lines().find(|line| line.contains("its page may not have arrived"));
        assert!(line.is_some_and(|line| line.contains(&sent.secret.to_string())), "{log}");
        let page = world.web().look(&token).await;
        assert_eq!((page.status, page.state()), (410, "opened"));
        assert!(page.html.contains("may not have arrived") && !page.html.contains("somebody else"), "{}", page.html);
        world.finish().await;
    }

    async fn whoever_has_the_page_is_said_nothing_else_of(engine) {
        let world = World::of_web(engine).await;
        let store = world.database.store().await;
        let text = "read to the end ".repeat(700);
        // Slowly, and with the last byte right before hanging up.
        let sent = world.keys.send(&store, &text).await;
        let mut stream = narrow(&world).await;
        press(&world, &sent.token.encode(), &mut stream).await;
        let page = read_to_end(&mut stream).await;
        assert!(page.contains(&text));
        drop(stream);
        let other = world.keys.send(&store, "another").await;
        assert_eq!(world.web().reveal(&other.token.encode()).await.status, 200);
        let world = stopped(world).await;
        assert_eq!(world.database.count(LOST).await, 0);
        assert!(!world.logs().contains("may not have arrived"));
        world.finish().await;
    }

    async fn the_sender_is_told_that_the_page_may_not_have_arrived(engine) {
        let mut world = World::start(engine).await;
        let text = "🔑".repeat(3000);
        let link = world.alice_sends_bob(Submission { secret: &text, ..Submission::default() }).await;
        let token = link.rsplit('/').next().unwrap();
        let mut stream = narrow(&world).await;
        press(&world, token, &mut stream).await;
        read_a_part(stream).await;
        let receipts = world.slack().messages("U0ALICE", 2).await;
        eventually("the receipt tells", || async {
            let receipt = world.slack().messages_now("U0ALICE").await[0].to_string();
            (receipt.contains("was opened on") && receipt.contains("may not have arrived")).then_some(())
        })
        .await;
        // A change makes no sound: a reply does.
        assert!(receipts[1].to_string().contains("may not have arrived"), "{receipts:?}");
        assert!(!format!("{:?}", world.slack().messages_now("U0ALICE").await).contains("somebody else"));
        world.finish().await;
    }
}

/// Once everything that reveal-web had to note is noted.
async fn stopped(mut world: World) -> World {
    let mut web = world.webs.remove(0);
    web.process.signal("TERM").await;
    web.process.exit_code().await;
    world
}

/// Over HTTP/2 a page waits for the reader's window, whatever the connection does besides.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_no_window_lets_through_may_not_have_arrived() {
    let Served {
        world, certificate, ..
    } = Served::start().await;
    let sent = world
        .keys
        .send(&world.database.store().await, &"unread ".repeat(1700))
        .await;
    let token = sent.token.encode();
    let origin = world.web().public_url.clone();
    let stream = connect_tls(&world.web().url, &certificate, &[&TLS13], "h2").await;
    let mut narrow = h2::client::Builder::new();
    narrow.initial_window_size(1024);
    let (client, connection) = narrow.handshake::<_, Bytes>(stream.unwrap()).await.unwrap();
    let driver = tokio::spawn(connection);
    let mut client = client.ready().await.unwrap();
    let look = http::Request::get(format!("{origin}/s/{}", token.as_str()));
    let (answer, _) = client.send_request(look.body(()).unwrap(), true).unwrap();
    let page = e2e::raw::read_http2(answer.await.unwrap().into_body()).await;
    let confirmation = page.split_once("name=\"confirmation\" value=\"").unwrap().1;
    let confirmation = confirmation.split_once('"').unwrap().0;
    let press = http::Request::post(format!("{origin}/reveal"))
        .header("origin", &origin)
        .header("content-type", "application/x-www-form-urlencoded");
    let mut client = client.ready().await.unwrap();
    let (answer, mut form) = client.send_request(press.body(()).unwrap(), false).unwrap();
    let body = format!("token={}&confirmation={confirmation}", token.as_str());
    form.send_data(Bytes::from(body), true).unwrap();
    let answer = answer.await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(world.database.count(LOST).await, 0, "it waits");
    driver.abort();
    is_lost(&world).await;
    world.finish().await;
}
