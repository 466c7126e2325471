// Draws values over time with uPlot: [data-uplot] holds {"times": [...], "series": [[...], ...]},
// data-colours and data-names say which is which, data-zone on whose clock. The table beside it says the same in words.
import { whenReady } from "./page.js";

const drawn = new Map(); // element → chart

const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function axis(extra) {
  return {
    stroke: css("--p-text-3"), font: "11px " + css("--p-sans"), ticks: { show: false },
    grid: { show: false }, ...extra,
  };
}

// steps between the lines of a scale of counts; there is no half of one.
const whole = Array.from({ length: 30 }, (_, i) => [1, 2, 5][i % 3] * 10 ** Math.floor(i / 3));

const hour = 3600, day = 24 * hour;

function draw(place) {
  const { times, series } = JSON.parse(place.dataset.uplot);
  const colours = place.dataset.colours.split(" ");
  const names = place.dataset.names.split("\n");
  const options = {
    tzDate: seconds => uPlot.tzDate(new Date(seconds * 1e3), place.dataset.zone),
    width: place.clientWidth - 16, height: 246, legend: { show: false },
    cursor: { points: { show: false }, drag: { x: Boolean(place.dataset.range), y: false, setScale: false } },
    scales: { y: { range: (chart, low, high) => [0, roundMaximum(high)] } },
    axes: [axis({ values: "days" in place.dataset ? "{MM}-{DD}" : "{HH}:{mm}", size: 28, space: 60, incrs: "days" in place.dataset ? [day, 2 * day, 7 * day] : [hour, 2 * hour, 3 * hour, 6 * hour, 12 * hour] }), axis({ size: 48, incrs: whole, grid: { stroke: css("--p-line"), width: 1 } })],
    series: [{}, ...colours.map((colour, i) => ({
      label: names[i], stroke: css("--p-series-" + colour), width: 1.5, points: { show: times.length < 3 || series[i].includes(null), size: 5 },
      fill: i === 0 ? css("--p-accent-soft") : undefined,
    }))],
    hooks: {
      setSelect: [chart => select(place, chart)],
      setCursor: [chart => say(place, chart, names)],
      drawClear: [chart => shade(place, chart)],
    },
  };
  drawn.get(place)?.destroy();
  drawn.set(place, new uPlot(options, [times, ...series], place));
  const corner = document.createElement("p");
  corner.className = "p-plot-values";
  place.append(corner);
}

// roundMaximum is the next 1, 2 or 5 with zeros above high.
function roundMaximum(high) {
  const size = 10 ** Math.floor(Math.log10(Math.max(high, 1)));
  return size * ([1, 1.2, 1.5, 2, 3, 4, 5, 6, 8].find(step => size * step >= high) ?? 10);
}

function when(place, time) {
  const lang = document.documentElement.lang, timeZone = place.dataset.zone;
  return "days" in place.dataset
    ? time.toLocaleDateString(lang, { day: "numeric", month: "short", timeZone })
    : time.toLocaleTimeString(lang, { hour: "2-digit", minute: "2-digit", hour12: false, timeZone });
}

// say writes the time and all values under the cursor into the corner.
function say(place, chart, names) {
  const corner = place.querySelector(".p-plot-values");
  if (!corner) return;
  const at = chart.cursor.idx;
  corner.textContent = at == null ? "" : [
    when(place, new Date(chart.data[0][at] * 1000)),
    ...names.map((name, i) => name + " " + (chart.data[i + 1][at] ?? "–").toLocaleString("en")),
  ].join("  ");
}

// shade greys the bucket that is not over: from the last but one value on.
function shade(place, chart) {
  const times = chart.data[0];
  if (!("open" in place.dataset) || times.length < 2) return;
  const { ctx, bbox } = chart;
  const left = chart.valToPos(times.at(-2), "x", true);
  ctx.save();
  ctx.fillStyle = css("--p-sunken");
  ctx.fillRect(left, bbox.top, bbox.left + bbox.width - left, bbox.height);
  ctx.restore();
}

// select turns a dragged range into the page's filter: from and until in Unix ms.
function select(place, chart) {
  const { left, width } = chart.select;
  if (!place.dataset.range || width < 4) return;
  const address = new URL(place.dataset.range, location.href);
  address.searchParams.set("from", String(Math.round(chart.posToVal(left, "x") * 1000)));
  address.searchParams.set("until", String(Math.round(chart.posToVal(left + width, "x") * 1000)));
  location.assign(address);
}

function redraw() {
  for (const place of drawn.keys()) {
    if (place.isConnected) draw(place);
    else forget(place);
  }
}

function forget(place) {
  drawn.get(place).destroy();
  drawn.delete(place);
}

export function charts() {
  if (!window.uPlot) return;
  whenReady(root => {
    for (const place of drawn.keys()) if (!place.isConnected) forget(place);
    for (const place of root.querySelectorAll("[data-uplot]")) if (!drawn.has(place)) draw(place);
  });
  let timer;
  addEventListener("resize", () => { clearTimeout(timer); timer = setTimeout(redraw, 150); });
  new MutationObserver(redraw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
}
