//! The calls, each under a timeout.

use std::{fmt, time::Duration};

use hyper_rustls::HttpsConnector;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use shared::ids::{ChannelId, MessageTs, UserId};
use slack_morphism::{
    SlackApiToken, SlackApiTokenValue, SlackClient,
    hyper_tokio::SlackClientHyperConnector,
    prelude::{SlackApiPostWebhookMessageRequest, SlackMessageContent, SlackResponseUrl},
};
use tokio::time::timeout;
use url::Url;

use super::{Method, SlackError, directory::User};
use crate::{
    egress::{Dialer, Egress},
    settings::SlackSettings,
};

/// Longest wait for an answer; Slack's own are usually well under a second.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// A trigger is good for three seconds: an answer that takes longer is of no use.
const TRIGGER_TIMEOUT: Duration = Duration::from_millis(2500);

/// Slack's Web API with our tokens.
pub(crate) struct Slack {
    client: SlackClient<SlackClientHyperConnector<HttpsConnector<Dialer>>>,
    egress: Egress,
    is_plain_http: bool,
    app_token: SlackApiToken,
    bot_token: SlackApiToken,
}

impl Slack {
    pub(crate) fn new(settings: &SlackSettings, egress: Egress) -> Self {
        let is_plain_http = settings.api_url.is_plain_http();
        let connector = SlackClientHyperConnector::with_connector(egress.https(is_plain_http))
            .with_slack_api_url(settings.api_url.as_str());
        Self {
            client: SlackClient::new(connector),
            egress,
            is_plain_http,
            app_token: token(settings.app_token.as_secret()),
            bot_token: token(settings.bot_token.as_secret()),
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
        #[derive(Deserialize)]
        struct Answer {
            url: SecretUrl,
        }
        let answer: Answer = self
            .post(&self.app_token, Method::OpenConnection, &json!({}))
            .await?;
        Ok(answer.url.0)
    }

    /// Opens a dialog for whoever caused the trigger, within its three seconds.
    pub(crate) async fn open_view(&self, trigger_id: &str, view: &Value) -> Result<(), SlackError> {
        let method = Method::OpenView;
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

    /// A user as Slack knows them.
    pub(crate) async fn user(&self, user: &UserId) -> Result<User, SlackError> {
        #[derive(Deserialize)]
        struct Answer {
            user: User,
        }
        let method = Method::UsersInfo;
        let (id, yes) = (user.to_string(), "true".to_owned());
        let parameters = vec![("user", Some(&id)), ("include_locale", Some(&yes))];
        let session = self.client.open_session(&self.bot_token);
        let call = session
            .http_session_api
            .http_get(method.as_str(), &parameters, None);
        let answer: Answer = answered(method, call).await?;
        Ok(answer.user)
    }

    /// The direct message conversation with a user.
    pub(crate) async fn open_conversation(&self, user: &UserId) -> Result<ChannelId, SlackError> {
        #[derive(Deserialize)]
        struct Answer {
            channel: Channel,
        }
        #[derive(Deserialize)]
        struct Channel {
            id: String,
        }
        let method = Method::OpenConversation;
        let request = json!({ "users": user.as_str() });
        let answer: Answer = self.post(&self.bot_token, method, &request).await?;
        ChannelId::parse(&answer.channel.id).map_err(|_| SlackError::unreadable(method))
    }

    /// Posts a message; nothing in it is unfurled.
    pub(crate) async fn post_message(
        &self,
        channel: &ChannelId,
        message: &OutgoingMessage,
    ) -> Result<MessageTs, SlackError> {
        #[derive(Deserialize)]
        struct Answer {
            ts: String,
        }
        let method = Method::PostMessage;
        let request = PostMessage {
            channel: channel.as_str(),
            text: &message.text,
            blocks: &message.blocks,
            unfurl_links: false,
            unfurl_media: false,
        };
        let answer: Answer = self.post(&self.bot_token, method, &request).await?;
        MessageTs::parse(&answer.ts).map_err(|_| SlackError::unreadable(method))
    }

    /// Replaces a message that was posted.
    pub(crate) async fn update_message(
        &self,
        channel: &ChannelId,
        ts: &MessageTs,
        message: &OutgoingMessage,
    ) -> Result<(), SlackError> {
        let request = json!({
            "channel": channel.as_str(),
            "ts": ts.as_str(),
            "text": message.text,
            "blocks": message.blocks,
        });
        self.confirm(Method::UpdateMessage, &request).await
    }

    /// Answers a slash command with words that only its sender sees.
    pub(crate) async fn respond(&self, response_url: &str, text: &str) -> Result<(), SlackError> {
        let method = Method::Respond;
        let url = Url::parse(response_url).map_err(|_| SlackError::unreadable(method))?;
        let content = SlackMessageContent::new().with_text(text.to_owned());
        let request = SlackApiPostWebhookMessageRequest::new(content);
        let url = SlackResponseUrl::from(url);
        answered(method, self.client.respond_to_event(&url, &request)).await?;
        Ok(())
    }

    /// Calls a method of whose answer only matters that it is one: the library takes whatever has
    /// status 200 and is no JSON, a proxy's page for example, for an empty answer.
    async fn confirm(
        &self,
        method: Method,
        request: &(impl Serialize + Send + Sync),
    ) -> Result<(), SlackError> {
        #[derive(Deserialize)]
        struct Answer {
            ok: bool,
        }
        let answer: Answer = self.post(&self.bot_token, method, request).await?;
        answer
            .ok
            .then_some(())
            .ok_or_else(|| SlackError::unreadable(method))
    }

    async fn post<A>(
        &self,
        token: &SlackApiToken,
        method: Method,
        request: &(impl Serialize + Send + Sync),
    ) -> Result<A, SlackError>
    where
        A: DeserializeOwned + Send,
    {
        let session = self.client.open_session(token);
        answered(
            method,
            session
                .http_session_api
                .http_post(method.as_str(), request, None),
        )
        .await
    }
}

/// A message before it is posted. Holds a link: not printed.
pub(crate) struct OutgoingMessage {
    /// What notifications show: no link, no note.
    pub(crate) text: String,
    pub(crate) blocks: Vec<Value>,
}

#[derive(Serialize)]
struct PostMessage<'a> {
    channel: &'a str,
    text: &'a str,
    blocks: &'a [Value],
    unfurl_links: bool,
    unfurl_media: bool,
}

struct SecretUrl(SecretString);

impl<'de> Deserialize<'de> for SecretUrl {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|url| Self(SecretString::from(url)))
    }
}

impl fmt::Debug for OutgoingMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OutgoingMessage([redacted])")
    }
}

async fn answered<A>(
    method: Method,
    call: impl Future<Output = slack_morphism::ClientResult<A>>,
) -> Result<A, SlackError> {
    match timeout(CALL_TIMEOUT, call).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(SlackError::reduce(method, error)),
        Err(_) => Err(SlackError::timed_out(method, CALL_TIMEOUT)),
    }
}

fn token(secret: &SecretString) -> SlackApiToken {
    SlackApiToken::new(SlackApiTokenValue::from(secret.expose_secret().to_owned()))
}
