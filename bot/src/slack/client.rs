//! The calls, each under a timeout.

use std::{fmt, time::Duration};

use hyper_rustls::HttpsConnector;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde_json::{Value, json, value::RawValue};
use shared::domain::ids::{ChannelId, MessageTs, UserId};
use slack_morphism::{
    SlackApiToken, SlackApiTokenValue, SlackClient, hyper_tokio::SlackClientHyperConnector,
};
use tokio::time::timeout;

use super::{
    Method, Objection, SlackError, Validated, answer, directory::User, error::ErrorKind,
    pauses::Pauses, respond::Responder, validate,
};
use crate::{
    egress::{Dialer, Egress},
    lenient::{Object, Unreadable},
    settings::SlackSettings,
};

/// Longest wait for an answer; Slack's own are usually well under a second.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// A trigger is good for three seconds: of one whose answer takes longer it is asked once more in
/// that time whether it was used.
const TRIGGER_TIMEOUT: Duration = Duration::from_secs(2);

/// Slack's Web API with our tokens.
pub(crate) struct Slack {
    client: SlackClient<SlackClientHyperConnector<HttpsConnector<Dialer>>>,
    responder: Responder,
    egress: Egress,
    is_plain_http: bool,
    app_token: SlackApiToken,
    bot_token: SlackApiToken,
    pauses: Pauses,
}

impl Slack {
    pub(crate) fn new(settings: &SlackSettings, egress: Egress) -> Self {
        let is_plain_http = settings.api_url.is_plain_http();
        let connector = SlackClientHyperConnector::with_connector(egress.https(is_plain_http))
            .with_slack_api_url(settings.api_url.as_str());
        Self {
            client: SlackClient::new(connector),
            responder: Responder::new(&egress, is_plain_http),
            egress,
            is_plain_http,
            app_token: token(settings.app_token.as_secret()),
            bot_token: token(settings.bot_token.as_secret()),
            pauses: Pauses::default(),
        }
    }

    /// The way to Slack, for the WebSocket.
    pub(crate) const fn egress(&self) -> &Egress {
        &self.egress
    }

    /// Whether Slack is a simulated one on this machine, to which unencrypted connections may go.
    pub(crate) const fn is_plain_http(&self) -> bool {
        self.is_plain_http
    }

    /// Asks whether the bot token is good.
    pub(crate) async fn check_bot_token(&self) -> Result<(), SlackError> {
        self.confirm(Method::AuthTest, &json!({})).await
    }

    /// The address of a new Socket Mode connection. It holds a ticket: it is good for one
    /// connection, and is not printed.
    pub(crate) async fn open_connection(&self) -> Result<SecretString, SlackError> {
        let method = Method::OpenConnection;
        self.post(&self.app_token, method, &json!({}), "url", answer::url)
            .await
    }

    /// Opens a dialog for whoever caused the trigger, within its three seconds.
    pub(crate) async fn open_view(&self, trigger_id: &str, view: &Value) -> Result<(), SlackError> {
        let method = Method::OpenView;
        let request = json!({ "trigger_id": trigger_id, "view": view });
        timeout(TRIGGER_TIMEOUT, self.confirm(method, &request))
            .await
            .map_err(|_| SlackError::timed_out(method, TRIGGER_TIMEOUT))?
    }

    /// The same; says which view it is, to be changed.
    pub(crate) async fn open_view_to_change(
        &self,
        trigger_id: &str,
        view: &Value,
    ) -> Result<String, SlackError> {
        let method = Method::OpenView;
        let request = json!({ "trigger_id": trigger_id, "view": view });
        let opened = self.post(&self.bot_token, method, &request, "view", answer::view);
        timeout(TRIGGER_TIMEOUT, opened)
            .await
            .map_err(|_| SlackError::timed_out(method, TRIGGER_TIMEOUT))?
    }

    /// Shows something over an open dialog for whoever caused the trigger there, within its three
    /// seconds.
    pub(crate) async fn push_view(&self, trigger_id: &str, view: &Value) -> Result<(), SlackError> {
        let method = Method::PushView;
        let request = json!({ "trigger_id": trigger_id, "view": view });
        timeout(TRIGGER_TIMEOUT, self.confirm(method, &request))
            .await
            .map_err(|_| SlackError::timed_out(method, TRIGGER_TIMEOUT))?
    }

    /// Changes an open dialog, unless it was changed since it had this hash.
    pub(crate) async fn update_view(
        &self,
        view_id: &str,
        hash: &str,
        view: &Value,
    ) -> Result<(), SlackError> {
        let request = json!({ "view_id": view_id, "hash": hash, "view": view });
        self.confirm(Method::UpdateView, &request).await
    }

    /// Shows something else in a view of ours, whatever it shows.
    pub(crate) async fn replace_view(&self, view_id: &str, view: &Value) -> Result<(), SlackError> {
        let request = json!({ "view_id": view_id, "view": view });
        self.confirm(Method::UpdateView, &request).await
    }

    /// A user as Slack knows them.
    pub(crate) async fn user(&self, user: &UserId) -> Result<User, SlackError> {
        let method = Method::UsersInfo;
        let (id, yes) = (user.to_string(), "true".to_owned());
        let parameters = vec![("user", Some(&id)), ("include_locale", Some(&yes))];
        let session = self.client.open_session(&self.bot_token);
        let call = session
            .http_session_api
            .http_get(method.as_str(), &parameters, None);
        self.answered(method, call, "user", answer::user).await
    }

    /// The direct message conversation with a user.
    pub(crate) async fn open_conversation(&self, user: &UserId) -> Result<ChannelId, SlackError> {
        let method = Method::OpenConversation;
        let request = json!({ "users": user.as_str() });
        self.post(
            &self.bot_token,
            method,
            &request,
            "channel",
            answer::channel,
        )
        .await
    }

    /// Posts a message, in the thread below another one if that is named; nothing in it is
    /// unfurled.
    pub(crate) async fn post_message(
        &self,
        channel: &ChannelId,
        thread: Option<&MessageTs>,
        message: &OutgoingMessage,
    ) -> Result<MessageTs, SlackError> {
        message
            .sent(|blocks| self.post_blocks(channel, thread, message, blocks))
            .await
    }

    async fn post_blocks(
        &self,
        channel: &ChannelId,
        thread: Option<&MessageTs>,
        message: &OutgoingMessage,
        blocks: &[Value],
    ) -> Result<MessageTs, SlackError> {
        let method = Method::PostMessage;
        let request = PostMessage {
            channel: channel.as_str(),
            thread_ts: thread.map(MessageTs::as_str),
            text: &message.text,
            blocks,
            unfurl_links: false,
            unfurl_media: false,
        };
        self.post(&self.bot_token, method, &request, "ts", answer::posted_as)
            .await
    }

    /// Replaces a message that was posted.
    pub(crate) async fn update_message(
        &self,
        channel: &ChannelId,
        ts: &MessageTs,
        message: &OutgoingMessage,
    ) -> Result<(), SlackError> {
        message
            .sent(|blocks| self.update_blocks(channel, ts, message, blocks))
            .await
    }

    async fn update_blocks(
        &self,
        channel: &ChannelId,
        ts: &MessageTs,
        message: &OutgoingMessage,
        blocks: &[Value],
    ) -> Result<(), SlackError> {
        let request = json!({
            "channel": channel.as_str(),
            "ts": ts.as_str(),
            "text": message.text,
            "blocks": blocks,
        });
        self.confirm(Method::UpdateMessage, &request).await
    }

    /// Removes a message that was posted.
    pub(crate) async fn delete_message(
        &self,
        channel: &ChannelId,
        ts: &MessageTs,
    ) -> Result<(), SlackError> {
        let request = json!({ "channel": channel.as_str(), "ts": ts.as_str() });
        self.confirm(Method::DeleteMessage, &request).await
    }

    /// Asks what Slack has against a view or a message of made-up content: nothing is posted.
    pub(crate) async fn validate(
        &self,
        validated: &Validated,
    ) -> Result<Vec<Objection>, SlackError> {
        let method = Method::ValidateBlocks;
        let session = self.client.open_session(&self.bot_token);
        let request = validated.request();
        let call = session
            .http_session_api
            .http_post(method.as_str(), &request, None);
        self.asked(method, call, |answer| validate::objections(method, answer))
            .await
    }

    /// Answers a slash command with words that only its sender sees.
    pub(crate) async fn respond(&self, response_url: &str, text: &str) -> Result<(), SlackError> {
        let answered = self.responder.post(response_url, text);
        timeout(CALL_TIMEOUT, answered)
            .await
            .unwrap_or(Err(SlackError::timed_out(Method::Respond, CALL_TIMEOUT)))
    }

    /// Calls a method of whose answer only matters that it is one, and not a proxy's page for
    /// example.
    async fn confirm(
        &self,
        method: Method,
        request: &(impl Serialize + Send + Sync),
    ) -> Result<(), SlackError> {
        let shows = match method {
            Method::OpenView | Method::PushView | Method::UpdateView => "view",
            Method::UpdateMessage | Method::DeleteMessage => "ts",
            _ => "user_id",
        };
        self.post(&self.bot_token, method, request, shows, |_| Ok(()))
            .await
    }

    async fn post<T>(
        &self,
        token: &SlackApiToken,
        method: Method,
        request: &(impl Serialize + Send + Sync),
        shows: &'static str,
        wanted: impl FnOnce(&Object<'_>) -> Result<T, Unreadable>,
    ) -> Result<T, SlackError> {
        let session = self.client.open_session(token);
        let call = session
            .http_session_api
            .http_post(method.as_str(), request, None);
        self.answered(method, call, shows, wanted).await
    }

    /// Waits for an answer, and reads what is wanted of it.
    async fn answered<T>(
        &self,
        method: Method,
        call: impl Future<Output = slack_morphism::ClientResult<Box<RawValue>>>,
        shows: &'static str,
        wanted: impl FnOnce(&Object<'_>) -> Result<T, Unreadable>,
    ) -> Result<T, SlackError> {
        let read = |answer: &str| answer::read(method, answer, Some(shows), wanted);
        self.asked(method, call, read).await
    }

    /// Waits for an answer; asks nothing while Slack wants the method to be left alone.
    async fn asked<T>(
        &self,
        method: Method,
        call: impl Future<Output = slack_morphism::ClientResult<Box<RawValue>>>,
        read: impl FnOnce(&str) -> Result<T, SlackError>,
    ) -> Result<T, SlackError> {
        if let Some(rest) = self.pauses.rest(method) {
            return Err(SlackError::rate_limited(method, rest));
        }
        let read = match timeout(CALL_TIMEOUT, call).await {
            Ok(got) => answer::text_of(method, got).and_then(|answer| read(&answer)),
            Err(_) => Err(SlackError::timed_out(method, CALL_TIMEOUT)),
        };
        if let Err(SlackError {
            kind: ErrorKind::RateLimited { retry_after },
            ..
        }) = &read
        {
            self.pauses.announce(method, *retry_after);
        }
        read
    }
}

/// A message before it is posted. Holds a link: not printed.
pub(crate) struct OutgoingMessage {
    /// What screen readers and phones get: no link, no note.
    pub(crate) text: String,
    pub(crate) blocks: Vec<Value>,
    /// The same without a mention, where there is one: of somebody whom it doesn't show this app,
    /// Slack may take none.
    pub(crate) unmentioned: Option<Vec<Value>>,
}

impl OutgoingMessage {
    /// Sends its blocks, and when Slack refuses them, those without a mention.
    async fn sent<'a, T, F: Future<Output = Result<T, SlackError>>>(
        &'a self,
        send: impl Fn(&'a [Value]) -> F,
    ) -> Result<T, SlackError> {
        match (send(&self.blocks).await, &self.unmentioned) {
            (Err(error), Some(blocks)) if error.is_refused_blocks() => send(blocks).await,
            (outcome, _) => outcome,
        }
    }
}

#[derive(Serialize)]
struct PostMessage<'a> {
    channel: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_ts: Option<&'a str>,
    text: &'a str,
    blocks: &'a [Value],
    unfurl_links: bool,
    unfurl_media: bool,
}

impl fmt::Debug for OutgoingMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OutgoingMessage([redacted])")
    }
}

fn token(secret: &SecretString) -> SlackApiToken {
    SlackApiToken::new(SlackApiTokenValue::from(secret.expose_secret().to_owned()))
}

#[cfg(test)]
mod tests {
    use std::{
        num::NonZeroU8,
        sync::{
            Arc,
            atomic::{AtomicU32, Ordering},
        },
    };

    use shared::operate::settings::{AppToken, BotToken, SlackApiUrl};
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;
    use crate::{egress::EgressSettings, slack::pauses::LONGEST};

    /// A Slack that gives each call the same answer, and counts the calls.
    async fn slack(head: &'static str) -> (Slack, Arc<AtomicU32>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let calls = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&calls);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _read = stream.read(&mut [0; 8192]).await.unwrap();
                counted.fetch_add(1, Ordering::SeqCst);
                let body = r#"{"ok":false,"error":"ratelimited"}"#;
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {head}Content-Type: application/json\r\nConnection: close\r\n\
                     Content-Length: {length}\r\n\r\n{body}"
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        let settings = SlackSettings {
            api_url: SlackApiUrl::parse(&format!("http://{address}/api")).unwrap(),
            app_token: AppToken::parse("xapp-1-A0-0-canary").unwrap(),
            bot_token: BotToken::parse("xoxb-0-0-canary").unwrap(),
            connections: NonZeroU8::MIN,
        };
        let egress = Egress::new(&EgressSettings {
            proxy: None,
            no_proxy: None,
            ca_bundle: None,
        });
        (Slack::new(&settings, egress.unwrap()), calls)
    }

    /// What the library makes of each form of `Retry-After`, and what of it is kept.
    #[tokio::test]
    async fn nothing_calls_into_a_pause_however_it_was_announced() {
        for (head, longest) in [
            ("429 Too Many Requests\r\nRetry-After: 8\r\n", 8),
            ("429 Too Many Requests\r\n", 1),
            ("429 Too Many Requests\r\nRetry-After: 0\r\n", 1),
            ("429 Too Many Requests\r\nRetry-After: 1.5\r\n", 1),
            ("429 Too Many Requests\r\nRetry-After: -8\r\n", 1),
            ("429 Too Many Requests\r\nRetry-After: soon\r\n", 1),
            (
                "429 Too Many Requests\r\nRetry-After: Wed, 25 Nov 2026 21:00:00 GMT\r\n",
                1,
            ),
            (
                "429 Too Many Requests\r\nRetry-After: 86400\r\n",
                LONGEST.as_secs(),
            ),
            (
                "429 Too Many Requests\r\nRetry-After: 18446744073709551615\r\n",
                LONGEST.as_secs(),
            ),
            (
                "429 Too Many Requests\r\nRetry-After: 99999999999999999999999\r\n",
                1,
            ),
            ("200 OK\r\n", 1),
        ] {
            let (slack, calls) = slack(head).await;
            let first = slack.check_bot_token().await.unwrap_err();
            assert!(
                matches!(first.kind, ErrorKind::RateLimited { .. }),
                "{head}: {first}"
            );
            // A busy machine does not use the pause up.
            tokio::time::pause();
            assert!(first.retry_after() <= Some(LONGEST), "{head}: {first:?}");
            let second = slack.check_bot_token().await.unwrap_err();
            let rest = second.retry_after().unwrap();
            let longest = Duration::from_secs(longest);
            assert!(rest <= longest, "{head}: {rest:?}");
            assert!(
                rest + Duration::from_millis(900) > longest,
                "{head}: {rest:?}"
            );
            assert_eq!(calls.load(Ordering::SeqCst), 1, "{head}");
            tokio::time::resume();
            let user = UserId::parse("U0123ABCD").unwrap();
            slack.user(&user).await.unwrap_err();
            assert_eq!(calls.load(Ordering::SeqCst), 2, "another method: {head}");
        }
    }
}
