// Search among claims, sorting and filtering of tables. Without this script everything is there, in the order of the grid.
"use strict";
(() => {
  const text = (row, column) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();

  function order(left, right) {
    if (left === "" || right === "") return (left === "") - (right === "");
    const a = Number(left), b = Number(right);
    return Number.isNaN(a) || Number.isNaN(b) ? left.localeCompare(right, "en", { numeric: true }) : a - b;
  }

  function sort(table, header) {
    const ascending = header.getAttribute("aria-sort") !== "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    const rows = [...table.tBodies[0].rows];
    const empty = (row) => text(row, header.cellIndex) === "";
    rows.sort((a, b) => {
      if (empty(a) !== empty(b)) return empty(a) - empty(b);
      const found = order(text(a, header.cellIndex), text(b, header.cellIndex));
      return ascending ? found : -found;
    });
    table.tBodies[0].append(...rows);
  }

  // A box for words, and how many of the elements have them all; the others are hidden.
  function box(kind, name, hint, elements, what) {
    const line = document.createElement("div");
    line.className = kind;
    const label = document.createElement("label");
    const input = document.createElement("input");
    const status = document.createElement("span");
    input.type = "search";
    input.placeholder = hint;
    status.setAttribute("role", "status");
    status.className = "soft";
    label.append(`${name} `, input);
    line.append(label, status);
    input.addEventListener("input", () => {
      const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const element of elements) {
        const content = element.textContent.toLowerCase();
        element.hidden = !wanted.every((word) => content.includes(word));
        shown += !element.hidden;
      }
      status.textContent = wanted.length ? `${shown} of ${elements.length} ${what}${elements.length === 1 ? "" : "s"}` : "";
    });
    return line;
  }

  for (const table of document.querySelectorAll("table[data-sortable]")) {
    for (const header of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...header.childNodes);
      button.addEventListener("click", () => sort(table, header));
      header.append(button);
    }
    if (!("filter" in table.dataset) || table.tBodies[0].rows.length < 4) continue;
    const rows = [...table.tBodies[0].rows];
    table.closest(".scroll").before(box("filter", "Filter", "words in a row", rows, "row"));
  }

  const claims = [...document.querySelectorAll("details.claim")];
  const search = box("search", "Search claims", "words in a claim", claims, "claim");
  for (const [text, open] of [["Open all", true], ["Close all", false]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = text;
    button.addEventListener("click", () => document.querySelectorAll("details").forEach((d) => { d.open = open; }));
    search.append(button);
  }
  document.getElementById("claims").after(search);

  const openTarget = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    const section = target && target.closest("details");
    if (!section) return;
    section.hidden = false;
    section.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", openTarget);
  openTarget();
})();
