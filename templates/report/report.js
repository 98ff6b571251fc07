// Rows of a table sort by a column: up, then down, then as they were. Without this every table is complete.
"use strict";
const words = new Intl.Collator(document.documentElement.lang, { numeric: true });

function value(cell, number) {
  if (!cell) return undefined;
  if ("value" in cell.dataset) return Number(cell.dataset.value);
  const text = cell.textContent.trim();
  const told = number ? parseFloat(text) : text;
  return told === "" || Number.isNaN(told) ? undefined : told;
}

function compare(a, b) {
  return typeof a === "number" && typeof b === "number" ? a - b : words.compare(a, b);
}

for (const table of document.querySelectorAll("figure.table table")) {
  const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0], rows = [...body.rows];
  if (rows.length < 2) continue;
  heads.forEach((head, at) => {
    if (!head.textContent.trim()) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const next = { null: "ascending", ascending: "descending" }[head.getAttribute("aria-sort")];
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      if (next) head.setAttribute("aria-sort", next);
      const turned = next === "descending" ? -1 : 1;
      const keyed = rows.map((row) => [value(row.cells[at], head.classList.contains("n")), row]);
      // stable, and what has no value stays below either way
      if (next) keyed.sort(([a], [b]) => (a === undefined) - (b === undefined) || (a !== undefined && turned * compare(a, b)) || 0);
      body.append(...keyed.map(([, row]) => row));
    });
  });
}
