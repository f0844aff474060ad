"use strict";

// The leaderboard: filters, order, columns and pages, all of them in the address. Every cell is a text node.
(() => {
  const PAGE = 50; // rows: twice as many take a browser twice as long to lay out, at every letter that is typed
  const FILTERS = ["family", "task", "method", "setting", "folder", "status"];
  const NONE = "–";
  const { columns, fields, total } = ptmbench.data;
  const rows = ptmbench.records(ptmbench.data);
  const usual = {
    model: "", family: "", task: "", method: "", setting: "", folder: "", status: "", sort: "",
    columns: columns.filter((column) => column.shown).map((column) => column.key).join("."), page: "1",
  };
  const form = document.getElementById("filters");
  const board = document.getElementById("board");
  const boxes = document.getElementById("columns");
  const back = document.getElementById("back");
  const next = document.getElementById("next");
  let state = usual;
  let headed = "";

  const shownNumber = (value, column, sign) => {
    const signDisplay = sign ? "always" : "auto";
    return format(column.digits, signDisplay).format(value * column.scale);
  };
  const formats = new Map();
  const format = (digits, signDisplay) => {
    const key = `${digits} ${signDisplay}`;
    if (!formats.has(key)) {
      formats.set(key, new Intl.NumberFormat("en", {
        minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay,
      }));
    }
    return formats.get(key);
  };

  // Names that a reader may type again are shown as they are.
  const shownText = (key, value) => {
    if (key === "family") return ptmbench.family(value);
    return ["objective", "status"].includes(key) ? ptmbench.words(value) : value;
  };

  const element = (name, text, className) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  };

  // One cell: a figure with its interval, places, a verdict, or a text.
  const cell = (row, column) => {
    const value = row[column.key];
    const number = column.kind !== "text";
    if (value === null || value === "") return element("td", NONE, number ? "number" : "");
    if (column.kind === "places") {
      const places = value === row.place_high ? `${value}` : `${value}–${row.place_high}`;
      const made = element("td", `${places}${row.value_mark}`, "number");
      made.append(element("span", ` of ${row.places}`, "interval"));
      return made;
    }
    if (column.kind === "share" || column.kind === "difference") {
      const signed = column.kind === "difference";
      const made = element("td", `${shownNumber(value, column, signed)} `, "number");
      const [low, high] = [row[`${column.key}_low`], row[`${column.key}_high`]];
      const interval = `[${shownNumber(low, column, signed)}, ${shownNumber(high, column, signed)}]${row[`${column.key}_mark`]}`;
      made.append(element("span", interval, "interval"));
      return made;
    }
    if (number) return element("td", shownNumber(value, column, false), "number");
    const made = element("td");
    if (column.key === "verdict") made.append(element("span", value, `verdict ${value.replaceAll(" ", "_")}`));
    else made.textContent = shownText(column.key, value);
    return made;
  };

  const line = (row, chosen) => {
    const made = element("tr");
    const head = element("th");
    head.scope = "row";
    const link = element("a", row.model);
    link.href = ptmbench.address(row.page);
    link.setAttribute("aria-label", `${row.model}, ${row.task}, ${row.method}`);
    head.append(link);
    made.append(head);
    let told = row.status === "ok";
    for (const column of chosen.slice(1)) {
      if (!told && column.kind !== "text") {
        made.append(element("td", `${ptmbench.words(row.status)}: ${row.reason}`, "reason"));
        told = true;
      } else {
        made.append(cell(row, column));
      }
    }
    return made;
  };

  const matches = (row, wanted) =>
    FILTERS.every((name) => !state[name] || row[name] === state[name])
    && wanted.every((word) => row.model.toLowerCase().includes(word));

  const sorted = (found) => {
    if (!state.sort) return found;
    const falling = state.sort.startsWith("-");
    const key = falling ? state.sort.slice(1) : state.sort;
    const way = falling ? -1 : 1;
    return found.slice().sort((first, second) => {
      const [one, other] = [first[key], second[key]];
      const gone = Number(one === null || one === "") - Number(other === null || other === "");
      if (gone || one === null) return gone; // what has no figure stands last, whatever the order
      if (one !== other) return way * (one < other ? -1 : 1);
      return key === "place" ? way * (first.place_high - second.place_high) : 0;
    });
  };

  // How much of the grid of models and methods by tasks has finished, and whether times compare.
  const summary = (found) => {
    const finished = found.filter((row) => row.status === "ok");
    const ways = new Set(found.map((row) => `${row.model} ${row.method}`)).size;
    const tasks = new Set(found.map((row) => row.task)).size;
    const cells = new Set(finished.map((row) => `${row.model} ${row.method} ${row.task}`)).size;
    const machines = new Set(finished.map((row) => row.machine)).size;
    const number = format(0, "auto");
    const coming = rows.length < total ? `${number.format(rows.length)} of ${number.format(total)} cases are loaded, the others follow; ` : "";
    let text = `${coming}${number.format(finished.length)} of ${number.format(found.length)} cases finished`;
    if (found.length) {
      const share = Math.floor((100 * cells) / (ways * tasks));
      text += `; they cover ${share} % of ${number.format(ways)} models by method on ${tasks} ${tasks === 1 ? "task" : "tasks"}`;
    }
    if (machines > 1) text += `; ${machines} machines: their times do not compare`;
    return `${text}.`;
  };

  const chosenColumns = () => {
    const wanted = new Set(state.columns.split("."));
    return columns.filter((column, index) => index === 0 || wanted.has(column.key));
  };

  const drawHead = (chosen) => {
    const keys = chosen.map((column) => column.key).join(".");
    if (keys !== headed) {
      headed = keys;
      board.tHead.rows[0].replaceChildren(...chosen.map((column) => {
        const head = element("th", undefined, column.kind === "text" ? "" : "number");
        head.scope = "col";
        head.dataset.key = column.key;
        const button = element("button", column.label);
        button.type = "button";
        button.title = `${column.title}. Sort by it.`;
        button.addEventListener("click", () => sortBy(column));
        head.append(button);
        return head;
      }));
    }
    for (const head of board.tHead.rows[0].cells) {
      const direction = { [head.dataset.key]: "ascending", [`-${head.dataset.key}`]: "descending" }[state.sort];
      if (direction) head.setAttribute("aria-sort", direction);
      else head.removeAttribute("aria-sort");
    }
  };

  const sortBy = (column) => {
    const [first, second] = column.rises ? [`-${column.key}`, column.key] : [column.key, `-${column.key}`];
    change({ sort: { [first]: second, [second]: "" }[state.sort] ?? first, page: "1" });
  };

  const change = (news, quietly) => ptmbench.writeState({ ...state, ...news }, usual, quietly);

  const draw = () => {
    state = ptmbench.readState(usual);
    const wanted = state.model.toLowerCase().split(/\s+/).filter(Boolean);
    const found = sorted(rows.filter((row) => matches(row, wanted)));
    const chosen = chosenColumns();
    const pages = Math.max(1, Math.ceil(found.length / PAGE));
    const page = Math.min(pages, Math.max(1, Number.parseInt(state.page, 10) || 1));
    const start = (page - 1) * PAGE;
    drawHead(chosen);
    board.tBodies[0].replaceChildren(...found.slice(start, start + PAGE).map((row) => line(row, chosen)));
    document.getElementById("summary").textContent = found.length || rows.length < total ? summary(found) : "No case fits these filters.";
    document.getElementById("where").textContent = found.length
      ? `${start + 1}–${Math.min(start + PAGE, found.length)} of ${found.length}` : "";
    back.disabled = page <= 1;
    next.disabled = page >= pages;
    for (const name of ["model", ...FILTERS]) {
      const control = form.elements[name];
      if (control.value !== state[name]) control.value = state[name];
    }
    const shown = new Set(chosen.map((column) => column.key));
    for (const box of boxes.querySelectorAll("input")) box.checked = shown.has(box.value);
  };

  const turn = (pages) => {
    change({ page: String((Number.parseInt(state.page, 10) || 1) + pages) });
    board.scrollIntoView({ block: "start" });
  };

  const fillFilters = () => {
    for (const name of FILTERS) {
      const values = ptmbench.distinct(rows, name);
      const texts = name === "task" ? values : values.sort();
      ptmbench.fillSelect(form.elements[name], texts.map((value) => [value, shownText(name, value)]), "all");
      form.elements[name].parentElement.hidden = values.length < 2;
    }
  };
  fillFilters();
  for (const column of columns.slice(1)) {
    const label = element("label");
    label.title = column.title;
    const box = element("input");
    box.type = "checkbox";
    box.value = column.key;
    box.addEventListener("change", () => {
      const keys = [...boxes.querySelectorAll("input:checked")].map((checked) => checked.value);
      change({ columns: ["model", ...keys].join(".") });
    });
    label.append(box, column.label);
    boxes.append(label);
  }
  form.addEventListener("input", (event) => change({ [event.target.name]: event.target.value, page: "1" }, event.target.name === "model" && state.model !== ""));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    ptmbench.writeState({}, usual, false);
  });
  back.addEventListener("click", () => turn(-1));
  next.addEventListener("click", () => turn(1));
  window.addEventListener("hashchange", draw);
  draw();
  if (rows.length < total) {
    const take = (part) => rows.push(...ptmbench.records({ fields, rows: part }));
    const rest = () => ptmbench.whole(() => { fillFilters(); draw(); }, take);
    setTimeout(rest, 200); // once the first rows are shown: what loads at once delays them
  }
})();
