"use strict";

// How charts look: colours that differ in light and dark, shapes beside them, and texts that Plotly may not read as HTML.
ptmbench.plots = (() => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "cross", "x", "triangle-down", "pentagon", "star", "hexagram"];
  const DASHES = ["solid", "dash", "dot", "dashdot", "longdash"];
  const LIGHT = ["#0b62b0", "#a84a00", "#00705c", "#8a2f86", "#7a5b00", "#b3243f", "#3d4ac2", "#55606b"];
  const DARK = ["#6cb6ff", "#ffa85c", "#4fd6b0", "#e49be0", "#e3c04a", "#ff93a5", "#aab4ff", "#b4bec8"];
  const FAMILIES = ["supervised", "unsupervised", "self_supervised", "control"];
  const CONFIG = { displaylogo: false, responsive: true, modeBarButtonsToRemove: ["select2d", "lasso2d"] };

  const colour = (index) => (dark.matches ? DARK : LIGHT)[index % LIGHT.length];
  const familyColour = (family) => colour(family === "control" ? 7 : Math.max(0, FAMILIES.indexOf(family)));
  const symbol = (index) => SYMBOLS[index % SYMBOLS.length];
  const dash = (index) => DASHES[index % DASHES.length];
  const faint = (value) => `${value}2e`;

  // Plotly reads some HTML in its texts; what comes from records is shown as it is.
  const plain = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

  const percent = (value, low, high, mark = "") => {
    const shown = (number) => (100 * number).toFixed(1);
    return low === null || low === undefined ? `${shown(value)} %` : `${shown(value)} % [${shown(low)}, ${shown(high)}]${mark}`;
  };

  const style = () => {
    const read = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    return { ink: read("--ink"), quiet: read("--quiet"), line: read("--line"), ground: read("--ground"), raised: read("--raised") };
  };

  const axis = (title, more) => {
    const found = style();
    return {
      title: { text: title }, gridcolor: found.line, zerolinecolor: found.quiet, linecolor: found.quiet,
      automargin: true, ...more,
    };
  };

  const layout = (more) => {
    const found = style();
    const narrow = window.innerWidth < 640;
    return {
      paper_bgcolor: found.ground, plot_bgcolor: found.ground,
      font: { color: found.ink, family: "system-ui, sans-serif", size: narrow ? 11 : 13 },
      margin: { l: 8, r: 8, t: narrow ? 12 : 44, b: 8 }, // on a wide page the tool bar has room above legend and marks
      hoverlabel: { bgcolor: found.raised, bordercolor: found.quiet, font: { color: found.ink }, align: "left" },
      hovermode: "closest",
      legend: narrow ? { orientation: "h", y: -0.4, font: { size: 10 } } : { font: { size: 12 } },
      ...more,
    };
  };

  // Draws, or says why there is nothing to draw.
  const draw = (id, traces, shape, why) => {
    const place = document.getElementById(id);
    const empty = document.getElementById(`${id}-empty`);
    place.hidden = !traces.length;
    if (empty) {
      empty.hidden = traces.length > 0;
      empty.textContent = why || "";
    }
    if (traces.length) Plotly.react(place, traces, layout(shape), { ...CONFIG, displayModeBar: window.innerWidth >= 640 });
    else Plotly.purge(place);
  };

  // A line with its marks, and a band below it that belongs to the same entry of the legend.
  const curve = (name, index, points, texts) => {
    const tint = colour(index);
    const line = {
      type: "scatter", mode: "lines+markers", name: plain(name), legendgroup: name, x: points.x, y: points.y.map((value) => 100 * value),
      line: { color: tint, dash: dash(Math.floor(index / 8)) }, marker: { symbol: symbol(index), size: 8, color: tint },
      text: texts, hovertemplate: "%{text}<extra></extra>",
    };
    if (!points.low) return [line];
    const band = {
      type: "scatter", mode: "lines", legendgroup: name, showlegend: false, hoverinfo: "skip", fill: "toself",
      x: [...points.x, ...points.x.slice().reverse()],
      y: [...points.high, ...points.low.slice().reverse()].map((value) => 100 * value),
      line: { width: 0 }, fillcolor: faint(tint),
    };
    return [band, line];
  };

  // A vertical line in front of the first run after a step: red and dashed where it is worse.
  const stepLine = (from, to, direction) => {
    const [start, end] = [Date.parse(from), Date.parse(to)];
    const x = new Date((start + end) / 2).toISOString();
    const tints = { better: colour(2), worse: colour(5), neither: style().quiet };
    return { type: "line", x0: x, x1: x, y0: 0, y1: 1, yref: "paper", line: { color: tints[direction] ?? style().quiet, dash: direction === "better" ? "dot" : "dash", width: 2 } };
  };

  const onTheme = (redraw) => dark.addEventListener("change", redraw);

  return { axis, colour, curve, draw, familyColour, onTheme, percent, plain, stepLine, style, symbol, dash };
})();
