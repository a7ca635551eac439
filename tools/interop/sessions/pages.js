"use strict";
// node pages.js FOLDER PAGE…: what a browser makes of pages, as one line of JSON for each.
const fs = require("fs"), path = require("path"), url = require("url");
const [folder, ...pages] = process.argv.slice(2);
const modules = path.join(folder, "node_modules");
const { chromium } = require(path.join(modules, "playwright-core"));
const axe = fs.readFileSync(path.join(modules, "axe-core", "axe.min.js"), "utf8");
const WIDTHS = [["desktop", 1280, 900], ["phone", 390, 844]];

const parts = async (page) => page.evaluate(async () => {
  const found = {}, type = (field, value) => { field.value = value; field.dispatchEvent(new Event("input", { bubbles: true })); };
  const rows = () => [...document.querySelectorAll("#table tbody tr")].filter((row) => !row.hidden).length;
  const search = document.getElementById("search");
  if (search) {
    const shown = () => (document.getElementById("shown").textContent.match(/^(\d+) of (\d+)$/) || [0, 1, 1]).map(Number);
    const words = document.querySelector("#table tbody tr .id") || document.querySelector("#table tbody td");
    const begun = performance.now();
    type(search, words.textContent.trim().slice(0, 12));
    found.search_ms = Math.round(performance.now() - begun);
    found.search = rows() > 0 && shown()[1] < shown()[2];
    type(search, "");
    const outcome = document.getElementById("outcome");
    if (outcome) {
      type(outcome, outcome.options[outcome.options.length - 1].value);
      found.outcome = rows() > 0 && shown()[1] <= shown()[2];
      type(outcome, "");
    }
    const later = JSON.parse(document.getElementById("later")?.textContent || "[]");
    if (later.length) {
      type(search, later.at(-1)[8]);
      found.last = rows() === 1 && document.querySelector("#table tbody").textContent.includes(later.at(-1)[8]);
      type(search, "");
      const drawn = rows();
      document.getElementById("more").click();
      found.more = rows() > drawn;
    }
  }
  document.querySelectorAll(".legs details").forEach((each) => { each.open = true; });
  const step = document.querySelector("a.step");
  if (step) {
    step.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
    const message = document.getElementById(step.getAttribute("href").slice(1));
    found.click = message.classList.contains("on") && getComputedStyle(message).display !== "none";
    const pressed = (key) => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    pressed("Escape");
    found.escape = !message.classList.contains("on") && document.activeElement === step;
    const steps = [...step.closest(".scroll").querySelectorAll("a.step")];
    pressed("ArrowDown");
    found.arrows = steps.length < 2 || document.activeElement === steps[1];
    const near = document.querySelector(".legs a.step, .call:nth-of-type(2) a.step") || step;
    near.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
    const chosen = document.getElementById(near.getAttribute("href").slice(1));
    await new Promise((done) => setTimeout(done, 100));
    found.other = chosen.classList.contains("on") && getComputedStyle(chosen).display !== "none";
    chosen.querySelector("a.close").click();
    found.close = !document.querySelector(".message.on") && document.activeElement === near;
  }
  const chart = document.querySelector("svg.chart");
  if (chart) {
    const before = chart.getAttribute("viewBox");
    document.getElementById("closer").click();
    const charts = (whole) => [...document.querySelectorAll("svg.chart")].every((each) => each.getAttribute("viewBox") !== whole);
    found.zoom = charts(before);
    document.getElementById("whole").click();
    const near = document.querySelector(".near");
    near.click();
    found.near = near.dataset.width > 900 || charts(before);
    document.getElementById("whole").click();
    const box = chart.getBoundingClientRect(), at = (share) => box.left + box.width * share;
    const point = (type, x, y, to) => to.dispatchEvent(new PointerEvent(type, { clientX: x, clientY: y, bubbles: true }));
    chart.setPointerCapture = () => {};
    point("pointerdown", at(0.4), box.top + 9, chart);
    point("pointermove", at(0.6), box.top + 9, chart);
    point("pointerup", at(0.6), box.top + 300, chart);
    found.draw = charts(before);
    document.getElementById("whole").click();
    found.whole = chart.getAttribute("viewBox") === before;
  }
  return found;
});

// Milliseconds of the frames while the page scrolls from its begin to its end: the middle one, and one in twenty takes longer.
const scroll = async (page) => page.evaluate(async () => {
  const frame = () => new Promise(requestAnimationFrame), end = document.documentElement.scrollHeight, took = [];
  for (let step = 0, last = await frame(); step < 120; step++) {
    scrollTo(0, end * step / 120);
    const now = await frame();
    took.push(now - last);
    last = now;
  }
  took.sort((a, b) => a - b);
  return [took[60], took[114]].map(Math.round);
});

const look = async (browser, name, dark, [width_name, width, height]) => {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: dark ? "dark" : "light" });
  const page = await context.newPage(), said = [], asked = [], place = url.pathToFileURL(name).href;
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  page.on("dialog", (dialog) => { said.push("dialog " + dialog.message()); dialog.dismiss(); });
  page.on("request", (request) => { if (request.url() !== place) asked.push(request.url()); });
  const begun = Date.now();
  await page.goto(place, { waitUntil: "load" });
  const load_ms = Date.now() - begun;
  const works = await parts(page);
  const frames_ms = await scroll(page);
  const wider = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  await page.evaluate(() => document.querySelectorAll("details").forEach((each) => { each.open = true; }));
  let serious = null;
  if (fs.statSync(name).size < 600000) {
    await page.evaluate(axe);
    const result = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
    serious = result.violations.filter((each) => ["serious", "critical"].includes(each.impact))
      .map((each) => each.id + " " + each.nodes[0].target.join(" ") + " " + (each.nodes[0].any[0] || {}).message);
  }
  const title = await page.title();
  await context.close();
  return { page: path.basename(name), width: width_name, dark, load_ms, frames_ms, said, asked, works, wider, serious, title };
};

(async () => {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
  for (const name of pages) {
    for (const width of WIDTHS) {
      for (const dark of [false, true]) console.log(JSON.stringify(await look(browser, name, dark, width)));
    }
  }
  await browser.close();
})().catch((error) => { console.error(error); process.exit(1); });
