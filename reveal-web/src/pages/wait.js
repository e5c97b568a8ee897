addEventListener("DOMContentLoaded", () => {
  const { itself, seconds } = document.getElementById("next").dataset;
  document.getElementById("next").textContent = itself;
  setTimeout(() => history.back(), (+seconds + 5 * Math.random()) * 1000);
});
