// Small help for the form. Every page works without it.
"use strict";

for (const summary of document.querySelectorAll("[data-focus]")) summary.focus();

// A link to a field inside a closed part opens that part first.
function reveal() {
  const field = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!field) return;
  for (let part = field.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
  field.focus();
}
addEventListener("hashchange", reveal);
reveal();

// Choosing columns says that columns are chosen.
for (const box of document.querySelectorAll("fieldset details input[type=checkbox]")) {
  box.addEventListener("change", () => {
    const chosen = box.closest("fieldset").querySelector("input[type=radio][value=chosen]");
    if (chosen && box.checked) chosen.checked = true;
  });
}

// Files are sent as they are, with progress, as soon as they are chosen.
let sending = 0, words = {};
const form = document.querySelector("form[data-uploads]");
if (form) {
  const token = form.querySelector("[name=csrf_token]").value;
  words = JSON.parse(form.dataset.uploads);
  for (const button of form.querySelectorAll("[data-plain]")) button.hidden = true;
  for (const question of form.querySelectorAll("[data-upload]")) {
    const input = question.querySelector("input[type=file]");
    const chosen = () => input.files.length && send(question, input, token);
    input.addEventListener("change", chosen);
    chosen(); // a file may have been chosen before this script arrived
  }
}

function send(question, input, token) {
  const file = input.files[0];
  const said = question.querySelector("[data-said]");
  const bar = document.createElement("progress");
  const request = new XMLHttpRequest();
  const busy = (delta) => {
    sending += delta;
    for (const button of form.querySelectorAll(".actions button")) button.disabled = sending > 0;
  };
  bar.max = file.size || 1;
  bar.setAttribute("aria-label", words.of.replace("{name}", () => file.name));
  said.replaceChildren(words.sending.replace("{name}", () => file.name), bar);
  question.classList.remove("wrong");
  busy(1);
  request.upload.onprogress = (event) => { bar.value = event.loaded; };
  request.upload.onload = () => said.replaceChildren(words.reading.replace("{name}", () => file.name));
  request.onload = () => {
    busy(-1);
    if (request.status === 204) {
      input.value = "";
      if (!sending) form.requestSubmit(form.querySelector("[data-plain]")); // keeps what was typed meanwhile
      return;
    }
    const sentence = request.status === 422 ? request.responseText
      : request.status === 413 ? words.large
      : words.lost;
    refuse(question, said, input, sentence);
  };
  request.onerror = () => { busy(-1); refuse(question, said, input, words.lost); };
  const said_of = new URLSearchParams({ name: file.name });
  for (const field of question.querySelectorAll(".written select, .written input")) said_of.set(field.name.split(".").pop(), field.value);
  request.open("PUT", `${question.dataset.upload}?${said_of}`);
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.setRequestHeader("X-CSRFToken", token);
  request.send(file);
}

function refuse(question, said, input, sentence) {
  const line = document.createElement("span");
  line.className = "wrong-sentence";
  line.textContent = sentence;
  said.replaceChildren(line);
  question.classList.add("wrong");
  input.value = "";
}
