/**
 * What each fault was asked for and what it delivered, as a client in another process sees it: `node test/bench/accuracy.mjs [--only NAME]`.
 * Needs a build. Faults are read from the words of an experiment, and carried out by the data plane in its thread, as in a run.
 */
import { cpus, release } from "node:os";
import { parseArgs } from "node:util";
import { parse } from "../../dist/index.js";
import { cases } from "./accuracy/cases.mjs";
import { startProgram, stopAll } from "./processes.mjs";
import { markdownTable, textTable } from "./table.mjs";

const { values } = parseArgs({ options: { only: { type: "string", default: "" } } });

/** The fault as a plan has it, from one line of YAML. */
function faultOf({ fault, lane = "http1" }) {
  const scheme = lane === "tcp" ? "tcp" : "http";
  const yaml = `version: 1
title: accuracy
seed: accuracy
proxies: { edge: { upstream: "${scheme}://127.0.0.1:1" } }
probes: { p: { type: http, url: "http://127.0.0.1:1/", load: 1/s, timeout: 1s, expect: { status: 200 } } }
phases: { before: 1s, during: 1h, after: 1s }
hypotheses: [{ type: claim, probe: p, success: ">= 1%" }]
faults: [${fault.replace("{", "{ name: f, proxy: edge,")}]
`;
  const { documents, issues } = parse(yaml, { file: "accuracy.yaml", vars: {}, env: {} });
  const experiment = documents[0]?.experiment;
  if (experiment === undefined) throw new Error(`${fault}: ${JSON.stringify(issues)}`);
  return experiment.faults;
}

const rows = [];
try {
  const upstream = await startProgram("upstream.mjs", {}, { core: 1 });
  const client = await startProgram("accuracy/client.mjs", {}, { core: 1 });
  for (const one of cases.filter(({ name }) => name.includes(values.only))) {
    process.stderr.write(`${one.name}\n`);
    const { lane = "http1" } = one;
    const faults = faultOf(one);
    const [plain, faulted] = [await startProxy(lane, []), await startProxy(lane, faults)];
    const { results } = await client.ask({ kind: "calls", port: plain.port, perSecond: 200, count: 400 });
    const plainMs = results.map(({ ms }) => ms).sort((a, b) => a - b)[200];
    for (const { what, asked, delivered, unit, digits } of await one.measure({ plainMs, ask: (job) => client.ask({ ...job, port: faulted.port }) })) {
      const number = (value) => value.toFixed(digits);
      const interval = delivered.lo === delivered.hi ? "exact" : `${number(delivered.lo)} – ${number(delivered.hi)}`;
      rows.push([one.name, what, `${number(asked)} ${unit}`, `${number(delivered.value)} ${unit}`, interval]);
    }
    await Promise.all([plain.stop(), faulted.stop()]);

    function startProxy(lane, faults) {
      return startProgram("peers/chaos.mjs", { upstreamPort: upstream.port, lane, faults, thread: true, precise: one.precise === true }, { core: undefined });
    }
  }
  const head = ["fault", "what", "asked", "delivered", "95 % interval"];
  const about = `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, Linux ${release()}, ${cpus().length} × ${cpus()[0]?.model ?? "unknown"}. Delays are what the client waited less the median of its calls through the proxy without a fault.`;
  console.log(`${about}\n\n${textTable(head, rows)}\n\n${about}\n\n${markdownTable(head, rows)}`);
} finally {
  await stopAll();
}
process.exit();
