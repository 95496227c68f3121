/** How near an injected latency comes to what was asked for. */
import { delayedBytes, delayedExchange } from "./peers.mjs";
import { cpuSeconds, startProgram } from "./processes.mjs";
import { median } from "./statistics.mjs";
import { number } from "./table.mjs";

const askedMs = 100;
const perSecond = 1000;
/** Until its code is compiled it is slower now and then. */
const warmupMs = 10_000;

export async function measureInjected({ load, upstream, options, say }) {
  const rows = [];
  const asked = [{ lane: "http1", fault: delayedExchange }, { lane: "tcp", fault: delayedBytes }];
  for (const { lane, fault, precise } of [...asked, ...asked.map((one) => ({ ...one, precise: true }))]) {
    say(`injected latency, ${lane}`);
    const peer = await startProgram("peers/chaos.mjs", { upstreamPort: upstream.port, lane, faults: [fault], thread: true, precise }, { core: undefined });
    const blocks = [];
    await load.ask({ kind: "open", port: peer.port, perSecond, ms: warmupMs });
    const before = cpuSeconds(peer.pid);
    const startMs = performance.now();
    for (let round = 0; round < 5; round++) blocks.push(await load.ask({ kind: "open", port: peer.port, perSecond, warmupMs: 1000, ms: options.seconds * 2000 }));
    const cores = (cpuSeconds(peer.pid) - before) / ((performance.now() - startMs) / 1000);
    await peer.stop();
    const error = (quantile) => number(median(blocks.map((block) => block[quantile])) - askedMs, 2);
    rows.push([`chaos ${lane}${precise ? ", precise" : ""}`, error("p50Ms"), error("p99Ms"), String(blocks.reduce((sum, { count }) => sum + count, 0)), String(blocks.reduce((sum, { starved }) => sum + starved, 0)), number(cores, 2)]);
  }
  return {
    title: "Injected latency",
    note: `Asked ${askedMs} ms at ${perSecond} requests/s; as the caller sees it, the way through the proxy included, on connections that are open; the data plane in its thread and nothing of it pinned, as in a run; the median of 5 blocks behind 10 s of warm-up. Cores: processor time of all that it does, passing requests on included.`,
    head: ["peer", "p50 error ms", "p99 error ms", "requests", "not sent", "cores"],
    rows,
  };
}
