// Live progress of an audit: events where the browser and the service can hold them, else asking again.
"use strict";

const live = document.querySelector("[data-live]");
const FINAL = new Set(["completed", "refused", "failed", "cancelled"]);
const STATES = live && JSON.parse(live.dataset.states);
const CHECKS = live && JSON.parse(live.dataset.checks);

function show(audit) {
  if (FINAL.has(audit.state)) { location.reload(); return true; }
  const rows = live.querySelectorAll(".checklist li");
  if (rows.length !== audit.progress.length) { location.reload(); return true; }
  const words = live.querySelector("[data-state-words]");
  words.textContent = STATES[audit.state];
  words.className = `state ${audit.state}`;
  audit.progress.forEach((check, i) => {
    rows[i].dataset.state = check.state;
    rows[i].lastElementChild.textContent = CHECKS[check.state];
  });
  const done = audit.progress.filter((check) => check.state !== "waiting" && check.state !== "running").length;
  live.querySelector("progress").value = done;
  const count = live.querySelector("[data-done]");
  if (count) count.textContent = done;
  return false;
}

async function ask() {
  try {
    const answer = await fetch(live.dataset.live, { headers: { Accept: "application/json" } });
    if (answer.ok && show(await answer.json())) return;
  } catch { /* the service may be restarting: ask again */ }
  setTimeout(ask, 1500);
}

function listen() {
  const events = new EventSource(live.dataset.events);
  events.addEventListener("audit", (event) => { if (show(JSON.parse(event.data))) events.close(); });
  events.addEventListener("deleted", () => { events.close(); location.assign("/"); });
  events.onerror = () => { events.close(); ask(); };
}

if ("EventSource" in window) listen(); else ask();
