addEventListener("DOMContentLoaded", () => {
  const at = id => document.getElementById(id), copy = at("copy"), said = at("copied");
  let secret = at("secret").textContent;
  const say = how => { said.textContent = copy.dataset[how] };
  const ask = event => { event.preventDefault(); event.returnValue = true };
  const had = () => removeEventListener("beforeunload", ask);
  addEventListener("beforeunload", ask);
  at("shown").ontoggle = had;
  copy.hidden = !navigator.clipboard;
  copy.onclick = () => {
    said.textContent = "";
    const late = setTimeout(say, 3000, "failed");
    new Promise(done => done(navigator.clipboard.writeText(secret)))
      .then(() => { had(); say("done") }, () => say("failed"))
      .finally(() => clearTimeout(late));
  };
  addEventListener("pagehide", () => {
    secret = "";
    document.querySelector("article").replaceChildren();
  });
});
