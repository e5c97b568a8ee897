//! At most so many requests of one client.

use e2e::{Options, Page, Web, World, on_each_engine};

fn limited(more: &[(&'static str, &str)]) -> Options {
    let variables = more
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()));
    Options {
        bot: false,
        web_variables: variables.collect(),
        ..Options::default()
    }
}

async fn from(web: &Web, forwarded: &str) -> Page {
    let request = web.http().get(format!("{}/", web.url));
    Web::send(request.header("x-forwarded-for", forwarded)).await
}

on_each_engine! {
    async fn the_sixty_first_request_of_a_minute_is_refused_whatever_it_asks(engine) {
        let world = World::with(engine, limited(&[])).await;
        let web = world.web();
        for number in 0..60 {
            let page = match number % 4 {
                0 => web.get("/nowhere").await,
                1 => web.get("/favicon.ico").await,
                2 => web.press("short", "x").await,
                _ => web.look("short").await,
            };
            assert_ne!(page.status, 429, "request {number}");
        }
        for page in [web.look("short").await, web.press("short", "x").await, from(web, "198.51.100.7").await] {
            assert_eq!((page.status, page.state()), (429, "too-many"));
            let seconds: u64 = page.headers["retry-after"].to_str().unwrap().parse().unwrap();
            assert!((1..=60).contains(&seconds));
            assert!(page.html.contains("Nothing was shown"));
            // Not all at once, and a press never by itself.
            let reload = page.headers.get("refresh").map(|value| value.to_str().unwrap());
            match reload {
                Some(after) => {
                    assert!((seconds..=seconds + 5).contains(&after.parse().unwrap()), "{after}");
                    assert!(page.html.contains(&format!("by itself in {after} second")));
                }
                None => assert!(page.html.contains(&format!("In {seconds} second"))),
            }
            assert_eq!(reload.is_some(), !page.html.contains("history.back"));
        }
        world.finish().await;
    }

    async fn a_trusted_proxy_tells_clients_apart(engine) {
        let options = limited(&[("TRUSTED_PROXIES", "127.0.0.1"), ("RATE_LIMIT", "3/60s")]);
        let world = World::with(engine, options).await;
        let web = world.web();
        for _ in 0..3 {
            assert_eq!(from(web, "198.51.100.7").await.status, 404);
            assert_eq!(from(web, "spoofed, 198.51.100.8").await.status, 404);
        }
        assert_eq!(from(web, "198.51.100.7").await.status, 429);
        assert_eq!(from(web, "198.51.100.9, 198.51.100.7").await.status, 429, "only the last counts");
        for host in 1..=3 {
            assert_eq!(from(web, &format!("2001:db8:1:2::{host}")).await.status, 404);
        }
        assert_eq!(from(web, "2001:db8:1:2:ffff::").await.status, 429, "one network, one client");
        assert_eq!(from(web, "2001:db8:1:3::1").await.status, 404);
        // A site has the limit of sixteen.
        for network in 4..=47 {
            let address = format!("2001:db8:1:{network}::1");
            assert_eq!(from(web, &address).await.status, 404, "{address}");
        }
        let page = from(web, "2001:db8:1:48::1").await;
        assert_eq!(page.status, 429);
        let seconds: u64 = page.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&seconds));
        assert_eq!(from(web, "2001:db8:2:48::1").await.status, 404, "another site");
        world.finish().await;
    }
}
