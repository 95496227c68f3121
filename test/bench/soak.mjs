/**
 * Memory and descriptors of the data plane under a long load: `node test/bench/soak.mjs [--minutes 60] [--rate 2000]`, or
 * `--exchanges 1000000` as fast as 32 connections go. Three faults are active; every exchange is written to a journal that begins anew
 * at 64 MB. Linux only; needs a build.
 */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startProgram, stopAll } from "./processes.mjs";
import { textTable } from "./table.mjs";

const { values } = parseArgs({ options: { minutes: { type: "string", default: "60" }, rate: { type: "string", default: "2000" }, exchanges: { type: "string" } } });
const rate = Number(values.rate);
const blockS = Math.min(10, Number(values.minutes) * 3);
const folder = mkdtempSync(join(tmpdir(), "chaos-soak-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const common = { layer: "exchange", proxy: "edge", direction: "both" };
const selection = { match: {}, fromMs: 0, after: 0, every: 1, rateShare: 1, per: "fault" };
const faults = [
  { ...common, name: "slow", type: "latency", params: { at: "response", delayMs: 20, jitterMs: 10, distribution: "normal" }, selection: { ...selection, rateShare: 0.1 } },
  { ...common, name: "drip", type: "slow-body", params: { size: 50, spacing: 2 }, selection: { ...selection, every: 50 } },
  { ...common, name: "stalled", type: "bandwidth", params: { throughput: 100_000 }, selection: { ...selection, every: 20 } },
];

/** Memory (MB) and open descriptors of a process. */
function look(pid) {
  const kb = Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  return { mb: kb / 1024, descriptors: readdirSync(`/proc/${pid}/fd`).length };
}

const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

try {
  const upstream = await startProgram("upstream.mjs", {}, { core: 1 });
  const load = await startProgram("load.mjs", {}, { core: 1 });
  const empty = await startProgram("empty.mjs", {}, { core: 1 });
  const proxy = await startProgram("peers/chaos.mjs", { upstreamPort: upstream.port, lane: "http1", faults, thread: true, journal: join(folder, "soak.ndjson"), mostJournalBytes: 64e6 }, { core: 0 });
  const emptyMb = look(empty.pid).mb;
  const before = look(proxy.pid);
  const samples = [];
  const timer = setInterval(() => samples.push(look(proxy.pid)), 500);
  const startMs = performance.now();
  let asked = 0;
  let unsent = 0;
  const goesOn = () => (values.exchanges === undefined ? performance.now() - startMs < Number(values.minutes) * 60_000 : asked < Number(values.exchanges));
  while (goesOn()) {
    if (values.exchanges === undefined) {
      const { count, starved } = await load.ask({ kind: "open", port: proxy.port, perSecond: rate, ms: blockS * 1000 });
      asked += count;
      unsent += starved;
    } else asked += Math.round((await load.ask({ kind: "closed", port: proxy.port, connections: 32, warmupMs: 0, ms: 5000 })).perSecond * 5);
    process.stderr.write(`${Math.round((performance.now() - startMs) / 1000)} s, ${asked} exchanges, ${samples.at(-1)?.mb.toFixed(0)} MB\n`);
  }
  clearInterval(timer);
  const { written } = await proxy.ask({});
  // The last connections are being closed.
  for (let tries = 0; tries < 50 && look(proxy.pid).descriptors > before.descriptors; tries++) await new Promise((resolve) => setTimeout(resolve, 100));
  const quarter = (n) => mean(samples.slice(Math.floor((samples.length * (n - 1)) / 4), Math.floor((samples.length * n) / 4)).map(({ mb }) => mb));
  const minutes = (performance.now() - startMs) / 60_000;
  console.log(textTable(
    ["exchanges", "minutes", "not sent", "records written", "empty process MB", "at start", "second quarter", "last quarter", "last to second", "peak", "peak over empty", "descriptors before", "after"],
    [[
      String(asked), minutes.toFixed(1), String(unsent), String(written), emptyMb.toFixed(0), before.mb.toFixed(0), quarter(2).toFixed(1), quarter(4).toFixed(1), (quarter(4) / quarter(2)).toFixed(3),
      Math.max(...samples.map(({ mb }) => mb)).toFixed(0), (Math.max(...samples.map(({ mb }) => mb)) - emptyMb).toFixed(0), String(before.descriptors), String(look(proxy.pid).descriptors),
    ]],
  ));
} finally {
  await stopAll();
}
process.exit();
