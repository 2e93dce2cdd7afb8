// Filters of the table of verdicts and the search, both kept in the address of the page. Works from a disk.
"use strict";

function fromAddress(form) {
  for (const [name, value] of new URLSearchParams(location.search)) {
    const field = form.elements[name];
    if (field) field.value = value;
  }
}

function toAddress(form) {
  const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
  const text = query.toString();
  try {
    history.replaceState(null, "", text ? `?${text}` : location.pathname);
  } catch (error) {
    // Some browsers refuse to change the address of a file; the filter itself works.
  }
}

function words(text) {
  return text.toLowerCase().split(/\s+/).filter(Boolean);
}

function onInput(form, show) {
  fromAddress(form);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    toAddress(form);
    show();
  });
  show();
}

function filterClaims(form) {
  // Formulas are found as they are typed, too: the page shows the letter for rho.
  const text = (row) => `${row.textContent} ${row.dataset.words}`.toLowerCase();
  const rows = [...document.querySelectorAll("#claims tbody tr")].map((row) => [row, text(row)]);
  onInput(form, () => {
    const wanted = words(form.elements.q.value);
    let count = 0;
    for (const [row, text] of rows) {
      const same = ["study", "origin", "evidence", "verdict"].every((name) => {
        const value = form.elements[name].value;
        return !value || row.dataset[name] === value;
      });
      row.hidden = !(same && wanted.every((word) => text.includes(word)));
      count += row.hidden ? 0 : 1;
    }
    document.getElementById("shown").textContent = count === 1 ? "1 claim" : `${count} claims`;
  });
}

function search(form) {
  const entries = INDEX.map((entry) => [entry, entry.join(" ").toLowerCase()]);
  onInput(form, () => {
    const wanted = words(form.elements.q.value);
    const hits = wanted.length ? entries.filter(([, text]) => wanted.every((word) => text.includes(word))) : [];
    document.getElementById("found").textContent = wanted.length
      ? `${hits.length} ${hits.length === 1 ? "hit" : "hits"}`
      : "Searches statements, sources, captions and what was measured.";
    document.getElementById("hits").replaceChildren(
      ...hits.slice(0, 100).map(([[kind, title, address]]) => {
        const item = document.createElement("li");
        const link = document.createElement("a");
        link.href = address;
        link.textContent = title;
        item.append(`${kind}: `, link);
        return item;
      }),
    );
  });
}

addEventListener("DOMContentLoaded", () => {
  const filters = document.getElementById("filters");
  if (filters) filterClaims(filters);
  const box = document.getElementById("search");
  if (box) search(box);
});
