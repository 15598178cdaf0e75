// Loads a page again every so many seconds where it asks for that, while somebody looks and is not at work on it.
const main = document.querySelector("main[data-refresh]");
if (main) {
  setInterval(() => {
    const busy = document.activeElement.matches("input, select, textarea, summary, button")
      || document.querySelector("details[open]") || !getSelection().isCollapsed;
    if (!document.hidden && !busy) location.reload();
  }, 1000 * main.dataset.refresh);
}

// Puts a code into the clipboard; the button shows itself only where that can be done.
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
    button.textContent = "Copied";
  });
}
