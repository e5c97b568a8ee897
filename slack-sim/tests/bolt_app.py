"""A small app on Slack's own client, as anybody would write it; only the base URL is ours."""

import asyncio
import os

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

client = AsyncWebClient(token=os.environ["BOT_TOKEN"], base_url=os.environ["BASE_URL"])
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
    await client.chat_update(channel=channel, ts=posted["ts"], text="changed")


async def main():
    await AsyncSocketModeHandler(app, os.environ["APP_TOKEN"]).start_async()


asyncio.run(main())
