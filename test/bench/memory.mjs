/**
 * Peak memory of the command in a long run: `node test/bench/memory.mjs [--minutes 10] [--rate 1000]`. Linux only; needs a build.
 * The services' memory is not counted: they are processes of their own.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { textTable } from "./table.mjs";

const { values } = parseArgs({ options: { minutes: { type: "string", default: "10" }, rate: { type: "string", default: "1000" } } });
const seconds = Number(values.minutes) * 60;
const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "chaos-memory-"));
const file = join(folder, "memory.yaml");
const journal = join(folder, "run.ndjson");
writeFileSync(file, `
version: 1
title: Memory of a long run
services:
  upstream: { command: [node, ${JSON.stringify(path("upstream.mjs"))}], port: auto, ready: { tcp: "127.0.0.1:\${services.upstream.port}", within: 10s } }
proxies:
  edge: { upstream: "\${services.upstream.url}" }
probes:
  calls: { type: http, method: POST, url: "\${proxies.edge.url}/charges", json: { order: "\${request.id}", amount: 12 }, timeout: 5s, load: ${values.rate}/s, expect: { status: 200 } }
steadyState:
  - { probe: calls, success: ">= 90%" }
phases: { warmup: 2s, before: ${Math.round(seconds / 4)}s, during: ${Math.round(seconds / 2)}s, after: ${Math.round(seconds / 4)}s }
faults:
  - { proxy: edge, type: latency, delay: 50ms, jitter: 20ms, rate: 10%, at: response }
hypotheses:
  - { type: claim, probe: calls, success: ">= 90%" }
`);

const run = spawn(process.execPath, [path("../../bin/chaos.js"), "run", file, "--journal", journal, "--report", "json"], { stdio: ["ignore", "pipe", "inherit"] });
const startMs = performance.now();
let report = "";
run.stdout.setEncoding("utf8").on("data", (text) => (report += text));

/** Memory of the process now and at its peak, MB. */
function memory() {
  const status = readFileSync(`/proc/${run.pid}/status`, "utf8");
  const field = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? Number.NaN) / 1024;
  return { nowMb: field("VmRSS"), peakMb: field("VmHWM") };
}

const samples = [];
const timer = setInterval(() => {
  const { nowMb, peakMb } = memory();
  if (Number.isFinite(peakMb)) samples.push({ atS: (performance.now() - startMs) / 1000, nowMb, peakMb });
}, 250);
const code = await new Promise((resolve) => run.once("close", resolve));
clearInterval(timer);

const at = (share) => samples[Math.floor((samples.length - 1) * share)];
const { outcome, because, steadyState } = JSON.parse(report);
const sent = steadyState.reduce((sum, { n }) => sum + n, 0);
console.log(textTable(
  ["run", "outcome", "exit", "samples judged", "journal MB", "MB at 1/4", "MB at 3/4", "peak MB"],
  [[`${values.minutes} min at ${values.rate}/s`, outcome, String(code), String(sent), (statSync(journal).size / 1e6).toFixed(0), at(0.25).nowMb.toFixed(0), at(0.75).nowMb.toFixed(0), at(1).peakMb.toFixed(0)]],
));
if (because !== undefined) console.log(because);
rmSync(folder, { recursive: true, force: true });
