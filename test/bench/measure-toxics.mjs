/** The same toxics in ours and in the real Toxiproxy, set by the same calls, in interleaved rounds. */
import { startControlServers } from "./control-servers.mjs";
import { rotate } from "./peers.mjs";
import { median, ratio } from "./statistics.mjs";
import { number, ratioCell } from "./table.mjs";

const delayMs = 50;
const kilobytesPerSecond = 20_000;
const bulkBytes = 20_000_000;

export async function measureToxics({ load, upstream, options, say }) {
  const servers = await startControlServers();
  const seen = new Map(servers.map(({ name }) => [name, { perSecond: [], errorP50Ms: [], errorP99Ms: [], throughput: [], bulk: [] }]));
  for (let round = 0; round < options.rounds; round++) {
    say(`toxics, round ${round + 1} of ${options.rounds}`);
    for (const { name, call } of rotate(servers, round)) {
      const { listen } = await call("POST", "/proxies", { name: "edge", listen: "127.0.0.1:0", upstream: `127.0.0.1:${upstream.port}` });
      const port = Number(listen.split(":").at(-1));
      const own = seen.get(name);
      own.perSecond.push((await load.ask({ kind: "closed", port, connections: 32, warmupMs: 200, ms: options.seconds * 1000 })).perSecond);
      own.bulk.push((await load.ask({ kind: "bulk", port, bytes: 10 * bulkBytes })).megabytesPerSecond);
      await call("POST", "/proxies/edge/toxics", { type: "latency", attributes: { latency: delayMs } });
      const { p50Ms, p99Ms } = await load.ask({ kind: "open", port, perSecond: 200, ms: options.seconds * 1000 });
      own.errorP50Ms.push(p50Ms - delayMs);
      own.errorP99Ms.push(p99Ms - delayMs);
      await call("DELETE", "/proxies/edge/toxics/latency_downstream");
      await call("POST", "/proxies/edge/toxics", { type: "bandwidth", attributes: { rate: kilobytesPerSecond } });
      own.throughput.push((await load.ask({ kind: "bulk", port, bytes: bulkBytes })).megabytesPerSecond);
      await call("DELETE", "/proxies/edge");
    }
  }
  for (const { stop } of servers) await stop();
  const reference = seen.get("Toxiproxy");
  const against = (key) => ({ name }) => (reference === undefined ? "–" : ratioCell(ratio(seen.get(name)[key], reference[key])));
  const middle = (key, digits) => ({ name }) => number(median(seen.get(name)[key]), digits);
  const columns = [
    ["requests/s", middle("perSecond", 0)], ["to Toxiproxy", against("perSecond")],
    ["MB/s", middle("bulk", 0)], ["to Toxiproxy", against("bulk")],
    [`latency ${delayMs}: p50 error ms`, middle("errorP50Ms", 2)], ["p99 error ms", middle("errorP99Ms", 2)],
    [`bandwidth ${kilobytesPerSecond}: MB/s`, middle("throughput", 2)],
  ];
  return {
    title: "Toxics",
    note: `Each server as a process with its control API; 32 connections and one stream of ${(10 * bulkBytes) / 1e6} MB without a toxic, 200 requests/s under \`latency\`, one answer of ${bulkBytes / 1e6} MB under \`bandwidth\`; medians of ${options.rounds} interleaved rounds.`,
    head: ["server", ...columns.map(([head]) => head)],
    rows: servers.map((server) => [server.name, ...columns.map(([, cell]) => cell(server))]),
  };
}
