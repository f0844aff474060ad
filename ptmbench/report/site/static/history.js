"use strict";

// A figure of a case over its runs, with its levels and steps: what is shown is in the address.
(() => {
  const { plots, timeline } = ptmbench;
  const { metrics, series } = timeline;
  const form = document.getElementById("choices");
  const CHOICES = ["case", "metric", "setting", "machine"];
  const first = timeline.first ?? CHOICES.map((name) => series[0][name]); // the worst step
  const usual = Object.fromEntries(CHOICES.map((name, at) => [name, first[at]]));

  // The choices that there are, each among what those before it leave; one that is not there gives way to a usual one.
  const narrowed = (state) => {
    let left = series;
    const offered = {};
    for (const name of CHOICES) {
      offered[name] = ptmbench.distinct(left, name);
      if (!offered[name].includes(state[name])) state[name] = offered[name].includes(usual[name]) ? usual[name] : offered[name][0];
      left = left.filter((one) => one[name] === state[name]);
    }
    return { offered, chosen: left[0] };
  };

  const number = (value, metric) => `${(metric.scale * value).toLocaleString("en", { maximumSignificantDigits: 6 })} ${metric.unit}`.trim();

  const draw = () => {
    const state = ptmbench.readState(usual);
    const { offered, chosen } = narrowed(state);
    const runs = timeline.runs[chosen.runs];
    const started = chosen.at.map((place) => runs.x[place]);
    const metric = metrics.find((one) => one.key === chosen.metric);
    const labels = new Map(metrics.map((one) => [one.key, one.label]));
    for (const [name, values] of Object.entries(offered)) {
      const control = form.elements[name];
      const texts = values.map((value) => [value, (name === "metric" ? labels.get(value) : value) || "all"]);
      ptmbench.fillSelect(control, texts);
      control.value = state[name];
      control.parentElement.hidden = ["setting", "machine"].includes(name) && values.length < 2;
    }
    const told = new Map(chosen.steps.map((step) => [step.at, step.text]));
    const texts = started.map((x, at) => [
      plots.plain(runs.text[chosen.at[at]]), plots.plain(x), `${plots.plain(metric.label)} ${number(chosen.y[at], metric)}${chosen.marks[at] ?? ""}`,
      ...(told.has(at) ? [`step, ${plots.plain(told.get(at))}`] : []),
    ].join("<br>"));
    const tint = plots.colour(0);
    const marks = {
      type: "scatter", mode: "lines+markers", x: started, y: chosen.y.map((value) => metric.scale * value),
      line: { color: tint, width: 1 }, marker: { size: 8, color: tint }, text: texts, hovertemplate: "%{text}<extra></extra>",
    };
    if (chosen.low.length && !chosen.low.includes(null)) {
      marks.error_y = {
        type: "data", symmetric: false, thickness: 1, width: 0, color: tint,
        array: chosen.high.map((high, at) => metric.scale * (high - chosen.y[at])),
        arrayminus: chosen.low.map((low, at) => metric.scale * (chosen.y[at] - low)),
      };
    }
    const levels = chosen.steps.length ? chosen.levels.map(([first, last, level]) => ({
      type: "scatter", mode: "lines", x: [started[first], started[last]], y: [metric.scale * level, metric.scale * level],
      line: { color: plots.style().ink, width: 3 }, hoverinfo: "skip",
    })) : [];
    plots.draw("timeline", chosen.y.length ? [marks, ...levels] : [], {
      xaxis: plots.axis("started", { type: "date" }), showlegend: false,
      yaxis: plots.axis(metric.unit ? `${metric.label}, ${metric.unit}` : metric.label),
      shapes: chosen.steps.map((step) => plots.stepLine(started[step.at - 1], started[step.at], step.direction)),
    }, "No run of this choice has the figure.");
    document.getElementById("timeline-steps").textContent = chosen.unclear
      ?? (chosen.steps.length ? `Steps: ${chosen.steps.map((step) => step.text).join("; ")}.` : "No step.");
    document.getElementById("timeline-case").href = ptmbench.address(chosen.page);
  };

  form.addEventListener("change", (event) => {
    const state = ptmbench.readState(usual);
    ptmbench.writeState({ ...state, [event.target.name]: event.target.value }, usual, false);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("hashchange", draw);
  plots.onTheme(draw);
  draw();
})();
