"use strict";

// The page of any case of a large site: the address says which, and in which part its figures lie. Every text is a text
// node; figures are written as `case.py` writes them.
(() => {
  const place = document.getElementById("case");
  const rules = JSON.parse(document.getElementById("rules").textContent);
  const [shares, points, elsewhere] = ["shares", "points", "elsewhere"].map((name) => new Set(rules[name]));

  const element = (name, attributes, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children.filter((child) => child !== null));
    return made;
  };
  const link = (page, text, attributes = {}) => element("a", { href: ptmbench.address(page), ...attributes }, text);
  const quiet = (text) => element("span", { class: "quiet" }, text);

  const nameOf = (path) => path.split(".")
    .map((part) => rules.words[part] ?? part.replace(/(_per_s|_s|_bytes|_j)$/, "").replaceAll("_", " ")).join(" · ");
  const unitOf = (path) => {
    if (path.endsWith("batch_size")) return "";
    for (const part of path.split(".").reverse()) {
      for (const [ending, unit] of rules.units) if (part.endsWith(ending)) return unit;
    }
    return "";
  };
  const written = (value, unit) => {
    const grouped = (number, digits) => number.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    if (unit === "s") return value < 1 ? `${Number((1e3 * value).toPrecision(4))} ms` : `${grouped(value, 2)} s`;
    if (unit === "B") return `${grouped(value / 2 ** 20, 2)} MiB (${grouped(value, 0)} bytes)`;
    const text = Number.isInteger(value) ? grouped(value, 0) : String(Number(value.toPrecision(6)));
    return unit ? `${text} ${unit}` : text;
  };
  const shown = (path, value) => {
    if (Array.isArray(value)) return value.map((entry) => shown(path, entry)).join(", ") || "none";
    if (typeof value === "boolean") return value ? "yes" : "no";
    if (typeof value !== "number") return String(value);
    if (points.has(path)) return `${value < 0 ? "" : "+"}${(100 * value).toFixed(2)} points`;
    return shares.has(path) ? `${(100 * value).toFixed(2)} %` : written(value, unitOf(path));
  };

  // The figures at a path below a root, or those below it: name, text, and the reason where there is none.
  const figures = (root, path, value, missing) => {
    const whole = `${root}.${path}`;
    if (value === null) return [[nameOf(path), null, missing[whole] ?? "not there"]];
    if (elsewhere.has(whole)) return [];
    if (typeof value === "object" && !Array.isArray(value)) {
      const below = Object.entries(value).flatMap(([key, entry]) => figures(root, `${path}.${key}`, entry, missing));
      return below.length ? below : [[nameOf(path), "none"]];
    }
    return [[nameOf(path), shown(whole, value)]];
  };

  const section = (key, heading, ...children) =>
    element("section", { "aria-labelledby": `${key}-heading` }, element("h2", { id: `${key}-heading` }, heading), ...children);
  const plot = (key, heading, told, large = false) =>
    section(key, heading, element("figure", {}, element("div", { id: key, class: large ? "plot" : "plot small" }), element("figcaption", {}, told)));
  const table = (caption, heads, rows) => element("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": caption },
    element("table", { class: "plain" }, element("caption", {}, caption),
      element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head)))),
      element("tbody", {}, ...rows.map(([first, ...cells]) => element("tr", {}, element("th", { scope: "row" }, first), ...cells.map((cell) => element("td", {}, cell)))))));

  const group = ([title, path, skipped], record) => {
    const value = path.split(".").reduce((found, part) => found?.[part] ?? null, record);
    const head = element("h3", {}, title);
    if (value === null) return element("section", {}, head, element("p", { class: "note" }, `None: ${record.missing[path] ?? "not there"}`));
    const mark = rules.marks[value.interval_kind] ?? "";
    const marked = ([name, text, reason]) => [name, name === rules.words.interval95 ? `${text}${mark}` : text, reason];
    const found = Object.entries(value).filter(([key]) => !skipped.includes(key))
      .flatMap(([key, entry]) => figures(path, key, entry, record.missing)).map(marked);
    return element("section", {}, head, element("dl", { class: "figures" }, ...found.map(([name, text, reason]) =>
      element("div", {}, element("dt", {}, name), element("dd", {}, text === null ? quiet(`none: ${reason}`) : text)))));
  };

  const head = ({ record, card, folder, setting }) => {
    const { model, task, method } = record.case;
    const trained = model.family === "control" ? "" : `, pre-trained by ${ptmbench.words(model.objective)} on ${model.source}`;
    return [
      element("h1", {}, link(card, model.name), " ", quiet("on"), ` ${task.name} `, quiet("by"), ` ${method.name}`),
      element("p", { class: "lead" }, `${ptmbench.family(model.family)}${trained}; ${ptmbench.words(task.kind)}; ${setting}; from the folder ${folder}.`),
    ];
  };

  const standing = ({ record, headline, verdict, below, notes }) => {
    if (record.status !== "ok") return [element("p", { class: "note" }, element("strong", {}, ptmbench.words(record.status)), `: ${record.reason}`)];
    const mark = verdict && element("span", { class: `verdict ${verdict[0]}` }, verdict[1]);
    const cards = headline.map(([key, label, text]) =>
      element("div", {}, element("dt", {}, label), element("dd", {}, `${text} `, key === "gain" ? mark : null)));
    return [element("dl", { class: "cards" }, ...cards), below ? element("p", { class: "note" }, "Below its floor.") : null,
      notes.length ? element("ul", { class: "quiet" }, ...notes.map((note) => element("li", {}, note))) : null];
  };

  const again = ({ record, command }) => {
    const { machine, device, ptmbench: version, commit } = record.provenance;
    return section("again", "Run it again", element("pre", { tabindex: "0", "aria-label": "Command" }, element("code", {}, command)),
      element("p", { class: "quiet" }, `On ${machine.cpu}, device ${device}, ptmbench ${version}, commit ${commit}.`));
  };

  const drawings = ({ record, charts, runs }) => [
    charts.latency ? plot("latency", "Latency", `${charts.latency.samples.length} measured batches of ${record.cost.latency_s.batch_size}; of the ${record.cost.latency_s.scope}.`) : null,
    charts.history ? plot("history", "History", "The same case in several folders, with 95 % intervals.") : null,
    runs.length ? table("All runs of this case at this setting", ["started", "folder", "status", "quality % [95 %]", "p50 ms", "machine", "commit"],
      runs.map(([page, started, folder, status, ...cells]) => [link(page, started, cells.pop() ? { "aria-current": "page" } : {}), folder, ptmbench.words(status), ...cells])) : null,
    charts.roc ? plot("roc", "Privacy", "How many of the examples that were learned from a membership attack finds, against how many others it takes for them; both axes logarithmic. On the dotted line nothing is told.") : null,
    record.representation?.probe_by_stage ? section("stages", "Stage by stage", table("At the end of each stage of the network as it came: the metric on the validation split of a linear probe, and how many dimensions the features fill", ["stage ends with", "%", "effective rank"],
      Object.entries(record.representation.probe_by_stage).map(([name, share]) => [name, (100 * share).toFixed(1), record.representation.rank_by_stage[name].toFixed(1)]))) : null,
    charts.curve ? plot("curve", "Learning curve", "On the validation split, mean over seeds; the band reaches from the lowest to the highest seed.") : null,
    charts.corrupted ? plot("corrupted", "Corrupted test examples", "Severity 0 is the clean test split.", true) : null,
  ];

  const pictures = ({ pictures: found }) => (found.length ? section("pictures", "Test pictures", ...found.map(([page, name, reason, shows]) => (page === null
    ? element("p", { class: "note" }, `${name} is not shown: ${reason}.`)
    : element("figure", {}, element("img", { src: ptmbench.address(page), alt: shows }), element("figcaption", {}, `${shows}.`))))) : null);

  const draw = (found) => {
    const { record, charts } = found;
    document.title = `${record.case.id} · ptmbench`;
    const seeds = record.quality && section("seeds", "Seeds", table("The metric on the test split at each seed", ["seed", "%"],
      record.quality.seeds.map((one) => [String(one.seed), (100 * one.value).toFixed(2)])));
    const all = section("figures", "Everything in the record", element("div", { class: "groups" }, ...rules.groups.filter(([, path]) => path.split(".")[0] in record || path in record.missing).map((one) => group(one, record))));
    const parts = [...head(found), ...standing(found), again(found), ...drawings(found), seeds, pictures(found), all];
    place.replaceChildren(...parts.filter((part) => part));
    place.append(element("script", { type: "application/json", id: "data" }, JSON.stringify(charts)));
    ptmbench.load("assets/case.js", () => {});
  };

  const told = (text) => place.replaceChildren(element("h1", {}, "Case"), element("p", { class: "note", role: "status" }, text));
  const address = window.location.hash.slice(1);
  const [part, ...names] = address.split("/").map(decodeURIComponent);
  window.addEventListener("hashchange", () => window.location.reload());
  if (/^[0-9]+$/.test(part)) {
    ptmbench.load(`assets/cases/${part}.js`, () => {
      const found = Object.hasOwn(ptmbench.cases, names.join("/")) ? ptmbench.cases[names.join("/")] : null;
      if (found) draw(found);
      else told(`${names.join("/")} is not in this site.`);
    }, () => told(`${names.join("/")} is not in this site.`));
  }
})();
