addEventListener("DOMContentLoaded", () => {
  const next = document.getElementById("next"), { itself, seconds } = next.dataset;
  next.textContent = itself;
  setTimeout(() => history.back(), seconds * 1000);
});
