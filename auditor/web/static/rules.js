// The editor of rules: checks while one writes, line numbers, and a jump to a line. It works without this.
"use strict";

const file = document.getElementById("content");
const found = document.getElementById("problems");
const whole = file.closest("form");

const gutter = document.createElement("pre");
gutter.setAttribute("aria-hidden", "true");
file.parentElement.prepend(gutter);
file.parentElement.classList.add("numbered");
function number() {
  const lines = file.value.split("\n").length;
  gutter.textContent = Array.from({ length: lines }, (_, i) => i + 1).join("\n");
  gutter.scrollTop = file.scrollTop;
}
file.addEventListener("scroll", () => { gutter.scrollTop = file.scrollTop; });
number();

let waiting, asked = 0;
file.addEventListener("input", () => {
  number();
  clearTimeout(waiting);
  waiting = setTimeout(check, 400);
});

async function check() {
  const turn = ++asked;
  const body = new FormData();
  body.set("content", file.value);
  body.set("csrf_token", whole.querySelector("[name=csrf_token]").value);
  try {
    const answer = await fetch(whole.dataset.check, { method: "POST", body });
    const said = await answer.text();
    if (answer.ok && turn === asked) found.innerHTML = said;
  } catch { /* the next key tries again; the button Check works in any case */ }
}

found.addEventListener("click", (event) => {
  const line = +(event.target.dataset.line || 0);
  if (!line) return;
  const before = file.value.split("\n").slice(0, line - 1);
  const start = before.join("\n").length + (line > 1 ? 1 : 0);
  const end = file.value.indexOf("\n", start);
  file.focus();
  file.setSelectionRange(start, end < 0 ? file.value.length : end);
  file.scrollTop = (line - 4) * parseFloat(getComputedStyle(file).lineHeight);
});
