/** How near an injected latency comes to what was asked for. */
import { delayedBytes, delayedExchange } from "./peers.mjs";
import { startProgram } from "./processes.mjs";
import { median } from "./statistics.mjs";
import { number } from "./table.mjs";

const askedMs = 100;
const perSecond = 500;

export async function measureInjected({ load, upstream, options, say }) {
  const rows = [];
  for (const { lane, fault } of [{ lane: "http1", fault: delayedExchange }, { lane: "tcp", fault: delayedBytes }]) {
    say(`injected latency, ${lane}`);
    const peer = await startProgram("peers/chaos.mjs", { upstreamPort: upstream.port, lane, faults: [fault], thread: true }, { core: undefined });
    const blocks = [];
    for (let round = 0; round < 3; round++) blocks.push(await load.ask({ kind: "open", port: peer.port, perSecond, ms: options.seconds * 2000 }));
    await peer.stop();
    const error = (quantile) => number(median(blocks.map((block) => block[quantile])) - askedMs, 2);
    rows.push([`chaos ${lane}`, error("p50Ms"), error("p99Ms"), String(blocks.reduce((sum, { count }) => sum + count, 0)), String(blocks.reduce((sum, { starved }) => sum + starved, 0))]);
  }
  return {
    title: "Injected latency",
    note: `Asked ${askedMs} ms at ${perSecond} requests/s; as the caller sees it, the way through the proxy included; the data plane in its thread and nothing of it pinned, as in a run.`,
    head: ["peer", "p50 error ms", "p99 error ms", "requests", "not sent"],
    rows,
  };
}
