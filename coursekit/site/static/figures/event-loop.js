// <event-loop>: clients who ask again as soon as they are answered, one event loop, and
// work that blocks it, or a thread, or nothing. For the page
// deployment/prediction-service. All times in milliseconds.
import { define, line, number, plot } from "./kit.js";

const TURN = 0.5; // of the loop, to read a request and again to answer it
const ROUNDS = 20; // answers a client, on average, that are counted
const SHOWN = 10; // requests' lengths along the time axis
const ROWS = [76, 252]; // where the clients' rows begin and end

// What a request goes through: where, and for how long. What blocks without a thread to
// block in holds the loop, together with the answer that follows at once.
export function stagesOf({ length, share, threads }) {
  const block = (length * share) / 100;
  const thread = threads ? block : 0;
  const between = [["await", length - block], ["thread", thread]].filter(([, time]) => time > 0);
  const answer = TURN + block - thread;
  return between.length ? [["loop", TURN], ...between, ["loop", answer]] : [["loop", TURN + answer]];
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
    throughput: (1000 * sorted.length) / until,
    p95: sorted[Math.ceil(0.95 * sorted.length) - 1],
    health: mean, busy: held / until,
  };
}

const OUTLINE = "stroke-dasharray:none"; // of the boxes that are threads

// Many lines of one look as one path.
const drawn = (look, parts, style = "") => (parts.length
  ? `<path class="ck-${look}" style="${style}" d="${parts.join("")}"/>` : "");

function rows(spans, x, until, clients) {
  const pitch = (ROWS[1] - ROWS[0]) / clients;
  const thick = Math.min(14, 0.7 * pitch);
  const px = (time) => x(Math.min(time, until)).toFixed(1);
  const y = ({ client }, up = 0) => (ROWS[0] + (client + 0.5) * pitch - up).toFixed(1);
  const along = (span) => `M${px(span.start)} ${y(span)}H${px(span.end)}`;
  const outline = (span) => `M${px(span.start)} ${y(span, thick / 2)}H${px(span.end)}v${thick}H${px(span.start)}Z`;
  const waits = spans.filter(({ at, start }) => at < until && start > at)
    .map(({ client, at, start }) => `M${px(at)} ${y({ client })}H${px(start)}`);
  const of = (kind) => spans.filter(({ where, start }) => where === kind && start < until);
  const label = (below, text) => `<text x="50" y="${below}" text-anchor="end">${text}</text>`;
  return drawn("faint", waits) + drawn("line-3", of("await").map(along))
    + drawn("line-2", of("thread").map(outline), OUTLINE)
    + drawn("line-1", of("loop").map(along), `stroke-width:${thick}`)
    + drawn("line-1", of("loop").map(({ start, end }) => `M${px(start)} 270H${px(end)}`), "stroke-width:14")
    + label(ROWS[0] + 14, "client") + label(275, "loop");
}

function key() {
  const entry = (x, y, text, look, style, d = `M${x} ${y}h22`) =>
    `${drawn(look, [d], style)}<text x="${x + 30}" y="${y + 5}">${text}</text>`;
  return entry(56, 14, "holds the loop", "line-1", "stroke-width:12")
    + entry(270, 14, "in a thread", "line-2", OUTLINE, "M270 8h22v12h-22Z")
    + entry(56, 42, "waits for its turn", "faint") + entry(270, 42, "awaits", "line-3");
}

function picture({ clients, length }, { spans, pieces, worst }) {
  const until = SHOWN * length;
  const top = Math.max(10, 10 * Math.ceil(worst / 10));
  const { x, y, frame } = plot({
    box: [56, 318, 456, 390], x: [0, until], y: [0, top],
    ticks: [[0, until / 2, until], [0, top]], labels: ["time (ms)", "a health check would wait (ms)"],
  });
  const saw = pieces.filter(([from]) => from < until).flatMap(([from, to, end]) => {
    const last = Math.min(to, until);
    const corner = Math.min(last, end);
    return [[from, end - from], [corner, end - corner], [last, Math.max(0, end - last)]];
  });
  return key() + rows(spans, x, until, clients) + frame
    + line([[0, 0], ...saw].map(([time, wait]) => [x(time), y(wait)]), "ck-line-1");
}

function says(_state, { throughput, p95, health, busy }) {
  return `${number(throughput, 1)} answers a second, 95 % of them within ${number(p95, 0)} ms. `
    + `The loop is ${number(100 * busy, 0)} % busy; a health check waits ${number(health, 1)} ms on average.`;
}

const slider = (name, label, [min, max, step], value, unit) => ({ name, label, min, max, step, value, unit });

export const figure = {
  name: "event-loop",
  title: "Requests on one event loop",
  size: [480, 434],
  controls: [
    slider("clients", "Clients", [1, 12, 1], 8),
    slider("length", "Length of a call", [10, 200, 5], 50, "ms"),
    slider("share", "Share that blocks", [0, 100, 5], 100, "%"),
    { ...slider("threads", "Threads to block in", [0, 12, 1], 0), shows: (n) => String(n || "none, on the loop") },
  ],
  points: [],
  model,
  picture,
  says,
};
define(figure);
