"""A small app on Slack's own client, as anybody would write it; only the base URL is ours."""

import asyncio
import os

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

client = AsyncWebClient(token=os.environ["BOT_TOKEN"], base_url=os.environ["BASE_URL"])
client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=3))
app = AsyncApp(client=client)


@app.command("/sendsecret")
async def open_dialog(ack, body, client):
    await ack()
    await client.views_open(
        trigger_id=body["trigger_id"],
        view={
            "type": "modal",
            "callback_id": "send",
            "title": {"type": "plain_text", "text": "Send"},
            "submit": {"type": "plain_text", "text": "Send"},
            "blocks": [
                {
                    "type": "input",
                    "block_id": "recipient",
                    "label": {"type": "plain_text", "text": "Recipient"},
                    "element": {"type": "users_select", "action_id": "value"},
                },
                {
                    "type": "input",
                    "block_id": "secret",
                    "label": {"type": "plain_text", "text": "Secret"},
                    "element": {"type": "plain_text_input", "action_id": "value"},
                },
            ],
        },
    )


@app.view("send")
async def send(ack, view, client, body):
    values = view["state"]["values"]
    secret = values["secret"]["value"]["value"]
    if secret is None:
        await ack(response_action="errors", errors={"secret": "Type something"})
        return
    await ack()
    user = values["recipient"]["value"]["selected_user"]
    person = (await client.users_info(user=user, include_locale=True))["user"]
    channel = (await client.conversations_open(users=user))["channel"]["id"]
    posted = await client.chat_postMessage(channel=channel, text=f"for {person['name']} ({person['locale']})")
    blocks = [{"type": "actions", "elements": [button("get", "Get a link", value="row", confirm=CONFIRM)]}]
    await client.chat_update(channel=channel, ts=posted["ts"], text="changed", blocks=blocks)


def plain(text):
    return {"type": "plain_text", "text": text}


def button(action_id, text, **more):
    return {"type": "button", "action_id": action_id, "text": plain(text), "accessibility_label": text, **more}


CONFIRM = {"title": plain("Sure?"), "text": plain("It is over then."), "confirm": plain("Yes"), "deny": plain("No")}


def modal(text, *blocks):
    section = {"type": "section", "text": plain(text)}
    return {"type": "modal", "title": plain("A link"), "blocks": [section, *blocks]}


@app.action("get")
async def show_link(ack, body, action, client):
    await ack()
    opened = await client.views_open(trigger_id=body["trigger_id"], view=modal("one moment"))
    link = button("follow", "Open", url=f"https://example.org/{action['value']}/{body['user']['id']}")
    view = modal("your link", {"type": "actions", "elements": [link]})
    await client.views_update(view_id=opened["view"]["id"], view=view)
    place = body["container"]
    await client.chat_postMessage(channel=place["channel_id"], thread_ts=place["message_ts"], text="a reply")


@app.action("follow")
async def follow(ack, body, client):
    await ack()
    await client.views_update(view_id=body["view"]["id"], hash=body["view"]["hash"], view=modal("followed"))


async def main():
    await AsyncSocketModeHandler(app, os.environ["APP_TOKEN"]).start_async()


asyncio.run(main())
