/** Our data plane in a process of its own: a lane, faults in force, the journal or not, a thread of its own or not. */
import { open } from "node:fs/promises";
import { SharedEngine } from "../../../dist/engines/index.js";
import { createDataPlane, openDataPlane } from "../../../dist/proxy/index.js";
import { JournalFile } from "../../../dist/run/journal-file.js";
import { createSystemEnv } from "../../../dist/run/system-env.js";
import { argument, serve } from "../program.mjs";

const { upstreamPort, precise, workers, lane, faults, journal, mostJournalBytes, thread } = argument;
const startNs = process.hrtime.bigint();
const env = createSystemEnv(startNs);
let records = [];
let seq = 0;
const file = journal === undefined ? undefined : new JournalFile(await sink(), { env, onFailure: (error) => { throw error; } });
const engine = new SharedEngine({
  env,
  open: () => (thread ? openDataPlane({ env, startNs }) : createDataPlane(env)),
  onRecords: (batch) => {
    if (file === undefined) records.push(...batch);
    else for (const record of batch) file.write(Object.assign(record, { seq: (seq += 1) }));
  },
  onDeath: (error) => { throw error; },
});
const [{ port }] = await engine.start({
  seed: "bench", tracePrefix: "0123456789abcdef",
  proxies: [{ name: "edge", lane, upstream: { host: "127.0.0.1", port: upstreamPort }, host: "keep", precise, ...(workers > 1 && { workers }), correlate: { by: "trace" }, listeners: [{ caller: "default", host: "127.0.0.1", port: 0 }] }],
});
await engine.setFaults(faults, 1);
serve({ port }, async () => {
  const count = records.length;
  records = [];
  return { records: count, written: seq };
});

/** The journal's file; with a limit it begins anew when it is full, so that a long run needs no more disk than that. */
async function sink() {
  const file = await open(journal, "w");
  if (mostJournalBytes === undefined) return file;
  let bytes = 0;
  return {
    appendFile: async (lines) => {
      if (bytes > mostJournalBytes) {
        await file.truncate(0);
        bytes = 0;
      }
      bytes += lines.length;
      await file.write(lines, 0, lines.length, bytes - lines.length);
    },
    close: () => file.close(),
  };
}
