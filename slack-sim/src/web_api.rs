//! The methods of the Web API that the bot uses, with Slack's errors.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use httpdate::fmt_http_date;
use poem::{
    Body, Request, Response,
    http::{HeaderMap, StatusCode, header},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    app::{App, CONFIGURATION_TOKEN},
    block_kit,
    faults::Mode,
    people::{self, Kind},
    sim::{Call, Message, Sim},
    views::OpenView,
};

/// Which token a method wants.
enum Wanted {
    App,
    Bot,
    Configuration,
}

/// A method's answer, or Slack's error code.
type Answer = Result<Value, Refusal>;

/// Slack's error code, and details where Slack gives them.
pub(crate) struct Refusal {
    code: String,
    messages: Vec<String>,
    /// With HTTP status 429.
    retry_after: Option<u64>,
}

impl Refusal {
    fn rate_limited(wait: Duration) -> Self {
        Self {
            retry_after: Some(wait.as_secs() + 1),
            ..Self::from("ratelimited")
        }
    }

    fn invalid(code: &str, messages: Vec<String>) -> Self {
        Self {
            messages,
            ..Self::from(code)
        }
    }
}

impl From<&str> for Refusal {
    fn from(code: &str) -> Self {
        Self {
            code: code.to_owned(),
            messages: Vec::new(),
            retry_after: None,
        }
    }
}

/// The arguments, however they came: as JSON, as a form, or in the query.
type Arguments = BTreeMap<String, Value>;

impl Sim {
    /// Answers a call.
    pub(crate) async fn call(&self, method: &str, request: &Request, body: &[u8]) -> Response {
        let arguments = arguments(request, body);
        let call = self.begin(method);
        let fault = self.state().faults.take(method).unwrap_or_default();
        if fault.mode == Mode::Hang {
            return std::future::pending().await;
        }
        if let Some(status) = fault.status {
            self.end(call, Some("fault"));
            return with_status(status, fault.retry_after);
        }
        if fault.mode == Mode::Garbage {
            self.end(call, Some("fault"));
            return garbage(body);
        }
        let scopes = self.state().app.scopes();
        let answer = match &fault.error {
            Some(code) => Err(Refusal::from(code.as_str())),
            None => self.answer(method, request.headers(), &arguments),
        };
        let refusal = answer.as_ref().err();
        self.end(call, refusal.map(|refusal| refusal.code.as_str()));
        tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
        match fault.mode {
            Mode::HangAfter => std::future::pending().await,
            Mode::Lose => cut_off(),
            _ => respond(answer, &scopes),
        }
    }

    /// Notes that a call began; it is under way until it is ended.
    fn begin(&self, method: &str) -> usize {
        let call = Call {
            method: method.to_owned(),
            ok: None,
            error: None,
            at_ms: self.at_ms(),
        };
        let mut state = self.state();
        state.calls.push(call);
        state.calls.len() - 1
    }

    fn end(&self, call: usize, error: Option<&str>) {
        if let Some(call) = self.state().calls.get_mut(call) {
            call.ok = Some(error.is_none());
            call.error = error.map(str::to_owned);
        }
    }

    fn answer(&self, method: &str, headers: &HeaderMap, arguments: &Arguments) -> Answer {
        let wanted = match method {
            "apps.connections.open" => Wanted::App,
            "apps.manifest.export" => Wanted::Configuration,
            _ => Wanted::Bot,
        };
        self.authorize(&wanted, headers, arguments)?;
        match method {
            "apps.connections.open" => Ok(self.open_connection()),
            "auth.test" => Ok(json!({
                "url": self.url, "team": "School", "user": "secure_secret",
                "team_id": people::TEAM, "user_id": people::APP_USER, "bot_id": "B0SECRET",
            })),
            "apps.manifest.export" => Ok(self.state().app.export(text(arguments, "app_id"))?),
            "bots.info" => Ok(App::bot(text(arguments, "bot"))?),
            "users.info" => user_info(arguments),
            "conversations.open" => open_conversation(arguments),
            "chat.postMessage" => self.post_message(arguments),
            "chat.update" => self.update_message(arguments),
            "views.open" => self.view(arguments, true),
            "views.update" => self.view(arguments, false),
            _ => Err("unknown_method".into()),
        }
    }

    /// The app-level token opens connections and is taken from the header only; the bot token does
    /// the rest.
    fn authorize(
        &self,
        wanted: &Wanted,
        headers: &HeaderMap,
        arguments: &Arguments,
    ) -> Result<(), Refusal> {
        let bearer = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "));
        let argument = arguments.get("token").and_then(Value::as_str);
        let token = match wanted {
            Wanted::App => bearer,
            Wanted::Bot | Wanted::Configuration => bearer.or(argument),
        };
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            return Err("not_authed".into());
        };
        let (right, other) = match wanted {
            Wanted::App => (&self.tokens.app, &self.tokens.bot),
            Wanted::Bot => (&self.tokens.bot, &self.tokens.app),
            Wanted::Configuration if token == CONFIGURATION_TOKEN => return Ok(()),
            Wanted::Configuration => return Err("invalid_auth".into()),
        };
        if token == right {
            Ok(())
        } else if token == other {
            Err("not_allowed_token_type".into())
        } else {
            Err("invalid_auth".into())
        }
    }

    fn open_connection(&self) -> Value {
        let ticket = Uuid::new_v4().to_string();
        self.state().tickets.insert(ticket.clone());
        json!({ "url": format!("{}/link/?ticket={ticket}", self.socket_url) })
    }

    fn post_message(&self, arguments: &Arguments) -> Answer {
        let channel = text(arguments, "channel");
        let person = people::with_channel(channel).or_else(|| people::find(channel));
        let channel = person.ok_or("channel_not_found")?.channel();
        let blocks = checked_blocks(arguments)?;
        let message = {
            let mut state = self.state();
            if let Err(wait) = state.may_post(&channel) {
                return Err(Refusal::rate_limited(wait));
            }
            let message = Message {
                channel,
                ts: state.ts(),
                text: text(arguments, "text").to_owned(),
                blocks,
                unfurl_links: arguments.get("unfurl_links").and_then(Value::as_bool),
                unfurl_media: arguments.get("unfurl_media").and_then(Value::as_bool),
                edited: false,
            };
            state.messages.push(message.clone());
            state.postings.push(message.clone());
            message
        };
        Ok(json!({ "channel": message.channel, "ts": message.ts, "message": as_slack(&message) }))
    }

    fn update_message(&self, arguments: &Arguments) -> Answer {
        let blocks = checked_blocks(arguments)?;
        let (channel, ts) = (text(arguments, "channel"), text(arguments, "ts"));
        let mut state = self.state();
        let message = state
            .messages
            .iter_mut()
            .find(|message| message.channel == channel && message.ts == ts)
            .ok_or("message_not_found")?;
        text(arguments, "text").clone_into(&mut message.text);
        message.blocks = blocks;
        message.edited = true;
        Ok(
            json!({ "channel": channel, "ts": ts, "text": message.text, "message": as_slack(message) }),
        )
    }

    fn view(&self, arguments: &Arguments, open: bool) -> Answer {
        let view = structured(arguments, "view").ok_or("invalid_arguments")?;
        let messages = block_kit::check_view(&view);
        if !messages.is_empty() {
            return Err(Refusal::invalid("invalid_arguments", messages));
        }
        if view.to_string().len() > 250_000 {
            return Err("view_too_large".into());
        }
        let mut state = self.state();
        if open {
            let user = state.use_trigger(text(arguments, "trigger_id"))?;
            let id = state.id("V");
            let view = OpenView::new(id, &user, &view);
            let answer = json!({ "view": view.view });
            state.views.push(view);
            return Ok(answer);
        }
        let id = text(arguments, "view_id").to_owned();
        let known = state
            .views
            .iter_mut()
            .find(|known| known.id == id)
            .ok_or("not_found")?;
        let hash = text(arguments, "hash");
        if !hash.is_empty() && known.view["hash"] != hash {
            return Err("hash_conflict".into());
        }
        known.update(&view);
        Ok(json!({ "view": known.view }))
    }
}

fn user_info(arguments: &Arguments) -> Answer {
    let person = people::find(text(arguments, "user")).ok_or("user_not_found")?;
    // Slack's clients write yes in several ways.
    let yes = [json!("true"), json!("1"), json!(true), json!(1)];
    let include_locale = arguments
        .get("include_locale")
        .is_some_and(|given| yes.contains(given));
    Ok(json!({ "user": person.as_slack(include_locale) }))
}

fn open_conversation(arguments: &Arguments) -> Answer {
    let users = match arguments.get("users") {
        Some(Value::Array(users)) => users.first().and_then(Value::as_str).unwrap_or_default(),
        Some(Value::String(users)) => users,
        _ => return Err("users_list_not_supplied".into()),
    };
    let person = people::find(users).ok_or("user_not_found")?;
    match person.kind {
        Kind::Deactivated => Err("user_disabled".into()),
        Kind::Bot | Kind::Slackbot => Err("cannot_dm_bot".into()),
        Kind::Member | Kind::Guest | Kind::External => {
            Ok(json!({ "channel": { "id": person.channel() } }))
        }
    }
}

fn checked_blocks(arguments: &Arguments) -> Answer {
    let blocks = structured(arguments, "blocks").unwrap_or_else(|| json!([]));
    let messages = block_kit::check_message(&blocks);
    if !messages.is_empty() {
        return Err(Refusal::invalid("invalid_blocks", messages));
    }
    if text(arguments, "text").is_empty() && blocks == json!([]) {
        return Err("no_text".into());
    }
    Ok(blocks)
}

fn as_slack(message: &Message) -> Value {
    json!({
        "type": "message",
        "user": people::APP_USER,
        "bot_id": "B0SECRET",
        "app_id": people::APP,
        "team": people::TEAM,
        "ts": message.ts,
        "text": message.text,
        "blocks": message.blocks,
    })
}

fn text<'a>(arguments: &'a Arguments, name: &str) -> &'a str {
    arguments
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// A structured argument; in forms these come as JSON text.
fn structured(arguments: &Arguments, name: &str) -> Option<Value> {
    match arguments.get(name)? {
        Value::String(text) => serde_json::from_str(text).ok(),
        value => Some(value.clone()),
    }
}

fn arguments(request: &Request, body: &[u8]) -> Arguments {
    let mut arguments = form(request.uri().query().unwrap_or_default().as_bytes());
    let is_json = request
        .content_type()
        .is_some_and(|kind| kind.starts_with("application/json"));
    if is_json {
        if let Ok(Value::Object(members)) = serde_json::from_slice(body) {
            arguments.extend(members);
        }
    } else {
        arguments.extend(form(body));
    }
    arguments
}

fn form(encoded: &[u8]) -> Arguments {
    url::form_urlencoded::parse(encoded)
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect()
}

fn respond(answer: Answer, scopes: &str) -> Response {
    let (body, retry_after) = match answer {
        Ok(mut body) => {
            body["ok"] = true.into();
            (body, None)
        }
        Err(Refusal {
            code,
            messages,
            retry_after,
        }) => {
            let mut body = json!({ "ok": false, "error": code });
            if !messages.is_empty() {
                body["response_metadata"] = json!({ "messages": messages });
            }
            if code == "missing_scope" {
                body["needed"] = "im:write".into();
                body["provided"] = "commands,chat:write".into();
            }
            (body, retry_after)
        }
    };
    if let Some(seconds) = retry_after {
        return with_status(429, Some(seconds));
    }
    Response::builder()
        .header("x-oauth-scopes", scopes)
        .header(header::DATE, fmt_http_date(SystemTime::now()))
        .content_type("application/json; charset=utf-8")
        .body(body.to_string())
}

/// What a broken proxy might answer: no JSON, and what was sent is in it.
fn garbage(sent: &[u8]) -> Response {
    let sent = String::from_utf8_lossy(sent);
    Response::builder()
        .content_type("text/html")
        .body(format!("<html>you sent {sent}"))
}

/// An answer that breaks off.
fn cut_off() -> Response {
    let broken = futures_util::stream::iter([
        Ok(b"{\"ok\":".to_vec()),
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset)),
    ]);
    Response::builder().body(Body::from_bytes_stream(broken))
}

fn with_status(status: u16, retry_after: Option<u64>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Response::builder().status(status);
    if let Some(seconds) = retry_after {
        response = response.header(header::RETRY_AFTER, seconds);
    }
    response
        .content_type("application/json; charset=utf-8")
        .body(json!({ "ok": false, "error": "ratelimited" }).to_string())
}
