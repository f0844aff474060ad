"use strict";

// The charts of one case, drawn from the figures that its page holds.
(() => {
  const { plots } = ptmbench;
  const found = JSON.parse(document.getElementById("data").textContent);

  const drawLatency = ({ samples, p50, p95 }) => {
    const style = plots.style();
    const mark = (seconds, name, dash) => ({
      shape: { type: "line", x0: 1e3 * seconds, x1: 1e3 * seconds, y0: 0, y1: 1, yref: "paper", line: { color: style.ink, dash, width: 1.5 } },
      label: { x: 1e3 * seconds, y: 1, yref: "paper", yanchor: "top", xanchor: "left", text: name, showarrow: false },
    });
    const marks = [mark(p50, "p50", "solid"), mark(p95, "p95", "dot")];
    plots.draw("latency", [{
      type: "histogram", x: samples.map((seconds) => 1e3 * seconds), nbinsx: 40, marker: { color: plots.colour(0) },
      hovertemplate: "%{x} ms: %{y}<extra></extra>",
    }], {
      xaxis: plots.axis("milliseconds"), yaxis: plots.axis("batches"), bargap: 0.05,
      shapes: marks.map((one) => one.shape), annotations: marks.map((one) => one.label),
    });
  };

  const texts = (points, name) => points.x.map((x, at) =>
    `${name} ${plots.plain(x)}: ${plots.percent(points.y[at], points.low?.[at], points.high?.[at], points.mark?.[at])}`);
  const quality = () => plots.axis(`${plots.plain(found.metric)}, %`);

  const drawCurve = (points) => plots.draw("curve", plots.curve("mean over seeds", 0, points, texts(points, "step")), {
    xaxis: plots.axis("steps of training"), yaxis: quality(), showlegend: false,
  });

  const drawCorrupted = (curves) => {
    const names = Object.keys(curves).sort((one, other) => Number(other === "all") - Number(one === "all") || one.localeCompare(other));
    const traces = names.flatMap((name, index) => plots.curve(
      name === "all" ? "all together" : ptmbench.words(name), index, curves[name], texts(curves[name], `${plots.plain(name)}, severity`)));
    plots.draw("corrupted", traces, { xaxis: plots.axis("severity", { dtick: 1 }), yaxis: quality() });
  };

  const drawReliability = (lines) => {
    const style = plots.style();
    const diagonal = { type: "line", x0: 0, x1: 100, y0: 0, y1: 100, line: { color: style.quiet, dash: "dot", width: 1.5 } };
    const traces = Object.entries(lines).flatMap(([name, points], index) => plots.curve(
      name, index, { x: points.x.map((value) => 100 * value), y: points.y },
      points.x.map((value, at) => `${name}: sure of ${plots.percent(value)}, right in ${plots.percent(points.y[at])}, ${points.count[at]} labels`)));
    plots.draw("reliability", traces, {
      xaxis: plots.axis("confidence, %", { range: [0, 102] }), yaxis: plots.axis("right, %", { range: [0, 102] }), shapes: [diagonal],
    });
  };

  const drawRoc = (points) => {
    const style = plots.style();
    const least = 100 * points.x[0];
    const guessing = { type: "line", x0: least, x1: 100, y0: least, y1: 100, line: { color: style.quiet, dash: "dot", width: 1.5 } };
    const shown = points.x.map((value, at) => `${plots.percent(points.y[at])} of members at ${plots.percent(value)} of others`);
    const range = [Math.log10(least) - 0.05, 2.05];
    const axis = (title) => plots.axis(title, { type: "log", range, dtick: 1 });
    plots.draw("roc", plots.curve("LiRA", 0, { x: points.x.map((value) => 100 * value), y: points.y }, shown), {
      xaxis: axis("others taken for members, %"), yaxis: axis("members found, %"), showlegend: false, shapes: [guessing],
    });
  };

  const drawHistory = (points) => {
    const told = texts(points, "started");
    const shown = points.x.map((x, at) => [plots.plain(points.text[at]), told[at], ...(points.steps[x] ? [`step, ${plots.plain(points.steps[x])}`] : [])].join("<br>"));
    const shapes = points.x.flatMap((x, at) => (at && points.steps[x] ? [plots.stepLine(points.x[at - 1], x, points.steps[x].split(":")[0])] : []));
    plots.draw("history", plots.curve("quality", 0, points, shown), {
      xaxis: plots.axis("started", { type: "date" }), yaxis: quality(), showlegend: false, shapes,
    });
  };

  const draw = () => {
    if (found.latency) drawLatency(found.latency);
    if (found.curve) drawCurve(found.curve);
    if (found.corrupted) drawCorrupted(found.corrupted);
    if (found.history) drawHistory(found.history);
    if (found.reliability) drawReliability(found.reliability);
    if (found.roc) drawRoc(found.roc);
  };

  plots.onTheme(draw);
  draw();
})();
