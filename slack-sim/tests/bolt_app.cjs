// A small app on Slack's own client, as anybody would write it; only the base URL is ours.
"use strict";

const { App, LogLevel } = require("@slack/bolt");

const app = new App({
  token: process.env.BOT_TOKEN,
  appToken: process.env.APP_TOKEN,
  socketMode: true,
  logLevel: LogLevel.WARN,
  clientOptions: { slackApiUrl: process.env.BASE_URL },
});

const plain = (text) => ({ type: "plain_text", text });

app.command("/sendsecret", async ({ ack, body, client }) => {
  await ack();
  await client.views.open({
    trigger_id: body.trigger_id,
    view: {
      type: "modal",
      callback_id: "send",
      title: plain("Send"),
      submit: plain("Send"),
      blocks: [
        {
          type: "input",
          block_id: "recipient",
          label: plain("Recipient"),
          element: { type: "users_select", action_id: "value" },
        },
        {
          type: "input",
          block_id: "secret",
          label: plain("Secret"),
          element: { type: "plain_text_input", action_id: "value" },
        },
      ],
    },
  });
});

app.view("send", async ({ ack, view, client }) => {
  const { values } = view.state;
  if (values.secret.value.value === null) {
    await ack({ response_action: "errors", errors: { secret: "Type something" } });
    return;
  }
  await ack();
  const user = values.recipient.value.selected_user;
  const { user: person } = await client.users.info({ user, include_locale: true });
  const { channel } = await client.conversations.open({ users: user });
  const text = `for ${person.name} (${person.locale})`;
  const { ts } = await client.chat.postMessage({ channel: channel.id, text });
  const elements = [button("get", "Get a link", { value: "row", confirm: CONFIRM })];
  await client.chat.update({ channel: channel.id, ts, text: "changed", blocks: [{ type: "actions", elements }] });
});

const button = (action_id, text, more) => (
  { type: "button", action_id, text: plain(text), accessibility_label: text, ...more });

const CONFIRM = { title: plain("Sure?"), text: plain("It is over then."), confirm: plain("Yes"), deny: plain("No") };

const modal = (text, ...blocks) => (
  { type: "modal", title: plain("A link"), blocks: [{ type: "section", text: plain(text) }, ...blocks] });

app.action("get", async ({ ack, body, action, client }) => {
  await ack();
  const { view: opened } = await client.views.open({ trigger_id: body.trigger_id, view: modal("one moment") });
  const link = button("follow", "Open", { url: `https://example.org/${action.value}/${body.user.id}` });
  const view = modal("your link", { type: "actions", elements: [link] });
  await client.views.update({ view_id: opened.id, view });
  const { channel_id: channel, message_ts: thread_ts } = body.container;
  await client.chat.postMessage({ channel, thread_ts, text: "a reply" });
});

app.action("follow", async ({ ack, body, client }) => {
  await ack();
  await client.views.update({ view_id: body.view.id, hash: body.view.hash, view: modal("followed") });
});

app.start();
