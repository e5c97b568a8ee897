//! The methods of the Web API that the bot uses, with Slack's errors.

use std::time::Duration;

use poem::{
    Request, Response,
    http::{HeaderMap, Method, header},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    answers::{self, Answer, Refusal},
    app::{App, CONFIGURATION_TOKEN},
    arguments::Arguments,
    faults::{Fault, Mode},
    people::{self, Kind},
    sim::{Call, Sim, State},
    validate,
    views::{MOST_IN_A_STACK, OpenView},
};

/// What an app does with a view.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Showing {
    Open,
    Push,
    Update,
}

/// Which token a method wants.
enum Wanted {
    App,
    Bot,
    Configuration,
}

impl Sim {
    /// Answers a call.
    pub(crate) async fn call(&self, method: &str, request: &Request, body: &[u8]) -> Response {
        let call = self.begin(method);
        let arguments = Arguments::of(request, body);
        let fault = self.fault_of(method, &arguments);
        let pause = fault.retry_after.map(|pause| pause.0);
        if fault.mode == Mode::Hang {
            return std::future::pending().await;
        }
        if let Some(status) = fault.status {
            self.end(call, Some("fault"));
            let code = fault.error.as_deref().unwrap_or("ratelimited");
            return answers::with_status(status, code, pause);
        }
        if fault.mode == Mode::Garbage {
            self.end(call, Some("fault"));
            return answers::garbage(body);
        }
        let scopes = self.state().app.scopes();
        let answer = match &fault.error {
            Some(code) => Err(Refusal::with_messages(code, fault.messages)),
            None => arguments.and_then(|arguments| self.answer(method, request, &arguments)),
        };
        let refusal = answer.as_ref().err();
        self.end(call, refusal.map(|refusal| refusal.code.as_str()));
        tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
        if let Some(body) = fault.body {
            return answers::odd(body);
        }
        match fault.mode {
            Mode::HangAfter => std::future::pending().await,
            Mode::Lose => answers::cut_off(),
            _ => {
                let mut response = answers::respond(answer, &scopes);
                if let Some(pause) = pause {
                    response.headers_mut().insert(header::RETRY_AFTER, pause);
                }
                response
            }
        }
    }

    /// The fault that this call meets; one without effect where there is none.
    fn fault_of(&self, method: &str, arguments: &Result<Arguments, Refusal>) -> Fault {
        let mut state = self.state();
        let about = match arguments {
            Ok(arguments) => state.about(method, arguments),
            Err(_) => Vec::new(),
        };
        let about: Vec<_> = about.iter().map(String::as_str).collect();
        state.faults.take(method, &about).unwrap_or_default()
    }

    /// Notes that a call began; it is under way until it is ended.
    pub(crate) fn begin(&self, method: &str) -> usize {
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

    pub(crate) fn end(&self, call: usize, error: Option<&str>) {
        if let Some(call) = self.state().calls.get_mut(call) {
            call.ok = Some(error.is_none());
            call.error = error.map(str::to_owned);
        }
    }

    fn answer(&self, method: &str, request: &Request, arguments: &Arguments) -> Answer {
        if method == "apps.connections.open" && request.method() != Method::POST {
            return Err("insecure_request".into());
        }
        let wanted = match method {
            "apps.connections.open" => Wanted::App,
            "apps.manifest.export" => Wanted::Configuration,
            _ => Wanted::Bot,
        };
        self.authorize(&wanted, request.headers(), arguments)?;
        match method {
            "apps.connections.open" => Ok(self.open_connection()),
            "auth.test" => Ok(json!({
                "url": self.url, "team": "School", "user": "secure_secret",
                "team_id": people::TEAM, "user_id": people::APP_USER, "bot_id": "B0SECRET",
            })),
            "apps.manifest.export" => Ok(self.state().app.export(arguments.text("app_id"))?),
            "blocks.validate" => validate::answer(arguments, &self.state().faults.quirks.unshown),
            "bots.info" => Ok(App::bot(arguments.text("bot"))?),
            "users.info" => self.user_info(arguments),
            "conversations.open" => self.open_conversation(arguments),
            "chat.postMessage" => self.post_message(arguments),
            "chat.delete" => self.delete_message(arguments),
            "chat.update" => self.update_message(arguments),
            "views.open" => self.view(arguments, Showing::Open),
            "views.push" => self.view(arguments, Showing::Push),
            "views.update" => self.view(arguments, Showing::Update),
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

    fn open_conversation(&self, arguments: &Arguments) -> Answer {
        let Some(user) = arguments.ids("users").first().copied() else {
            return Err("users_list_not_supplied".into());
        };
        let person = people::find(user).ok_or("user_not_found")?;
        match person.kind {
            Kind::Deactivated => Err("user_disabled".into()),
            Kind::Bot | Kind::Slackbot => Err("cannot_dm_bot".into()),
            _ => {
                let channel = self.state().direct_messages.with(person);
                Ok(json!({ "channel": { "id": channel } }))
            }
        }
    }

    fn user_info(&self, arguments: &Arguments) -> Answer {
        let person = people::find(arguments.text("user")).ok_or("user_not_found")?;
        // Slack's clients write yes in several ways.
        let yes = [json!("true"), json!("1"), json!(true), json!(1)];
        let include_locale = arguments
            .get("include_locale")
            .is_some_and(|given| yes.contains(given));
        let user = self.state().workspace.user(person, include_locale);
        Ok(json!({ "user": user }))
    }

    fn view(&self, arguments: &Arguments, showing: Showing) -> Answer {
        let view = arguments.structured("view").ok_or("invalid_arguments")?;
        let mut state = self.state();
        let trigger = arguments.text("trigger_id");
        let quirks = &state.faults.quirks;
        if let Err(refusal) = validate::view(&view, &quirks.unshown) {
            if quirks.refusals_use_triggers && showing != Showing::Update {
                state.use_trigger(trigger)?;
            }
            return Err(refusal);
        }
        if showing != Showing::Update {
            let below = state.view_of_trigger(trigger);
            let user = state.use_trigger(trigger)?;
            let id = state.id("V");
            let view = match showing {
                Showing::Open => OpenView::new(id, &user, &view),
                _ => state.pushed(below.as_deref(), id, &view)?,
            };
            let answer = json!({ "view": view.view });
            state.views.push(view);
            return Ok(answer);
        }
        let id = arguments.text("view_id").to_owned();
        let known = state
            .views
            .iter_mut()
            .find(|known| known.id == id)
            .ok_or("not_found")?;
        let hash = arguments.text("hash");
        if !hash.is_empty() && known.view["hash"] != hash {
            return Err("hash_conflict".into());
        }
        known.update(&view);
        Ok(json!({ "view": known.view }))
    }
}

impl State {
    /// A view over the one in which the trigger was caused.
    fn pushed(&self, below: Option<&str>, id: String, view: &Value) -> Result<OpenView, Refusal> {
        let open = |wanted: &str| self.views.iter().find(|open| open.id == wanted);
        let below = below.and_then(open).ok_or("not_found")?;
        let in_stack = self.views.iter().filter(|open| open.root == below.root);
        if in_stack.count() >= MOST_IN_A_STACK {
            return Err("push_limit_reached".into());
        }
        Ok(OpenView::over(below, id, view))
    }

    /// The people whom a call is about.
    fn about(&self, method: &str, arguments: &Arguments) -> Vec<String> {
        let given = |name: &str| arguments.ids(name).into_iter().map(str::to_owned).collect();
        let user = match method {
            "users.info" => return given("user"),
            "conversations.open" => return given("users"),
            "chat.postMessage" | "chat.update" | "chat.delete" => {
                let channel = arguments.text("channel");
                let owner = self.direct_messages.owner(channel);
                owner.map_or(channel, |person| person.id)
            }
            "views.open" | "views.push" => self
                .trigger_owner(arguments.text("trigger_id"))
                .unwrap_or_default(),
            "views.update" => {
                let id = arguments.text("view_id");
                let view = self.views.iter().find(|view| view.id == id);
                view.map_or("", |view| &view.user)
            }
            _ => return Vec::new(),
        };
        vec![user.to_owned()]
    }
}
