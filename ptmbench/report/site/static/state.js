"use strict";

// What a page shares between its scripts: data, and its state, which lives in the part of the address after "#".
const ptmbench = {};

// The state as the address has it; what it does not say is as in `usual`.
ptmbench.readState = function readState(usual) {
  const given = new URLSearchParams(window.location.hash.slice(1));
  const state = {};
  for (const [name, value] of Object.entries(usual)) {
    state[name] = given.has(name) ? given.get(name) : value;
  }
  return state;
};

// Puts a state into the address; what is as usual is left out. `quietly` replaces the entry in the history, which
// typing would otherwise fill letter by letter. The page draws itself when the address changes, whoever changed it.
ptmbench.writeState = function writeState(state, usual, quietly) {
  const said = new URLSearchParams();
  for (const [name, value] of Object.entries(state)) {
    if (value !== usual[name]) said.set(name, value);
  }
  const hash = `#${said}`;
  if (quietly) window.location.replace(hash);
  else window.location.hash = hash;
};

// Options of a select: texts only, since names of models and folders may hold anything.
ptmbench.fillSelect = function fillSelect(select, values, first) {
  const options = first === undefined ? [] : [new Option(first, "")];
  for (const value of values) {
    const [key, label] = Array.isArray(value) ? value : [value, value];
    options.push(new Option(label, key));
  }
  select.replaceChildren(...options);
};

// Rows of figures as objects with named fields.
ptmbench.records = function records(data) {
  return data.rows.map((row) => Object.fromEntries(data.fields.map((name, index) => [name, row[index]])));
};

ptmbench.distinct = function distinct(rows, name) {
  return [...new Set(rows.map((row) => row[name]))];
};

// A relative address made of a path whose parts may hold anything.
ptmbench.address = function address(path) {
  const cases = "cases.html#"; // a case of a large site: what leads to it stands behind the #
  const start = path.startsWith(cases) ? cases : "";
  return start + path.slice(start.length).split("/").map(encodeURIComponent).join("/");
};

// Loads a script of the site: pages of a folder may load scripts, but not read files.
ptmbench.load = function load(address, loaded, failed = () => {}) {
  const script = document.createElement("script");
  script.src = address;
  script.addEventListener("load", loaded);
  script.addEventListener("error", failed);
  document.head.append(script);
};

// Loads the rows that the leaderboard's first part leaves to others; `taken` gets those of each part, then all is there.
ptmbench.whole = function whole(ready, taken) {
  const next = (part) => {
    if (part > ptmbench.data.parts) ready();
    else ptmbench.load(`assets/data-${part}.js`, () => { taken(ptmbench.rows); next(part + 1); }, ready);
  };
  next(1);
};

ptmbench.family = function family(name) {
  return String(name).replaceAll("_", "-");
};

ptmbench.words = function words(name) {
  return String(name).replaceAll("_", " ");
};
