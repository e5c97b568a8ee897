//! Every input has an answer, and none is a fault of ours.

use e2e::{Web, World, on_each_engine};
use serde_json::json;

const UNKNOWN: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

on_each_engine! {
    async fn links_that_lead_nowhere_look_all_the_same(engine) {
        let world = World::of_web(engine).await;
        let web = world.web();
        let unknown = web.look(UNKNOWN).await;
        assert_eq!((unknown.status, unknown.state()), (404, "unknown"));
        let encoded: String = UNKNOWN.bytes().flat_map(|byte| [format!("%{byte:02X}")]).collect();
        for path in [
            "/s/".to_owned(),
            "/s/short".to_owned(),
            format!("/s/{UNKNOWN}A"),
            format!("/s/{UNKNOWN}="),
            format!("/s/{}9", &UNKNOWN[..42]),
            format!("/s/{encoded}"),
            format!("/s/{UNKNOWN}/{UNKNOWN}"),
            format!("/s/{UNKNOWN}/"),
            format!("/s/{}", "A".repeat(6000)),
            "/s/..%2f..%2fetc%2fpasswd".to_owned(),
            "/".to_owned(),
            "/s".to_owned(),
            "/admin".to_owned(),
        ] {
            let page = web.get(&path).await;
            assert_eq!((page.status, &page.html), (404, &unknown.html), "{path}");
        }
        world.finish().await;
    }

    async fn methods_and_bodies_that_do_not_fit_are_told_so(engine) {
        let world = World::of_web(engine).await;
        let web = world.web();
        let request = |method: &str, path: &str| {
            let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
            web.http().request(method, format!("{}{path}", web.url))
        };
        for (method, path, allow) in [
            ("POST", "/s/x", "GET, HEAD"),
            ("OPTIONS", "/s/x", "GET, HEAD"),
            ("DELETE", "/s/x", "GET, HEAD"),
            ("BREW", "/s/x", "GET, HEAD"),
            ("GET", "/reveal", "POST"),
            ("HEAD", "/reveal", "POST"),
            ("PUT", "/reveal", "POST"),
        ] {
            let page = Web::send(request(method, path)).await;
            assert_eq!(page.status, 405, "{method} {path}");
            assert_eq!(page.headers["allow"], allow, "{method} {path}");
        }
        assert_eq!(Web::send(request("GET", "/favicon.ico")).await.status, 204);

        let form = "application/x-www-form-urlencoded";
        let token = format!("token={UNKNOWN}");
        let long = "x".repeat(5_000_000);
        for (kind, body, status) in [
            (form, token.as_str(), 403),
            (form, "token=short", 404),
            (form, "", 400),
            (form, "other=1", 400),
            (form, &format!("{token}&{token}"), 400),
            (form, &format!("{token}&x=1"), 400),
            (form, &long, 413),
            ("application/json", "{\"token\":\"x\"}", 400),
            ("multipart/form-data; boundary=x", "--x--", 400),
            ("", &token, 400),
        ] {
            let post = web.post().header("content-type", kind).body(body.to_owned());
            match post.send().await {
                Ok(answer) => assert_eq!(answer.status().as_u16(), status, "{kind} {}", body.len()),
                // The server may close before such a body is sent to its end.
                Err(error) => assert!(status == 413 && error.is_request(), "{kind} {error:?}"),
            }
        }
        let binary = web.post().header("content-type", form).body(vec![0xff; 9]);
        assert_eq!(Web::send(binary).await.status, 400);
        world.finish().await;
    }

    async fn envelopes_that_nobody_knows_are_acknowledged_and_passed_over(engine) {
        let world = World::start(engine).await;
        for envelope in [
            json!({"type": "events_api", "payload": {"event": {"type": "message"}}}),
            json!({"type": "a_new_type", "payload": null, "more": [1, 2]}),
            json!({"type": "interactive", "payload": {"type": "block_actions", "actions": []}}),
            json!({"type": "interactive", "payload": {"type": "view_closed", "view": {}}}),
            json!({"type": "interactive", "payload": {"type": "a_new_type"}}),
        ] {
            let answer = world.slack().post("/envelope", &envelope).await;
            assert!(answer["answered"] == true && answer["answer"].is_null(), "{envelope} {answer}");
        }
        // A command that names no other way is answered in its acknowledgement.
        for payload in [json!({}), json!("text"), json!(null)] {
            let envelope = json!({"type": "slash_commands", "payload": payload});
            let answer = world.slack().post("/envelope", &envelope).await;
            let said = answer["answer"]["text"].as_str();
            assert!(said.is_some_and(|said| said.contains("can’t be read here")), "{answer}");
        }
        // What may be a submission is not acknowledged as if it had been sent.
        for envelope in [
            json!({"type": "interactive"}),
            json!({"type": "interactive", "payload": [1]}),
            json!({"type": null, "payload": {"view": {}}}),
            json!({"type": "interactive", "payload": {
                "type": "view_submission", "user": 7,
                "view": {"id": "V1", "callback_id": "send_secret"},
            }}),
        ] {
            let answer = world.slack().post("/envelope", &envelope).await;
            assert_eq!(answer["answer"]["response_action"], "errors", "{envelope} {answer}");
        }
        world.slack().open_dialog("U0ALICE", "@bob").await;
        world.finish().await;
    }
}
