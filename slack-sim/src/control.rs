//! The routes: Slack's own, and those by which tests and the page act as people.
#![expect(
    clippy::needless_pass_by_value,
    reason = "poem's handlers take extractors by value"
)]

use std::{sync::Arc, time::Duration};

use poem::{
    Endpoint, EndpointExt as _, IntoResponse as _, Request, Response, Route, get, handler,
    http::StatusCode,
    middleware::AddData,
    post,
    web::{Data, Json, Path, Query},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    actions::{AnyFrame, Command, Submission},
    app::App,
    channels,
    faults::{Fault, HandshakeFault, Quirks},
    hub::Act,
    page, people,
    presses::Press,
    sim::Sim,
    workspace::Grid,
};

type Shared<'a> = Data<&'a Arc<Sim>>;

#[derive(Deserialize)]
struct Of {
    user: String,
}

/// The number of the first one wanted.
#[derive(Deserialize)]
struct From {
    #[serde(default)]
    from: usize,
}

/// By how many seconds.
#[derive(Deserialize)]
struct Older {
    seconds: u64,
}

/// Whether the workspace belongs to an organization.
#[derive(Deserialize)]
struct Chosen {
    grid: Grid,
}

/// What `users.info` has of somebody that is not as usual.
#[derive(Deserialize)]
struct Different {
    user: String,
    #[serde(default)]
    info: Value,
}

#[derive(Deserialize)]
struct Channel {
    channel: String,
    standing: channels::Standing,
}

#[derive(Deserialize)]
struct Close {
    user: String,
    view_id: String,
}

#[derive(Deserialize)]
struct NextHandshakes {
    fault: HandshakeFault,
    #[serde(default = "once")]
    times: usize,
}

const fn once() -> usize {
    1
}

#[derive(Deserialize)]
struct OnSockets {
    #[serde(flatten)]
    act: Act,
    /// All of them if `None`.
    #[serde(default)]
    connection: Option<usize>,
}

/// All routes.
pub(crate) fn routes(sim: Arc<Sim>) -> impl Endpoint + 'static {
    let acts = Route::new()
        .at("/users", get(users))
        .at("/views", get(views))
        .at("/messages", get(messages))
        .at("/all-messages", get(all_messages))
        .at("/postings", get(postings))
        .at("/deletions", get(deletions))
        .at("/responses", get(responses))
        .at("/age-responses", post(age_responses))
        .at("/dead-dm", post(dead_dm))
        .at("/channel", post(set_channel))
        .at("/ephemerals", get(ephemerals))
        .at("/calls", get(calls))
        .at("/connections", get(connections))
        .at("/command", post(command))
        .at("/submit", post(submit))
        .at("/press", post(press))
        .at("/close", post(close))
        .at("/trigger", post(trigger))
        .at("/envelope", post(envelope))
        .at("/frame", post(frame))
        .at("/acknowledgements", get(acknowledgements))
        .at("/fault", post(fault))
        .at("/handshake", post(handshake))
        .at("/socket", post(socket))
        .at("/quirks", get(quirks).post(set_quirks))
        .at("/app", post(set_up))
        .at("/grid", post(set_grid))
        .at("/people", post(set_person))
        .at("/heal", post(heal));
    Route::new()
        .nest("/sim", acts)
        .at("/api/:method", get(call).post(call))
        .at("/response/:id", post(respond))
        .nest("/", page::routes())
        .with(AddData::new(sim))
}

#[handler]
fn users() -> Json<Value> {
    Json(json!(people::PEOPLE))
}

#[handler]
fn views(sim: Shared<'_>, Query(of): Query<Of>) -> Json<Value> {
    let state = sim.state();
    Json(
        state
            .views
            .iter()
            .filter(|view| view.user == of.user)
            .map(|view| json!(view))
            .collect(),
    )
}

#[handler]
fn messages(sim: Shared<'_>, Query(of): Query<Of>) -> Json<Value> {
    let state = sim.state();
    let is_mine = |channel: &str| {
        let owner = state.direct_messages.owner(channel);
        channel == of.user || owner.is_some_and(|person| person.id == of.user)
    };
    let mine = state
        .messages
        .iter()
        .filter(|message| is_mine(&message.channel));
    Json(mine.map(|message| json!(message)).collect())
}

#[handler]
fn deletions(sim: Shared<'_>) -> Json<Value> {
    Json(json!(sim.state().deletions))
}

#[handler]
fn responses(sim: Shared<'_>) -> Json<Value> {
    Json(json!(sim.state().responses.list()))
}

#[handler]
fn age_responses(sim: Shared<'_>, Json(older): Json<Older>) -> Json<Value> {
    let by = Duration::from_secs(older.seconds);
    sim.state().responses.age(by);
    Json(json!({}))
}

#[handler]
fn dead_dm(sim: Shared<'_>, Json(of): Json<Of>) -> Response {
    let Some(person) = people::find(&of.user) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    sim.end_conversation(person);
    Json(json!({})).into_response()
}

#[handler]
fn set_channel(sim: Shared<'_>, Json(channel): Json<Channel>) -> Json<Value> {
    let mut state = sim.state();
    state.channels.set(channel.channel, channel.standing);
    Json(json!({}))
}

#[handler]
fn all_messages(sim: Shared<'_>) -> Json<Value> {
    Json(json!(sim.state().messages))
}

#[handler]
fn postings(sim: Shared<'_>, Query(page): Query<From>) -> Json<Value> {
    let state = sim.state();
    Json(json!(state.postings.get(page.from..).unwrap_or_default()))
}

#[handler]
fn ephemerals(sim: Shared<'_>, Query(of): Query<Of>) -> Json<Value> {
    let state = sim.state();
    let mine = state
        .ephemerals
        .iter()
        .filter(|message| message.user == of.user);
    Json(mine.map(|message| json!(message)).collect())
}

#[handler]
fn calls(sim: Shared<'_>) -> Json<Value> {
    Json(json!(sim.state().calls))
}

#[handler]
fn connections(sim: Shared<'_>) -> Json<Value> {
    let ids = sim.hub.open();
    Json(json!({ "open": ids.len(), "ids": ids }))
}

#[handler]
async fn command(sim: Shared<'_>, Json(typed): Json<Command>) -> Json<Value> {
    Json(json!(sim.type_command(typed).await))
}

#[handler]
async fn submit(sim: Shared<'_>, Json(submission): Json<Submission>) -> Response {
    or_not_found(sim.submit(submission).await.map(|outcome| json!(outcome)))
}

#[handler]
async fn press(sim: Shared<'_>, Json(press): Json<Press>) -> Response {
    or_not_found(sim.press(press).await.map(|outcome| json!(outcome)))
}

/// For envelopes that are made by hand.
#[handler]
fn trigger(sim: Shared<'_>, Json(of): Json<Of>) -> Json<Value> {
    Json(json!({ "trigger_id": sim.state().new_trigger(&of.user) }))
}

#[handler]
fn close(sim: Shared<'_>, Json(close): Json<Close>) -> Json<Value> {
    let mut state = sim.state();
    state
        .views
        .retain(|view| view.id != close.view_id || view.user != close.user);
    Json(json!({}))
}

#[handler]
async fn envelope(sim: Shared<'_>, Json(envelope): Json<Value>) -> Json<Value> {
    Json(sim.send_raw(envelope).await)
}

#[handler]
async fn frame(sim: Shared<'_>, Json(frame): Json<AnyFrame>) -> Json<Value> {
    Json(sim.send_any(frame).await)
}

#[handler]
fn fault(sim: Shared<'_>, Json(fault): Json<Fault>) -> Response {
    if let Some(mistake) = fault.mistake() {
        return mistake.with_status(StatusCode::BAD_REQUEST).into_response();
    }
    sim.state().faults.add(fault);
    Json(json!({})).into_response()
}

#[handler]
fn handshake(sim: Shared<'_>, Json(next): Json<NextHandshakes>) -> Json<Value> {
    sim.state().faults.add_handshake(next.fault, next.times);
    Json(json!({}))
}

#[handler]
fn socket(sim: Shared<'_>, Json(done): Json<OnSockets>) -> Json<Value> {
    Json(json!({ "connections": sim.hub.act(&done.act, done.connection) }))
}

#[handler]
fn quirks(sim: Shared<'_>) -> Json<Value> {
    Json(json!(sim.state().faults.quirks))
}

#[handler]
fn set_quirks(sim: Shared<'_>, Json(chosen): Json<Quirks>) -> Json<Value> {
    sim.state().faults.quirks = chosen;
    Json(json!({}))
}

#[handler]
fn set_up(sim: Shared<'_>, Json(app): Json<App>) -> Json<Value> {
    sim.state().app = app;
    Json(json!({}))
}

#[handler]
fn set_grid(sim: Shared<'_>, Json(chosen): Json<Chosen>) -> Json<Value> {
    sim.state().workspace.grid = chosen.grid;
    Json(json!({}))
}

#[handler]
fn set_person(sim: Shared<'_>, Json(different): Json<Different>) -> Response {
    if people::find(&different.user).is_none() {
        return StatusCode::NOT_FOUND.into_response();
    }
    let workspace = &mut sim.state().workspace;
    workspace.differ(&different.user, different.info);
    Json(json!({})).into_response()
}

#[handler]
fn heal(sim: Shared<'_>) -> Json<Value> {
    sim.state().faults.clear();
    Json(json!({}))
}

#[handler]
fn acknowledgements(sim: Shared<'_>) -> Json<Value> {
    Json(sim.state().acknowledgements.summary())
}

#[handler]
async fn call(
    sim: Shared<'_>,
    Path(method): Path<String>,
    request: &Request,
    body: Vec<u8>,
) -> Response {
    sim.call(&method, request, &body).await
}

#[handler]
async fn respond(sim: Shared<'_>, Path(id): Path<String>, body: Vec<u8>) -> Response {
    sim.take_response(&id, &body).await
}

fn or_not_found(outcome: Option<Value>) -> Response {
    match outcome {
        Some(outcome) => Json(outcome).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
