"use strict";

// The charts of a task: what they show is in the address. They begin once all rows are there.
ptmbench.whole(() => {
  const { plots, series } = ptmbench;
  const rows = ptmbench.records(ptmbench.data).filter((row) => row.value !== null);
  const AXES = new Map(ptmbench.data.axes.map((axis) => [axis.key, axis]));
  const MANY = 60; // rows that a forest plot shows
  const methods = ptmbench.distinct(rows, "method").sort();
  const sources = ptmbench.distinct(rows, "source").sort();
  const tasks = ptmbench.distinct(rows, "task");
  const forms = [...document.querySelectorAll("main form")];
  const usual = {
    task: tasks[0] ?? "", setting: "", method: "", x: "macs", y: "value", corruption: "all",
  };
  let state = usual;

  const settingsOf = (task) => ptmbench.distinct(rows.filter((row) => row.task === task), "setting").sort();

  // The newest row of each case: where folders repeat a case, one mark stands for it.
  const newest = (found) => {
    const last = new Map();
    for (const row of found) {
      const key = `${row.model} ${row.task} ${row.method}`;
      if (!last.has(key) || last.get(key).started_at <= row.started_at) last.set(key, row);
    }
    return [...last.values()];
  };

  const hover = (row, more = []) => [
    `<b>${plots.plain(row.model)}</b>, ${plots.plain(row.method)}`, plots.plain(row.task),
    `quality ${plots.percent(row.value, row.value_low, row.value_high, row.value_mark)}`,
    ...(row.gain === null ? [] : [`gain ${plots.percent(row.gain, row.gain_low, row.gain_high, row.gain_mark)}: ${row.verdict}`]), ...more,
  ].join("<br>");

  const upwards = (key, row) => ({ more: true, less: false, as_quality: row.upwards })[AXES.get(key).better];

  // The points that none beats on both axes, from left to right.
  const front = (found) => {
    if (!found.length) return [];
    const [right, up] = [upwards(state.x, found[0]), upwards(state.y, found[0])];
    const better = (value, other, rising) => (rising ? value - other : other - value);
    const ordered = found.slice().sort((one, other) =>
      better(other[state.x], one[state.x], right) || better(other[state.y], one[state.y], up));
    const kept = [];
    for (const row of ordered) {
      if (!kept.length || better(row[state.y], kept.at(-1)[state.y], up) > 0) kept.push(row);
    }
    return kept;
  };

  const errors = (found, key, scale) => {
    if (!AXES.get(key).interval) return undefined;
    return {
      type: "data", symmetric: false, thickness: 1, width: 0,
      array: found.map((row) => scale * (row[`${key}_high`] - row[key])),
      arrayminus: found.map((row) => scale * (row[key] - row[`${key}_low`])),
    };
  };

  const drawCost = (found) => {
    const logarithmic = (name) => AXES.get(name).better === "less";
    const all = found.filter((row) => row[state.x] !== null && row[state.y] !== null);
    const known = all.filter((row) => [state.x, state.y].every((name) => row[name] > 0 || !logarithmic(name)));
    const [x, y] = [AXES.get(state.x), AXES.get(state.y)];
    const seen = ptmbench.distinct(known, "family").sort();
    const traces = seen.flatMap((family) => methods.map((method, index) => {
      const part = known.filter((row) => row.family === family && row.method === method);
      return {
        type: "scatter", mode: "markers", showlegend: false,
        x: part.map((row) => x.scale * row[state.x]), y: part.map((row) => y.scale * row[state.y]),
        error_x: errors(part, state.x, x.scale), error_y: errors(part, state.y, y.scale),
        text: part.map((row) => hover(row, [`${x.label}: ${(x.scale * row[state.x]).toPrecision(4)}`])),
        hovertemplate: "%{text}<extra></extra>",
        marker: { symbol: plots.symbol(index), size: 9, color: plots.familyColour(family) },
      };
    })).filter((trace) => trace.x.length);
    const best = front(known);
    if (best.length) {
      traces.push({
        type: "scatter", mode: "lines", name: "Pareto front", hoverinfo: "skip",
        x: best.map((row) => x.scale * row[state.x]), y: best.map((row) => y.scale * row[state.y]),
        line: { color: plots.style().quiet, dash: "dash", shape: "linear", width: 1.5 },
      });
    }
    const key = (name, marker) => traces.push({ type: "scatter", mode: "markers", x: [null], y: [null], name: plots.plain(name), marker: { size: 9, ...marker } });
    seen.forEach((family) => key(ptmbench.family(family), { color: plots.familyColour(family), symbol: "circle" }));
    methods.forEach((method, index) => {
      if (known.some((row) => row.method === method)) key(method, { color: plots.style().quiet, symbol: plots.symbol(index) });
    });
    const log = (name) => (logarithmic(name) ? { type: "log", dtick: "D2" } : {});
    const legend = { itemclick: false, itemdoubleclick: false };
    plots.draw("cost", known.length ? traces : [], {
      xaxis: plots.axis(x.label, log(state.x)), yaxis: plots.axis(y.label, log(state.y)),
      legend: window.innerWidth < 640 ? { orientation: "h", y: -0.25, font: { size: 10 }, ...legend } : legend,
    }, "No case of this choice has both figures.");
    const nothing = all.length - known.length;
    document.getElementById("cost-note").textContent = [
      best.length ? `Front: ${best.map((row) => `${row.model} by ${row.method}`).join("; ")}.` : "",
      nothing ? `${nothing} of 0 have no place on a logarithmic axis.` : "",
    ].join(" ");
  };

  const drawGain = (found) => {
    const all = found.filter((row) => row.gain !== null).sort((one, other) => one.gain - other.gain);
    const known = all.slice(-MANY);
    const LOOKS = { helps: ["triangle-up", 2], hurts: ["triangle-down", 5], "no clear difference": ["circle-open", 7], "one seed": ["circle", 7] };
    const name = (row) => plots.plain(`${row.model} · ${row.method}`);
    const traces = Object.entries(LOOKS).map(([verdict, [symbol, index]]) => {
      const part = known.filter((row) => row.verdict === verdict);
      return {
        type: "scatter", mode: "markers", name: verdict, y: part.map(name), x: part.map((row) => 100 * row.gain),
        error_x: { ...errors(part, "gain", 100), thickness: 1.5 }, text: part.map((row) => hover(row)),
        hovertemplate: "%{text}<extra></extra>", marker: { symbol, size: 10, color: plots.colour(index) },
      };
    }).filter((trace) => trace.x.length);
    const narrow = window.innerWidth < 640;
    document.getElementById("gain").style.height = `${140 + 22 * known.length}px`;
    plots.draw("gain", traces, {
      height: 140 + 22 * known.length,
      xaxis: plots.axis("points", { zeroline: true, zerolinewidth: 2, rangemode: "tozero" }),
      showlegend: true,
      yaxis: plots.axis("", { categoryorder: "array", categoryarray: known.map(name), tickfont: { size: narrow ? 8 : 11 }, range: [-0.7, known.length - 0.3] }),
      legend: { orientation: "h", y: 1, yanchor: "bottom" },
    }, "No case of this choice has a gain: controls have none, and the others need the same architecture from scratch.");
    document.getElementById("gain-note").textContent = all.length > known.length
      ? `The ${known.length} highest of ${all.length} are shown: choose a method to see fewer.` : "";
  };

  const drawShots = (found, chosen) => {
    const dataset = chosen.length ? chosen[0].dataset : "";
    const known = found.filter((row) => row.dataset === dataset && row.examples);
    const method = state.method || (methods.includes("linear_probe") && known.some((row) => row.method === "linear_probe") ? "linear_probe" : known[0]?.method);
    const lines = ptmbench.distinct(known.filter((row) => row.method === method), "model").sort();
    const traces = lines.flatMap((model, index) => {
      const part = known.filter((row) => row.model === model && row.method === method).sort((one, other) => one.examples - other.examples);
      const points = {
        x: part.map((row) => row.examples), y: part.map((row) => row.value),
        low: part.map((row) => row.value_low), high: part.map((row) => row.value_high),
      };
      return plots.curve(model, index, points, part.map((row) => hover(row, [`${row.examples} training examples`])));
    });
    const amounts = new Set(known.map((row) => row.examples));
    plots.draw("shots", amounts.size > 1 ? traces : [], {
      xaxis: plots.axis("training examples", { type: "log", tickvals: [...amounts].sort((one, other) => one - other) }),
      yaxis: plots.axis(`${chosen[0]?.metric ?? ""}, %`),
    }, "The data set of this task has been run with one amount of labels only.");
    document.getElementById("shots-note").textContent = amounts.size > 1
      ? `Data set: ${dataset}; method: ${method}${state.method ? "" : ", choose another one above"}.` : "";
  };

  const drawSeries = (id, chosen, pick, titles, why) => {
    const known = chosen.filter((row) => pick(series[row.page] ?? {}));
    const traces = known.flatMap((row, index) => {
      const points = pick(series[row.page]);
      const texts = points.x.map((x, at) => hover(row, [`${titles[0]} ${x}: ${plots.percent(points.y[at])}`]));
      return plots.curve(`${row.model} · ${row.method}`, index, points, texts);
    });
    plots.draw(id, traces, { xaxis: plots.axis(titles[0], titles[1]), yaxis: plots.axis(`${known[0]?.metric ?? ""}, %`) }, why);
  };

  const drawDistance = (found) => {
    const known = found.filter((row) => row.distance !== null && row.gain !== null);
    const traces = sources.flatMap((source, index) => [false, true].map((here) => {
      const part = known.filter((row) => row.source === source && (row.task === state.task) === here);
      return {
        type: "scatter", mode: "markers", name: plots.plain(source), legendgroup: source, showlegend: here || !known.some((row) => row.source === source && row.task === state.task),
        x: part.map((row) => row.distance), y: part.map((row) => 100 * row.gain),
        text: part.map((row) => hover(row, [`distance from ${plots.plain(source)}: ${row.distance.toFixed(2)}`])),
        hovertemplate: "%{text}<extra></extra>",
        marker: { symbol: plots.symbol(index) + (here ? "" : "-open"), size: here ? 11 : 7, color: plots.colour(index), opacity: here ? 1 : 0.6 },
      };
    })).filter((trace) => trace.x.length);
    plots.draw("distance", traces, {
      xaxis: plots.axis("distance from source to task"),
      yaxis: plots.axis("gain over scratch, points", { zeroline: true, zerolinewidth: 2 }),
    }, "No record of this choice has both a distance and a gain.");
  };

  const corruptionsOf = (chosen) => [...new Set(chosen.flatMap((row) => Object.keys(series[row.page]?.corrupted ?? {})))]
    .filter((name) => name !== "all").sort();

  const fillControls = (settings, corruptions) => {
    const fill = (name, values, first) => {
      for (const form of forms) {
        const control = form.elements[name];
        if (!control) continue;
        ptmbench.fillSelect(control, values, first);
        control.value = state[name];
      }
    };
    const worded = (names) => names.map((name) => [name, ptmbench.words(name)]);
    const axes = [...AXES].map(([key, { label }]) => [key, label]);
    fill("task", tasks);
    fill("setting", settings);
    fill("method", methods, "all");
    fill("x", axes);
    fill("y", axes);
    fill("corruption", [["all", "all together"], ...worded(corruptions)]);
  };

  const draw = () => {
    state = ptmbench.readState(usual);
    if (!tasks.includes(state.task)) state.task = usual.task;
    for (const name of ["x", "y"]) if (!AXES.has(state[name])) state[name] = usual[name];
    const settings = settingsOf(state.task);
    if (!settings.includes(state.setting)) state.setting = settings[0] ?? "";
    const inSetting = newest(rows.filter((row) => row.setting === state.setting));
    const found = inSetting.filter((row) => !state.method || row.method === state.method);
    const chosen = found.filter((row) => row.task === state.task);
    const corruptions = corruptionsOf(chosen);
    if (state.corruption !== "all" && !corruptions.includes(state.corruption)) state.corruption = "all";
    fillControls(settings, corruptions);
    drawCost(chosen);
    drawGain(chosen);
    drawShots(found, inSetting.filter((row) => row.task === state.task));
    drawSeries("curve", chosen, (one) => one.curve, ["steps of training", {}], "No case of this task was watched while training: detectors and segmenters are.");
    drawSeries("corrupted", chosen, (one) => one.corrupted?.[state.corruption], ["severity", { dtick: 1 }], "No case of this task ran with --corruptions.");
    drawDistance(found);
  };

  for (const form of forms) {
    form.addEventListener("change", (event) => {
      ptmbench.writeState({ ...ptmbench.readState(usual), [event.target.name]: event.target.value }, usual, false);
    });
    form.addEventListener("submit", (event) => event.preventDefault());
  }
  window.addEventListener("hashchange", draw);
  plots.onTheme(draw);
  draw();
}, (part) => ptmbench.data.rows.push(...part));
