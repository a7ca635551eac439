"use strict";
(() => {
  const root = document.documentElement;
  const all = (what, where = document) => [...where.querySelectorAll(what)];
  const one = (name) => document.getElementById(name);
  root.classList.add("js");

  // A message that is chosen in a ladder is shown beside it; one of a ladder of legs is shown over the page.
  let opener = null;
  const close = (call) => all(".on", call).forEach((each) => each.classList.remove("on", "over"));
  const back = (call) => {
    const link = opener && opener.isConnected ? opener : call && call.querySelector("a.step.on");
    all(".call, .legs").forEach(close);
    opener = null;
    if (link) link.focus({ preventScroll: true });
  };
  const open = (link, focus) => {
    const message = one(link.getAttribute("href").slice(1));
    if (!message) return;
    all(".call, .legs").forEach(close);
    const call = message.closest(".call");
    call.open = true;
    link.classList.add("on");
    message.classList.add("on");
    message.classList.toggle("over", !call.contains(link));
    message.parentNode.scrollTop = message.scrollTop = 0;
    opener = link;
    if (focus) message.focus({ preventScroll: true });
    const below = link.getBoundingClientRect().bottom - message.getBoundingClientRect().top;
    if (getComputedStyle(message).position === "fixed" && below > 0) scrollBy(0, below + 16);
  };
  document.addEventListener("click", (event) => {
    const step = event.target.closest("a.step");
    const shut = event.target.closest("a.close");
    if (!step && !shut) return;
    event.preventDefault();
    if (step) open(step, true);
    else back(shut.closest(".call"));
  });
  document.addEventListener("keydown", (event) => {
    const step = event.target.closest && event.target.closest("a.step");
    const inside = event.target.closest && event.target.closest(".call, .legs");
    if (event.key === "Escape" && (inside || event.target === document.body)) back(inside);
    if (!step || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
    const steps = all("a.step", step.closest(".scroll"));
    const next = steps[steps.indexOf(step) + (event.key === "ArrowDown" ? 1 : -1)];
    event.preventDefault();
    if (next) { next.focus(); open(next, false); }
  });
  const wide = matchMedia("(min-width: 64rem)");
  const first = (call) => { if (wide.matches && call && call.open && !call.querySelector(".broad") && !call.querySelector(".on")) { const step = call.querySelector("a.step"); if (step) { close(call); step.classList.add("on"); one(step.getAttribute("href").slice(1))?.classList.add("on"); } } };
  all(".call").forEach((call) => { first(call); call.addEventListener("toggle", () => first(call)); });

  // A link to something that is folded away unfolds it.
  const unfold = () => {
    let there = one(decodeURIComponent(location.hash.slice(1)));
    const target = there;
    for (; there; there = there.parentElement) if (there.tagName === "DETAILS") there.open = true;
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", unfold);
  if (location.hash) unfold();
  document.addEventListener("click", (event) => { const link = event.target.closest("a[href='" + location.hash + "']"); if (link && location.hash) unfold(); });
  let folded = [];
  addEventListener("beforeprint", () => { folded = all("details:not([open]):not(.message details)"); folded.forEach((each) => { each.open = true; }); });
  addEventListener("afterprint", () => { folded.forEach((each) => { each.open = false; }); folded = []; });

  // Search and filter of the calls. The first rows stand in the page, the others in its data until they are wanted.
  const search = one("search");
  if (search) {
    const AT_ONCE = 500, body = document.querySelector("#table tbody"), more = one("more");
    const outcome = one("outcome"), trouble = one("trouble"), shown = one("shown");
    const node = (tag, style, ...inside) => { const made = document.createElement(tag); if (style) made.className = style; made.append(...inside); return made; };
    const marks = (counts) => [["error", "✖ "], ["warning", "▲ "], ["note", "● "]].map(([style, sign], i) => [style, sign + counts[i], counts[i]]).filter((each) => each[2]);
    const draw = ([position, number, start, caller, callee, kind, state, style, ...rest]) => {
      const there = one("call-" + position), link = node(there ? "a" : "span", "", caller + " → " + callee);
      if (there) link.href = "#call-" + position;
      const found = marks(rest.slice(1)).flatMap(([severity, text, number]) => {
        const mark = node("span", severity, text);
        mark.setAttribute("role", "img");
        mark.setAttribute("aria-label", number + " " + severity + (number === 1 ? "" : "s"));
        return [mark, " "];
      });
      return node("tr", "", node("td", "n", number), node("td", "n start", start), node("td", "", link),
        node("td", "", node("span", "state " + style, (kind && kind + ", ") + state)), node("td", "marks", ...found), node("td", "id", rest[0]));
    };
    const calls = all("tr", body).map((row) => ({ row, outcome: row.dataset.outcome, found: "found" in row.dataset, text: row.textContent.toLowerCase() }));
    for (const data of JSON.parse(one("later")?.textContent || "[]")) {
      const [, number, start, caller, callee, kind, state, , id, ...counts] = data;
      const text = [number, start, caller, "→", callee, (kind && kind + ", ") + state, ...marks(counts).map((each) => each[1]), id].join(" ");
      calls.push({ data, outcome: state.split(" ")[0], found: counts[0] + counts[1] > 0, text: text.toLowerCase() });
    }
    let fitting = calls;
    const rows = (from, to) => fitting.slice(from, to).map((call) => call.row ??= draw(call.data));
    const offer = () => {
      const left = fitting.length - body.rows.length;
      if (more) { more.hidden = !left; more.textContent = "Show " + Math.min(left, AT_ONCE) + " more of " + left; }
    };
    const filter = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      fitting = calls.filter((call) => words.every((word) => call.text.includes(word)) && (!outcome?.value || call.outcome === outcome.value) && (!trouble.checked || call.found));
      body.replaceChildren(...rows(0, AT_ONCE));
      shown.textContent = fitting.length === calls.length ? "" : fitting.length + " of " + calls.length;
      offer();
    };
    [search, outcome, trouble].forEach((each) => each?.addEventListener("input", filter));
    search.form.addEventListener("submit", (event) => event.preventDefault());
    more?.addEventListener("click", () => { const at = body.rows.length; body.append(...rows(at, at + AT_ONCE)); offer(); });
    offer();
  }

  // Charts share one part of the time: their view boxes.
  const streams = one("streams");
  if (!streams) return;
  const charts = all("svg.chart"), axis = streams.querySelector(".axis"), svg = "http://www.w3.org/2000/svg";
  const zero = +streams.dataset.zero, duration = +streams.dataset.duration, clock = streams.dataset.clock;
  const told = (x) => {
    const seconds = x / 1000 * duration;
    if (clock === "relative") return seconds.toFixed(3);
    const time = new Date((zero + seconds) * 1000);
    return clock === "utc" ? time.toISOString().slice(11, 23) : time.toTimeString().slice(0, 8) + "." + String(time.getMilliseconds()).padStart(3, "0");
  };
  // A moment that has no length is as wide as it was at first, however close one looks.
  const moments = all("rect.event", streams).map((event) => [event, +event.getAttribute("width")]).filter(([, long]) => long <= 1.5);
  let begin = 0, width = 1000;
  const show = (from, length) => {
    width = Math.min(1000, Math.max(1, length));
    begin = Math.min(1000 - width, Math.max(0, from));
    for (const chart of charts) chart.setAttribute("viewBox", begin + " 0 " + width + " 48");
    for (const [event, long] of moments) event.setAttribute("width", long * width / 1000);
    all("text", axis).forEach((tick, number, ticks) => { tick.textContent = told(begin + width * number / (ticks.length - 1)); });
  };
  const around = (factor) => show(begin + width * (1 - factor) / 2, width * factor);
  const does = { closer: () => around(0.5), wider: () => around(2), left: () => show(begin - width / 3, width), right: () => show(begin + width / 3, width), whole: () => show(0, 1000) };
  for (const [name, act] of Object.entries(does)) one(name).addEventListener("click", act);
  for (const near of all(".near", streams)) near.addEventListener("click", () => { const long = +near.dataset.width; show(+near.dataset.begin - long / 20, long * 1.1); });

  const rect = (chart, kind) => {
    let made = chart.querySelector("." + kind);
    if (!made) { made = document.createElementNS(svg, "rect"); made.setAttribute("class", kind); made.setAttribute("height", 48); chart.append(made); }
    return made;
  };
  const place = (chart, event) => { const box = chart.getBoundingClientRect(); return begin + width * Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)); };
  const points = new Map(charts.map((chart) => [chart, chart.querySelector("polyline").getAttribute("points").split(" ").map((pair) => pair.split(",").map(Number))]));
  const value = (chart, y) => { const least = +(chart.dataset.least || 0); return (least + (chart.dataset.most - least) * (1 - y / 48)).toFixed(1); };
  let drawing = null;
  const point = (x) => {
    for (const chart of charts) {
      const drawn = points.get(chart), near = drawn.reduce((best, each) => Math.abs(each[0] - x) < Math.abs(best[0] - x) ? each : best);
      const line = rect(chart, "cursor");
      line.setAttribute("x", x);
      line.setAttribute("width", width / 900);
      chart.parentNode.querySelector("output").textContent = told(x) + (clock === "relative" ? " s: " : ": ")
        + (x < drawn[0][0] - width / 100 || x > drawn.at(-1)[0] + width / 100 ? "–" : value(chart, near[1]) + " " + chart.dataset.unit);
    }
  };
  for (const sound of all("audio", streams)) sound.addEventListener("timeupdate", () => point(+sound.dataset.begin + sound.currentTime * sound.dataset.scale));
  for (const chart of charts) {
    chart.addEventListener("pointerdown", (event) => { drawing = place(chart, event); chart.setPointerCapture(event.pointerId); });
    chart.addEventListener("pointermove", (event) => {
      const x = place(chart, event);
      point(x);
      if (drawing === null) return;
      const drawn = rect(chart, "drawn");
      drawn.setAttribute("x", Math.min(x, drawing));
      drawn.setAttribute("width", Math.abs(x - drawing));
    });
    chart.addEventListener("dblclick", does.whole);
  }
  const stop = () => { drawing = null; all(".drawn").forEach((each) => each.remove()); };
  addEventListener("pointerup", (event) => {
    const chart = event.target.closest && event.target.closest("svg.chart");
    if (drawing !== null && chart) { const x = place(chart, event); if (Math.abs(x - drawing) > width / 100) show(Math.min(x, drawing), Math.abs(x - drawing)); }
    stop();
  });
  addEventListener("pointercancel", stop);
})();
