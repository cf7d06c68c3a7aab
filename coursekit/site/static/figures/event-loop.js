// <event-loop>: clients who ask again as soon as they are answered, one event loop, and
// work that blocks it, or a thread, or nothing. For the page
// deployment/prediction-service. All times in milliseconds.
import { define, number, plot } from "./kit.js";

const TURN = 0.5; // of the loop, to read a request and again to answer it
const ROUNDS = 20; // answers a client, on average, that are counted
const SHOWN = 10; // requests' lengths along the time axis
const ROWS = [76, 252]; // where the clients' rows begin and end

// What a request goes through: where, and for how long. What blocks without a thread to
// block in holds the loop, together with the answer that follows at once.
export function stagesOf({ length, share, threads }) {
  const block = (length * share) / 100;
  const awaited = length - block;
  const apart = threads > 0 && block > 0;
  const stages = [["loop", TURN]];
  if (awaited > 0) stages.push(["await", awaited]);
  if (apart) stages.push(["thread", block]);
  const rest = TURN + (apart ? 0 : block);
  if (stages.length === 1) return [["loop", TURN + rest]];
  return [...stages, ["loop", rest]];
}

// Each client is before one stage; the earliest goes next. Because stages are entered in
// order of time, who comes first is served first: a server is free when its last ends.
export function schedule({ clients, length, share, threads }) {
  const stages = stagesOf({ length, share, threads });
  const free = { loop: [0], thread: Array(threads).fill(0) };
  const states = Array.from({ length: clients }, () => ({ at: 0, born: 0, stage: 0 }));
  const spans = [];
  const latencies = [];
  const goal = ROUNDS * clients;
  for (;;) {
    const client = states.reduce((best, { at }, i) => (at < states[best].at ? i : best), 0);
    const state = states[client];
    if (state.at >= latencies[goal - 1]?.[0]) return { spans, latencies: latencies.slice(0, goal) };
    const [where, time] = stages[state.stage];
    const servers = free[where] ?? [state.at];
    const server = servers.indexOf(Math.min(...servers));
    const start = Math.max(state.at, servers[server]);
    servers[server] = start + time;
    spans.push({ client, where, at: state.at, start, end: start + time });
    state.at = start + time;
    state.stage = (state.stage + 1) % stages.length;
    if (state.stage === 0) {
      latencies.push([state.at, state.at - state.born]);
      state.born = state.at;
    }
  }
}

// What a request that came at a moment would wait for the loop: the work ahead of it,
// which falls by a millisecond a millisecond and jumps when a stage joins the line.
function workAhead(spans, until) {
  const joined = spans.filter(({ where, at }) => where === "loop" && at < until);
  const pieces = joined.map(({ at, end }, i) => [at, joined[i + 1]?.at ?? until, end]);
  const area = ([from, to, end]) => {
    const [high, low] = [end - from, Math.max(0, end - to)];
    return (high * high - low * low) / 2;
  };
  const mean = pieces.reduce((sum, piece) => sum + area(piece), 0) / until;
  return { pieces, mean, worst: Math.max(...pieces.map(([from, , end]) => end - from)) };
}

function model(state) {
  const { spans, latencies } = schedule(state);
  const until = latencies.at(-1)[0]; // answers are in order: the loop gives them
  const sorted = latencies.map(([, time]) => time).sort((a, b) => a - b);
  const { pieces, mean, worst } = workAhead(spans, until);
  const held = spans.filter(({ where }) => where === "loop")
    .reduce((sum, { start, end }) => sum + Math.max(0, Math.min(end, until) - start), 0);
  return {
    spans, pieces, until, worst,
    throughput: (1000 * latencies.length) / until,
    p95: sorted[Math.ceil(0.95 * sorted.length) - 1],
    health: mean,
    busy: held / until,
  };
}

// All spans of one kind as one path; `draw` gets both ends in pixels.
const path = (look, spans, draw) => {
  const d = spans.map(draw).join("");
  return d ? `<path fill="none" ${look} d="${d}"/>` : "";
};

function rows(spans, x, until, clients) {
  const pitch = (ROWS[1] - ROWS[0]) / clients;
  const thick = Math.min(14, 0.7 * pitch);
  const y = (client) => (ROWS[0] + (client + 0.5) * pitch).toFixed(1);
  const px = (time) => x(Math.min(time, until)).toFixed(1);
  const along = ({ client, start, end }) => `M${px(start)} ${y(client)}H${px(end)}`;
  const outline = ({ client, start, end }) => `M${px(start)} ${y(client) - thick / 2}H${px(end)}v${thick}H${px(start)}Z`;
  const shown = spans.filter(({ at }) => at < until);
  const started = shown.filter(({ start }) => start < until);
  const of = (kind) => started.filter(({ where }) => where === kind);
  const waits = shown.filter(({ at, start }) => start > at)
    .map(({ client, at, start }) => ({ client, start: at, end: start }));
  const loop = spans.filter(({ where, start }) => where === "loop" && start < until);
  return path('class="ck-faint"', waits, along)
    + path('class="ck-line-3"', of("await"), along)
    + path('class="ck-line-2" style="stroke-dasharray:none"', of("thread"), outline)
    + path(`class="ck-line-1" style="stroke-width:${thick}"`, of("loop"), along)
    + path('class="ck-line-1" style="stroke-width:14"', loop, ({ start, end }) => `M${px(start)} 270H${px(end)}`)
    + `<text x="46" y="${ROWS[0] + 14}" text-anchor="end">client</text><text x="46" y="275" text-anchor="end">loop</text>`;
}

function key() {
  const entry = (x, y, mark, text) => `${mark(x, y)}<text x="${x + 30}" y="${y + 5}">${text}</text>`;
  const stroke = (look, style = "") => (x, y) => `<path class="${look}" style="${style}" d="M${x} ${y}h22"/>`;
  return entry(56, 14, stroke("ck-line-1", "stroke-width:12"), "holds the loop")
    + entry(270, 14, (x, y) => `<path class="ck-line-2" fill="none" style="stroke-dasharray:none" d="M${x} ${y - 6}h22v12h-22Z"/>`, "in a thread")
    + entry(56, 42, stroke("ck-faint"), "waits for its turn") + entry(270, 42, stroke("ck-line-3"), "awaits");
}

function picture({ clients, length }, { spans, pieces, worst }) {
  const until = SHOWN * length;
  const top = Math.max(10, 10 * Math.ceil(worst / 10));
  const { x, y, frame } = plot({
    box: [56, 318, 456, 390], x: [0, until], y: [0, top],
    ticks: [[0, until / 2, until], [0, top]], labels: ["time (ms)", "a health check would wait (ms)"],
  });
  const saw = pieces.filter(([from]) => from < until).map(([from, to, end]) => {
    const last = Math.min(to, until);
    const corner = Math.min(last, end);
    return `L${x(from).toFixed(1)} ${y(end - from).toFixed(1)}L${x(corner).toFixed(1)} ${y(end - corner).toFixed(1)}H${x(last).toFixed(1)}`;
  });
  return key() + rows(spans, x, until, clients) + frame
    + `<path class="ck-line-1" fill="none" d="M${x(0)} ${y(0)}${saw.join("")}"/>`;
}

function says(_state, { throughput, p95, health, busy }) {
  return `${number(throughput, 1)} answers a second, 95 % of them within ${number(p95, 0)} ms. `
    + `The loop is ${number(100 * busy, 0)} % busy; a health check waits ${number(health, 1)} ms on average.`;
}

export const figure = {
  name: "event-loop",
  title: "Requests on one event loop",
  size: [480, 434],
  controls: [
    { name: "clients", label: "Clients", min: 1, max: 12, step: 1, value: 8 },
    { name: "length", label: "Length of a call", min: 10, max: 200, step: 5, value: 50, unit: "ms" },
    { name: "share", label: "Share that blocks", min: 0, max: 100, step: 5, value: 100, unit: "%" },
    { name: "threads", label: "Threads to block in", min: 0, max: 12, step: 1, value: 0,
      shows: (value) => (value ? String(value) : "none, on the loop") },
  ],
  points: [],
  model,
  picture,
  says,
};
define(figure);
