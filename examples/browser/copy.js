// Buttons that copy.
// In: a press on a button with `data-copies`. Out: its text, or that of what stands beside it, on
// the clipboard; the button says so for a moment, in a place that was kept for it.

const SAID_MS = 1600;

const SOURCES = { "copy-command": "command", "copy-code": "code-text" };

async function copy(button) {
  const text = button.dataset.text ?? document.getElementById(SOURCES[button.id]).textContent;
  let said = "Copied";
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    said = "Refused";
  }
  button.textContent = said;
  document.getElementById("news").textContent = said === "Copied" ? `Copied ${button.dataset.copies}` : "This browser does not allow copying";
  setTimeout(() => (button.textContent = "Copy"), SAID_MS);
}

export function copyButtons() {
  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-copies]");
    if (button) copy(button);
  });
}
