"use strict";
(() => {
  const source = document.getElementById("figures");
  const figures = source ? JSON.parse(source.textContent) : {};

  // charts name the page's colours ("@ink"); they are looked up when drawn, so that a change of theme is followed
  const colored = (value, isColor, look) => {
    if (typeof value === "string") return isColor && value.startsWith("@") ? look(value.slice(1)) : value;
    if (Array.isArray(value)) return value.map((item) => colored(item, isColor, look));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, colored(item, isColor || /color/i.test(key), look)])
    );
  };

  const draw = () => {
    const style = getComputedStyle(document.documentElement);
    const look = (name) => style.getPropertyValue("--" + name).trim();
    for (const node of document.querySelectorAll(".plot")) {
      const figure = figures[node.dataset.figure];
      const layout = colored(figure.layout, false, look);
      layout.font.family = getComputedStyle(document.body).fontFamily;
      Plotly.react(node, colored(figure.data, false, look), layout, { displayModeBar: false, responsive: true });
    }
  };
  if (source) {
    draw();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  }

  const value = (row, column) => {
    const text = row.cells[column].dataset.value;
    return text === "" ? null : isNaN(text) ? text : Number(text);
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const rows = [...table.tBodies[0].rows].sort((one, two) => {
        const [a, b] = [value(one, column), value(two, column)];
        if (a === null || b === null) return (a === null) - (b === null); // what is unknown stays below
        const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
        return up ? order : -order;
      });
      table.tBodies[0].append(...rows);
    }));
  }

  for (const table of document.querySelectorAll("table.long")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "unfold";
    const fold = (folded) => {
      table.classList.toggle("folded", folded);
      button.textContent = folded ? `Show all ${table.tBodies[0].rows.length}` : "Show fewer";
    };
    button.addEventListener("click", () => fold(!table.classList.contains("folded")));
    table.parentElement.after(button);
    fold(true);
  }
})();
