(() => {
  let opening, late;
  const hold = (on, says) => {
    const said = document.getElementById("opening");
    opening = on;
    said.textContent = said.dataset[says] ?? "";
    document.getElementById("reveal").ariaDisabled = on || null;
  };
  document.documentElement.dataset.script = "";
  addEventListener("submit", event => {
    if (opening) return event.preventDefault();
    hold(true, "opening");
    late = setTimeout(hold, 20000, false, "late");
  });
  addEventListener("click", event => {
    if (opening && event.target.closest("a")) event.preventDefault();
  });
  addEventListener("pageshow", event => {
    if (!event.persisted) return;
    clearTimeout(late);
    hold(false);
  });
})()
