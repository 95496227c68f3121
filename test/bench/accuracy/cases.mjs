/**
 * What is asked of each fault, in the words of an experiment, and how a client sees what was delivered.
 * `measure(client)` asks the client and gives rows: what, asked, delivered (with its interval), unit, digits.
 */
import { exactly, meanOf, quantileOf, runsOf, shareOf } from "./estimates.mjs";

const calls = { kind: "calls", perSecond: 250, count: 3000 };
const kb = 1000;

/** A delay as the caller sees it, less the median of a call without a fault. */
function latency(name, fault, asked, more = {}) {
  return {
    ...more, name, fault: `{ type: latency, at: response, ${fault} }`,
    measure: async ({ ask, plainMs }) => {
      const delays = (await ask(calls)).results.map(({ ms }) => ms - plainMs);
      return Object.entries(asked).map(([what, ms]) => ({ what, asked: ms, delivered: what === "mean" ? meanOf(delays) : quantileOf(delays, Number(what.slice(1)) / 100), unit: "ms", digits: 2 }));
    },
  };
}

/** Bytes per second from the first piece behind the head to the last. */
function throughput(name, fault, lane, bytesPerSecond, bytes) {
  return {
    name, fault, lane,
    measure: async ({ ask }) => {
      const { arrivals, total } = await ask({ kind: "stream", bytes });
      const seconds = (arrivals.at(-1).atMs - arrivals[0].atMs) / 1000;
      return [{ what: `${bytes / kb} kB`, asked: bytesPerSecond / kb, delivered: exactly((total - arrivals[0].bytes) / seconds / kb), unit: "kB/s", digits: 2 }];
    },
  };
}

/** Pauses between the pieces of a body, and their size. */
function spacing(name, fault, lane, { everyMs, size, bytes }) {
  return {
    name, fault, lane,
    measure: async ({ ask }) => {
      const { arrivals } = await ask({ kind: "stream", bytes });
      const pauses = arrivals.slice(1).map(({ atMs }, i) => atMs - arrivals[i].atMs);
      return [
        { what: "spacing, mean", asked: everyMs, delivered: meanOf(pauses), unit: "ms", digits: 2 },
        { what: "spacing, p99", asked: everyMs, delivered: quantileOf(pauses, 0.99), unit: "ms", digits: 2 },
        { what: "size, mean", asked: size, delivered: meanOf(arrivals.slice(1, -1).map((piece) => piece.bytes)), unit: "B", digits: 1 },
      ];
    },
  };
}

/** How many bytes of a body came, and how it ended. */
function length(name, fault, lane, bytes, end) {
  return {
    name, fault, lane,
    measure: async ({ ask }) => {
      const seen = await ask({ kind: "stream", bytes: 100 * kb });
      if (seen.end !== end) throw new Error(`${name}: expected the end ${end}, got ${seen.end}`);
      return [{ what: `bytes of the body before ${end}`, asked: bytes, delivered: exactly(seen.total), unit: "B", digits: 0 }];
    },
  };
}

const errors = (statuses) => statuses.map((status) => status === 503);

/** Head of the upstream's answer with a length of six digits. */
const bulkHead = "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n".length;

export const cases = [
  latency("latency, fixed", "delay: 100ms", { p1: 100, p50: 100, p99: 100 }),
  latency("latency, fixed, precise", "delay: 100ms", { p1: 100, p50: 100, p99: 100 }, { precise: true }),
  latency("latency, uniform", "delay: 100ms, jitter: 50ms", { mean: 100, p5: 55, p95: 145 }),
  latency("latency, normal", "delay: 100ms, jitter: 20ms, distribution: normal", { mean: 100, p5: 100 - 1.6449 * 20, p95: 100 + 1.6449 * 20 }),
  latency("latency, lognormal", "delay: 100ms, jitter: 50ms, distribution: lognormal", lognormal(100, 50)),
  latency("latency, pareto", "delay: 100ms, jitter: 50ms, distribution: pareto", pareto(100, 50)),
  latency("latency, exponential", "delay: 100ms, jitter: 50ms, distribution: exponential", { mean: 100, p50: 50 + 50 * Math.LN2, p95: 50 + 50 * Math.log(20) }),
  // Three periods of 4 s: a sine is at 1 − cos(πq) of its half at the share q.
  latency("latency, sine", "wave: { shape: sine, period: 4s, from: 0ms, to: 200ms }", { mean: 100, p5: 100 - 100 * Math.cos(Math.PI * 0.05), p50: 100, p95: 100 - 100 * Math.cos(Math.PI * 0.95) }),
  {
    name: "error, rate", fault: "{ type: error, rate: 5% }",
    measure: async ({ ask }) => {
      const flags = errors((await ask({ kind: "serial", count: 20_000 })).statuses);
      return [{ what: "share of 20,000", asked: 5, delivered: percent(shareOf(flags.filter(Boolean).length, flags.length)), unit: "%", digits: 2 }];
    },
  },
  {
    name: "error, every", fault: "{ type: error, after: 10, every: 7, first: 100 }",
    measure: async ({ ask }) => {
      const flags = errors((await ask({ kind: "serial", count: 1000 })).statuses);
      const asked = Array.from({ length: 1000 }, (_, i) => i >= 10 && (i - 9) % 7 === 0 && (i - 9) / 7 <= 100);
      return [{ what: "calls that met another fate", asked: 0, delivered: exactly(flags.filter((flag, i) => flag !== asked[i]).length), unit: "calls", digits: 0 }];
    },
  },
  {
    name: "error, bursts", fault: "{ type: error, rate: 10%, burstLength: 4 }",
    measure: async ({ ask }) => {
      const flags = errors((await ask({ kind: "serial", count: 40_000 })).statuses);
      const runs = runsOf(flags);
      // Hits of a burst go together: as many independent ones as there are bursts.
      return [
        { what: "share of 40,000", asked: 10, delivered: percent({ ...shareOf(runs.length, flags.length), value: runs.length / flags.length }, meanOf(runs).value), unit: "%", digits: 2 },
        { what: "calls in a burst, mean", asked: 4, delivered: meanOf(runs), unit: "calls", digits: 2 },
      ];
    },
  },
  {
    name: "rate-limit", fault: "{ type: rate-limit, limit: 50/s, burst: 10 }",
    measure: async ({ ask }) => {
      const { results } = await ask({ ...calls, count: 2000 });
      return [{ what: "let through in 8 s at 250/s", asked: 10 + 50 * 8, delivered: exactly(results.filter(({ status }) => status === 200).length), unit: "calls", digits: 0 }];
    },
  },
  throughput("bandwidth, exchange", "{ type: bandwidth, throughput: 200KB/s }", "http1", 200 * kb, 600 * kb),
  throughput("bandwidth, connection", "{ type: bandwidth, throughput: 200KB/s }", "tcp", 200 * kb, 600 * kb),
  spacing("slow-body", "{ type: slow-body, size: 100B, spacing: 20ms }", "http1", { everyMs: 20, size: 100, bytes: 10_000 }),
  spacing("slicer", "{ type: slicer, size: 100B, spacing: 20ms }", "tcp", { everyMs: 20, size: 100, bytes: 10_000 }),
  length("truncate", "{ type: truncate, afterBytes: 12345B }", "http1", 12_345, "FIN"),
  length("truncate by a reset", "{ type: truncate, afterBytes: 12345B, end: reset }", "http1", 12_345, "ECONNRESET"),
  length("limit-data", `{ type: limit-data, bytes: ${bulkHead + 12_345}B, direction: response }`, "tcp", 12_345, "FIN"),
  {
    name: "corrupt", fault: "{ type: corrupt, share: 2% }",
    measure: async ({ ask }) => {
      const { changed, total } = await ask({ kind: "stream", bytes: 1000 * kb });
      return [
        { what: "share of the bytes of 1 MB", asked: 2, delivered: percent(shareOf(changed, total)), unit: "%", digits: 3 },
        { what: "length", asked: 1000 * kb, delivered: exactly(total), unit: "B", digits: 0 },
      ];
    },
  },
];

function lognormal(mean, deviation) {
  const sigma = Math.sqrt(Math.log1p((deviation / mean) ** 2));
  const median = mean * Math.exp((-sigma * sigma) / 2);
  return { mean, p50: median, p95: median * Math.exp(1.6449 * sigma) };
}

function pareto(mean, deviation) {
  const shape = 1 + Math.sqrt(1 + (mean / deviation) ** 2);
  const least = (mean * (shape - 1)) / shape;
  return { mean, p50: least * 2 ** (1 / shape), p95: least * 20 ** (1 / shape) };
}

const percent = ({ value, lo, hi }, times = 1) => ({ value: value * 100 * times, lo: lo * 100 * times, hi: hi * 100 * times });
