"use strict";
// The page of the simulated Slack: it asks for what changed a few times a second.

const state = { people: [], user: "U0ALICE", unread: {}, seen: {}, dialog: null, shown: "" };
const at = (id) => document.getElementById(id);

async function read(path) {
  return (await fetch(`sim${path}`)).json();
}

async function act(path, body) {
  const answer = await fetch(`sim${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return answer.ok ? answer.json() : {};
}

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

function person(id) {
  return state.people.find((candidate) => candidate.id === id);
}

// A piece of rich text, in which nothing is markup.
function piece(content) {
  if (content.type !== "user") return content.text;
  return element("span", { class: "mention" }, `@${person(content.user_id)?.real_name ?? content.user_id}`);
}

// Slack's markup, as far as the app uses it. Everything else is text.
function markup(text) {
  const parts = text.split(/(<[^<>]+>|\*[^*\n]+\*|`[^`\n]+`)/);
  return parts.map((part) => {
    const mention = part.match(/^<@([A-Z0-9]+)(\|[^>]*)?>$/);
    if (mention) {
      const name = person(mention[1])?.real_name ?? mention[1];
      return element("span", { class: "mention" }, `@${name}`);
    }
    const link = part.match(/^<(https?:[^|>]+)(?:\|([^>]*))?>$/);
    if (link) return element("a", { href: link[1], target: "_blank", rel: "noopener" }, link[2] ?? link[1]);
    if (/^\*.+\*$/.test(part)) return element("b", {}, unescaped(part.slice(1, -1)));
    if (/^`.+`$/.test(part)) return element("code", {}, unescaped(part.slice(1, -1)));
    return unescaped(part);
  });
}

function unescaped(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

function words(object) {
  if (!object) return [];
  return object.type === "mrkdwn" ? markup(object.text) : [object.text];
}

// What Slack asks before a button that wants it is pressed.
function confirmed(confirm) {
  if (!confirm) return Promise.resolve(true);
  return new Promise((resolve) => {
    const answer = (yes) => () => {
      asked.remove();
      resolve(yes);
    };
    const asked = element("dialog", { class: "modal confirm", "aria-label": confirm.title.text, oncancel: answer(false) },
      element("h1", {}, ...words(confirm.title)),
      element("div", { class: "fields" }, ...words(confirm.text)),
      element("footer", {},
        element("button", { class: "button", type: "button", "data-deny": true, onclick: answer(false) }, ...words(confirm.deny)),
        element("button", { class: `primary-button ${confirm.style ?? ""}`, type: "button", "data-confirm": true, onclick: answer(true) }, ...words(confirm.confirm))));
    document.body.append(asked);
    asked.showModal();
  });
}

// `place` is a message, or an open dialog.
function button(block, place) {
  const style = `button ${block.style ?? ""}`;
  const where = () => (place.view
    ? { view_id: place.id, values: values(at("dialog").querySelector("form")) }
    : { channel: place.channel, ts: place.ts });
  const press = async () => {
    if (!await confirmed(block.confirm)) return;
    await act("/press", { user: state.user, action_id: block.action_id, ...where() });
    await refresh();
  };
  if (block.url) {
    return element("a", { class: style, href: block.url, target: "_blank", rel: "noopener", onclick: press }, ...words(block.text));
  }
  return element("button",
    { class: style, type: "button", "aria-label": block.accessibility_label, "data-action": block.action_id, onclick: press },
    ...words(block.text));
}

function block(content, place) {
  switch (content.type) {
    case "header": return element("h3", {}, ...words(content.text));
    case "section": return element("div", {}, ...words(content.text));
    case "rich_text": return element("div", {}, ...content.elements.flatMap((section) => section.elements.map(piece)));
    case "context": return element("div", { class: "context" }, ...content.elements.flatMap(words));
    case "divider": return element("hr");
    case "actions":
      return element("div", { class: "actions" }, ...content.elements.map((each) => button(each, place)));
    default: return null;
  }
}

// Whether it calls its reader by name.
function mentions(content, user) {
  return JSON.stringify([content.text, content.blocks]).includes(`<@${user}`);
}

// Each message, and its replies after it.
function inThreads(messages) {
  const known = new Set(messages.map((each) => each.ts));
  const top = messages.filter((each) => !known.has(each.thread_ts));
  return top.flatMap((each) => [each, ...messages.filter((reply) => reply.thread_ts === each.ts)]);
}

function message(content) {
  const time = new Date(Number(content.ts.split(".")[0]) * 1000);
  const clock = time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const blocks = content.blocks.length
    ? content.blocks.map((each) => block(each, content))
    : [element("div", {}, ...markup(content.text))];
  const kinds = ["message", content.thread_ts && "reply", mentions(content, state.user) && "mentions-you"];
  return element("article", { class: kinds.filter(Boolean).join(" "), "data-message-ts": content.ts },
    element("div", { class: "avatar", "aria-hidden": "true" }),
    element("div", { class: "who" }, "Secure Secret ", element("span", { class: "tag" }, "APP"),
      element("time", { datetime: time.toISOString() }, clock + (content.edited ? " (edited)" : "")),
      content.thread_ts ? element("span", { class: "only" }, " · Reply") : null,
      mentions(content, state.user) ? element("span", { class: "only" }, " · Mentions you") : null),
    element("div", { class: "body" }, ...blocks.filter(Boolean)));
}

function ephemeral(content) {
  const blocks = (content.blocks ?? []).map((each) => block(each, content)).filter(Boolean);
  return element("article", { class: "message ephemeral" },
    element("div", { class: "avatar", "aria-hidden": "true" }),
    element("div", { class: "who" }, "Secure Secret ", element("span", { class: "only" }, "Only visible to you")),
    element("div", { class: "body" }, ...(blocks.length ? blocks : markup(content.text))));
}

function notice(text) {
  at("messages").append(ephemeral({ text }));
  at("messages").scrollTop = at("messages").scrollHeight;
}

async function showMessages() {
  const [messages, ephemerals] = await Promise.all([
    read(`/messages?user=${state.user}`), read(`/ephemerals?user=${state.user}`),
  ]);
  const shown = JSON.stringify([state.user, messages, ephemerals]);
  if (shown === state.shown) return;
  state.shown = shown;
  state.seen[state.user] = messages.length;
  const list = [...inThreads(messages).map(message), ...ephemerals.map(ephemeral)];
  const empty = element("p", { class: "empty" },
    "Nothing here yet. Type /sendsecret and a colleague’s name below, or switch to somebody else at the top.");
  at("messages").replaceChildren(...(list.length ? list : [empty]));
  at("messages").scrollTop = at("messages").scrollHeight;
}

async function showUnread() {
  for (const each of state.people.filter((candidate) => reads(candidate))) {
    if (each.id === state.user) continue;
    const count = (await read(`/messages?user=${each.id}`)).length;
    // Messages can be deleted after they were seen.
    state.seen[each.id] = Math.min(state.seen[each.id] ?? 0, count);
    state.unread[each.id] = count - state.seen[each.id];
  }
  showPeople();
}

function reads(candidate) {
  return ["member", "guest", "visitor", "sibling", "external", "partner"].includes(candidate.kind);
}

function showPeople() {
  at("people").replaceChildren(...state.people.filter(reads).map((each) => {
    const unread = each.id === state.user ? 0 : state.unread[each.id] ?? 0;
    return element("li", {}, element("button", {
      type: "button", "aria-current": String(each.id === state.user), onclick: () => become(each.id),
    }, each.real_name,
    each.kind === "member" ? null : element("span", { class: "kind" }, each.kind),
    unread > 0 ? element("span", { class: "badge", "aria-label": `${unread} new` }, String(unread)) : null));
  }));
}

function become(user) {
  state.user = user;
  at("switch-user").value = user;
  at("dialog").replaceChildren();
  state.dialog = null;
  showPeople();
  refresh();
}

// The dialog.

function input(block, typed) {
  const { element: kind } = block;
  const name = `${block.block_id}/${kind.action_id}`;
  const known = typed[block.block_id]?.[kind.action_id] ?? {};
  switch (kind.type) {
    case "users_select": {
      const options = state.people.map((each) => element("option",
        { value: each.id, selected: each.id === (known.selected_user ?? kind.initial_user) }, `${each.real_name} (@${each.name})`));
      return element("select", { id: name, "data-kind": "selected_user" },
        element("option", { value: "" }, kind.placeholder?.text ?? "Choose"), ...options);
    }
    case "static_select": {
      const options = kind.options.map((each) => element("option",
        { value: each.value, selected: each.value === (known.selected_option ?? kind.initial_option?.value) }, each.text.text));
      return element("select", { id: name, "data-kind": "selected_option" }, ...options);
    }
    default:
      return element("textarea", {
        id: name, "data-kind": "value", rows: block.optional ? 2 : 4, maxlength: kind.max_length,
        placeholder: kind.placeholder?.text, spellcheck: "false", autofocus: kind.focus_on_load,
      }, known.value ?? "");
  }
}

function field(content, open) {
  if (content.type !== "input") return block(content, open);
  const control = input(content, open.typed);
  return element("div", { "data-block-id": content.block_id, "data-action-id": content.element.action_id },
    element("label", { for: control.id }, ...words(content.label),
      content.optional ? element("small", {}, " (optional)") : null),
    control,
    element("div", { "data-error-for": content.block_id, role: "alert" }),
    content.hint ? element("div", { class: "field-hint" }, ...words(content.hint)) : null);
}

// What stands in a dialog's fields may change while it stays the same dialog.
function versionOf(open) {
  return open ? `${open.id} ${open.view.hash}` : null;
}

function showDialog(open) {
  state.dialog = versionOf(open);
  if (!open) return at("dialog").replaceChildren();
  const { view } = open;
  const close = () => act("/close", { user: state.user, view_id: open.id }).then(refresh);
  const form = element("form", { class: "modal", "data-modal": open.id, role: "dialog", "aria-modal": "true", "aria-label": open.title, novalidate: true },
    element("h1", {}, open.title),
    element("div", { class: "trouble", role: "alert", hidden: true }, "We had some trouble connecting. Try again?"),
    element("div", { class: "fields" }, ...view.blocks.map((each) => field(each, open)).filter(Boolean)),
    element("footer", {},
      element("button", { class: "button", type: "button", "data-close": true, onclick: close }, view.close?.text ?? "Close"),
      view.submit ? element("button", { class: "primary-button", type: "submit", "data-submit": true }, view.submit.text) : null));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(open, form);
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  at("dialog").replaceChildren(element("div", { class: "overlay" }, form));
  (form.querySelector("textarea") ?? form.querySelector("button")).focus();
}

function values(form) {
  const given = {};
  for (const block of form.querySelectorAll("[data-block-id]")) {
    const control = block.querySelector("[data-kind]");
    const { kind } = control.dataset;
    const value = kind === "value" ? control.value : control.value || null;
    given[block.dataset.blockId] = { [block.dataset.actionId]: { [kind]: value } };
  }
  return given;
}

async function submit(open, form) {
  const send = form.querySelector("[data-submit]");
  send.disabled = true;
  const outcome = await act("/submit", { user: state.user, view_id: open.id, values: values(form) });
  send.disabled = false;
  form.querySelector(".trouble").hidden = outcome.outcome !== "trouble";
  for (const place of form.querySelectorAll("[data-error-for]")) {
    const error = outcome.errors?.[place.dataset.errorFor] ?? "";
    place.textContent = error;
    place.parentElement.classList.toggle("invalid", error !== "");
  }
  if (outcome.outcome !== "errors" && outcome.outcome !== "trouble") await refresh();
}

async function showDialogs() {
  const open = (await read(`/views?user=${state.user}`)).at(-1) ?? null;
  if (versionOf(open) !== state.dialog) showDialog(open);
}

// What goes wrong on purpose.

async function showAcknowledgements() {
  const [seen, sockets] = await Promise.all([read("/acknowledgements"), read("/connections")]);
  const millis = (time) => (time === null ? "–" : `${time.toFixed(1)} ms`);
  at("acknowledgements").textContent = `${sockets.open} connections. ${seen.count} envelopes acknowledged: `
    + `half within ${millis(seen.p50_ms)}, all within ${millis(seen.max_ms)}. `
    + `Never: ${seen.never_acknowledged.length}.`;
}

function onSubmit(form, send) {
  at(form).addEventListener("submit", (event) => {
    event.preventDefault();
    send(new FormData(at(form)));
  });
}

function offerFaults() {
  onSubmit("call-fault", (data) => act("/fault", {
    method: data.get("method"), times: Number(data.get("times")) || null, to: data.get("to") || null,
    ...JSON.parse(data.get("what")),
  }));
  for (const select of document.querySelectorAll("#call-fault [name=to], #dead-dm select")) {
    select.append(...state.people.filter(reads).map((each) => element("option", { value: each.id }, each.real_name)));
  }
  onSubmit("dead-dm", (data) => act("/dead-dm", { user: data.get("user") }));
  at("age-responses").addEventListener("click", () => act("/age-responses", { seconds: 1800 }));
  onSubmit("socket-fault", (data) => act("/socket", JSON.parse(data.get("what"))));
  onSubmit("handshake-fault", (data) => act("/handshake", { fault: data.get("what") }));
  at("quirks").addEventListener("change", () => {
    const boxes = [...at("quirks").querySelectorAll("input")];
    act("/quirks", Object.fromEntries(boxes.map((box) => {
      // What has a value is a code, or nothing.
      const code = box.checked ? box.value : null;
      return [box.name, box.hasAttribute("value") ? code : box.checked];
    })));
  });
  at("heal").addEventListener("click", () => {
    act("/heal", {});
    at("quirks").reset();
  });
}

// The composer.

const COMPLAINTS = {
  operation_timeout: "/sendsecret failed because the app did not respond (operation_timeout).",
  dispatch_failed: "/sendsecret failed because the app is not connected (dispatch_failed).",
};

async function compose(event) {
  event.preventDefault();
  const typed = at("composer").value.trim();
  at("composer").value = "";
  suggest();
  if (!typed) return;
  const [command, ...rest] = typed.split(" ");
  if (command !== "/sendsecret") {
    notice("This app reads no messages. Type /sendsecret @bob 1h");
    return;
  }
  const outcome = await act("/command", { user: state.user, command, text: rest.join(" ") });
  if (outcome.error) notice(COMPLAINTS[outcome.error] ?? outcome.error);
  await refresh();
}

function suggest() {
  const typed = at("composer").value;
  const name = typed.match(/@([\w.-]*)$/);
  let offers = [];
  if (typed && "/sendsecret".startsWith(typed)) {
    offers = [["/sendsecret ", "/sendsecret", "[@recipient] [15m|1h|4h|24h]"]];
  } else if (name) {
    offers = state.people
      .filter((each) => each.name.startsWith(name[1]))
      .map((each) => [`${typed.slice(0, name.index)}@${each.name} `, `@${each.name}`, each.real_name]);
  }
  at("suggestions").hidden = offers.length === 0;
  at("suggestions").replaceChildren(...offers.slice(0, 6).map(([text, label, more]) =>
    element("button", { type: "button", role: "option", onclick: () => take(text) }, label, element("small", {}, more))));
}

function take(text) {
  at("composer").value = text;
  at("composer").focus();
  suggest();
}

async function refresh() {
  await Promise.all([showMessages(), showDialogs()]);
}

async function start() {
  state.people = await read("/users");
  at("switch-user").replaceChildren(...state.people.filter(reads).map((each) =>
    element("option", { value: each.id }, each.real_name)));
  at("switch-user").addEventListener("change", (event) => become(event.target.value));
  at("compose").addEventListener("submit", compose);
  at("composer").addEventListener("input", suggest);
  become(state.user);
  const again = (work, pause) => {
    const next = () => setTimeout(() => work().catch(() => {}).finally(next), pause);
    next();
  };
  again(refresh, 300);
  again(showUnread, 1000);
  again(showAcknowledgements, 1000);
  offerFaults();
}

start();
