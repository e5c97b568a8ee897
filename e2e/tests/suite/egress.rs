//! The way out of a firewall. No name of Slack's is known here and no direct connection possible:
//! what arrives came through the proxy. Nothing of this depends on the database's engine.

use std::net::SocketAddr;

use e2e::{ConnectProxy, Engine, Options, Submission, World, eventually};

const API: &str = "slack.test:443";
const SOCKETS: &str = "wss.slack.test:443";

/// `operator:canary-proxy-password`.
const CREDENTIALS: &str = "b3BlcmF0b3I6Y2FuYXJ5LXByb3h5LXBhc3N3b3Jk";
const USER_AND_PASSWORD: &str = "operator:canary-proxy-password";

async fn behind_a_firewall() -> (World, ConnectProxy) {
    let options = Options {
        slack: true,
        bot: false,
        simulator_arguments: vec![
            "--public-url",
            "https://slack.test",
            "--public-socket-url",
            "wss://wss.slack.test",
        ],
        ..Options::default()
    };
    let mut world = World::with(Engine::Sqlite, options).await;
    for canary in ["canary-proxy-password", CREDENTIALS] {
        world.watch_for(canary);
    }
    let at = |address: &str| address.parse::<SocketAddr>().unwrap();
    let api = at(world.slack().url.strip_prefix("http://").unwrap());
    let sockets = at(&world.slack().sockets);
    let proxy = ConnectProxy::start(CREDENTIALS, &[(API, api), (SOCKETS, sockets)]).await;
    (world, proxy)
}

/// The variables of a bot that knows the way out.
fn variables(world: &World, proxy: &ConnectProxy, user: &str) -> Vec<(&'static str, String)> {
    let bundle = world.folder().join("authority.pem");
    std::fs::write(&bundle, &proxy.authority).unwrap();
    vec![
        ("SLACK_API_URL", "https://slack.test/api".to_owned()),
        ("HTTPS_PROXY", format!("http://{user}@{}", proxy.address)),
        ("CA_BUNDLE", bundle.display().to_string()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_goes_through_the_proxy() {
    let (mut world, proxy) = behind_a_firewall().await;
    let variables = variables(&world, &proxy, USER_AND_PASSWORD);
    let bot = world.launch_bot(&variables);
    bot.process.line_with("ready: connected to Slack").await;
    let secret = "canary-through-the-tunnel";
    let link = world
        .alice_sends_bob(Submission {
            secret,
            ..Submission::default()
        })
        .await;
    let page = world.web().reveal(link.rsplit('/').next().unwrap()).await;
    assert_eq!(page.secret().as_deref(), Some(secret));
    world.settled().await;
    let asked = proxy.asked();
    assert!(asked.iter().any(|host| host == API), "{asked:?}");
    assert!(
        asked.iter().filter(|host| *host == SOCKETS).count() >= 2,
        "{asked:?}"
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_the_way_is_said() {
    let (mut world, proxy) = behind_a_firewall().await;
    let right = variables(&world, &proxy, USER_AND_PASSWORD);
    let with = |name: &str, value: &str| -> Vec<(&'static str, String)> {
        let changed = right.iter().map(|(known, old)| {
            let value = if *known == name { value } else { old };
            (*known, value.to_owned())
        });
        changed.filter(|(_, value)| !value.is_empty()).collect()
    };
    let wrong = format!("http://operator:wrong@{}", proxy.address);
    let mut excepted = right.clone();
    excepted.push(("NO_PROXY", ".slack.test".to_owned()));
    for (variables, said, is_asked) in [
        (
            with("HTTPS_PROXY", &wrong),
            "wants a user name and password",
            true,
        ),
        (
            with("HTTPS_PROXY", "http://127.0.0.1:9"),
            "HTTPS_PROXY can't be reached",
            false,
        ),
        (with("CA_BUNDLE", ""), "not of a trusted authority", true),
        (
            with("SLACK_API_URL", "https://elsewhere.test/api"),
            "refused the tunnel",
            true,
        ),
        (excepted, "nothing answers, or the name is not known", false),
    ] {
        let before = proxy.asked().len();
        let bot = world.launch_bot(&variables);
        eventually(said, || async {
            bot.process.output().contains(said).then_some(())
        })
        .await;
        assert_eq!(proxy.asked().len() > before, is_asked, "{said}");
        assert_eq!(bot.ask("/readyz").await.0, 503);
        bot.process.stop().await;
        world.bots.clear();
    }
    world.finish().await;
}
