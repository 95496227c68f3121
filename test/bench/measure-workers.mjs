/** What further threads that share a proxy's connections bring (`workers`): nothing is pinned, each may have any core. */
import { delayedExchange, rotate } from "./peers.mjs";
import { findProgram, startToxiproxy } from "./peers/foreign.mjs";
import { startProgram } from "./processes.mjs";
import { median, ratio } from "./statistics.mjs";
import { number, ratioCell } from "./table.mjs";

const connections = 32;
/** In force all the time, and never hits. */
const inactive = { ...delayedExchange, selection: { ...delayedExchange.selection, match: { path: { glob: "/refunds/*" } } } };

const [major, minor] = process.versions.node.split(".").map(Number);
const title = "Workers";
const head = ["peer", "requests/s", "to one worker", "to Toxiproxy"];

export async function measureWorkers({ folder, options, say }) {
  if (major < 22 || (major === 22 && minor < 12)) return { title, note: `Skipped: several threads can listen on one port from Node 22.12 on, and this is ${process.version}.`, head, rows: [] };
  const upstream = await startProgram("upstream.mjs", {}, {});
  const load = await startProgram("load.mjs", {}, {});
  const chaos = (workers) => startProgram("peers/chaos.mjs", { upstreamPort: upstream.port, lane: "http1", faults: [inactive], thread: true, workers }, {});
  const toxiproxy = findProgram("toxiproxy-server", "toxiproxy");
  const peers = [
    { name: "net pipe", ...(await startProgram("peers/net-pipe.mjs", { upstreamPort: upstream.port }, {})) },
    { name: "chaos http1, 1 worker", ...(await chaos(1)) },
    { name: "chaos http1, 2 workers", ...(await chaos(2)) },
    ...(toxiproxy === undefined ? [] : [{ name: "Toxiproxy", ...(await startToxiproxy(toxiproxy, { upstreamPort: upstream.port, folder })) }]),
  ];
  const ask = (peer, ms) => load.ask({ kind: "closed", port: peer.port, connections, warmupMs: 300, ms });
  for (const peer of peers) await ask(peer, 2000);
  const seen = new Map(peers.map(({ name }) => [name, []]));
  for (let round = 0; round < options.rounds; round++) {
    say(`workers, round ${round + 1} of ${options.rounds}`);
    for (const peer of rotate(peers, round)) {
      seen.get(peer.name).push((await ask(peer, options.seconds * 1000)).perSecond);
      await peer.ask({});
    }
  }
  for (const { stop } of [...peers, upstream, load]) await stop();
  const against = (name, reference) => (seen.has(reference) ? ratioCell(ratio(seen.get(name), seen.get(reference))) : "–");
  return {
    title,
    note: `As throughput, but nothing is pinned: proxy, load and upstream share all cores. The data plane is in threads, as a run has it, and records are kept in memory; medians of ${options.rounds} interleaved rounds of ${options.seconds} s.`,
    head,
    rows: peers.map(({ name }) => [name, number(median(seen.get(name))), against(name, "chaos http1, 1 worker"), against(name, "Toxiproxy")]),
  };
}
