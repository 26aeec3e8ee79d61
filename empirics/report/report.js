// Sorting and filtering of tables. Without this script everything is there, in the order of the grid.
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

  function filter(table, words, status) {
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of table.tBodies[0].rows) {
      const content = row.textContent.toLowerCase();
      row.hidden = !wanted.every((word) => content.includes(word));
      shown += !row.hidden;
    }
    const all = table.tBodies[0].rows.length;
    status.textContent = wanted.length ? `${shown} of ${all} ${all === 1 ? "row" : "rows"}` : "";
  }

  for (const table of document.querySelectorAll("table[data-sortable]")) {
    for (const header of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...header.childNodes);
      button.addEventListener("click", () => sort(table, header));
      header.append(button);
    }
    if (table.tBodies[0].rows.length < 4) continue;
    const line = document.createElement("div");
    line.className = "filter";
    const label = document.createElement("label");
    const input = document.createElement("input");
    const status = document.createElement("span");
    input.type = "search";
    input.placeholder = "words in a row";
    status.setAttribute("role", "status");
    status.className = "soft";
    label.append("Filter ", input);
    line.append(label, status);
    input.addEventListener("input", () => filter(table, input.value, status));
    table.closest(".scroll").before(line);
  }

  const openTarget = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (target instanceof HTMLDetailsElement) target.open = true;
  };
  addEventListener("hashchange", openTarget);
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
  openTarget();
})();
