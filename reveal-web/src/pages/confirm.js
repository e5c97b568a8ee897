(() => {
  let opening = false, late;
  document.documentElement.dataset.script = "";
  const say = text => { document.getElementById("opening").textContent = text };
  const hold = on => {
    opening = on;
    document.getElementById("reveal").ariaDisabled = on ? "true" : null;
  };
  addEventListener("submit", event => {
    if (opening) return event.preventDefault();
    hold(true);
    const { opening: now, late: then } = document.getElementById("opening").dataset;
    say(now);
    late = setTimeout(() => { hold(false); say(then) }, 20000);
  });
  addEventListener("click", event => {
    if (opening && event.target.closest("a")) event.preventDefault();
  });
  addEventListener("pageshow", event => {
    if (!event.persisted) return;
    clearTimeout(late);
    hold(false);
    say("");
  });
})()
