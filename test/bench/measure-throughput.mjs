/** Requests per second over 32 kept-alive connections, and processor time per request. */
import { rotate } from "./peers.mjs";
import { cpuSeconds } from "./processes.mjs";
import { median, ratio } from "./statistics.mjs";
import { number, ratioCell } from "./table.mjs";

const connections = 32;

export async function measureThroughput({ peers, load, upstream, options, say }) {
  const direct = { name: "direct, no proxy", ...upstream };
  const all = [direct, ...peers];
  const seen = new Map(all.map(({ name }) => [name, { perSecond: [], cpuUs: [], p99Ms: [] }]));
  const warmupMs = 300;
  const ms = options.seconds * 1000;
  for (const peer of all) await load.ask({ kind: "closed", port: peer.port, connections, warmupMs: 0, ms: options.quick ? 500 : 2000 });
  for (let round = 0; round < options.rounds; round++) {
    say(`throughput, round ${round + 1} of ${options.rounds}`);
    for (const peer of rotate(all, round)) {
      const before = cpuSeconds(peer.pid);
      const { perSecond, p99Ms } = await load.ask({ kind: "closed", port: peer.port, connections, warmupMs, ms });
      const used = cpuSeconds(peer.pid) - before;
      if (peer !== direct) await peer.ask({});
      const figures = seen.get(peer.name);
      figures.perSecond.push(perSecond);
      figures.p99Ms.push(p99Ms);
      figures.cpuUs.push((used * 1e6) / ((perSecond * (ms + warmupMs)) / 1000));
    }
  }
  const of = (name) => seen.get(name)?.perSecond ?? [];
  return {
    title: "Throughput",
    note: `POST with a body of 100 bytes, ${connections} kept-alive connections, one request outstanding on each; median of ${options.rounds} interleaved rounds of ${options.seconds} s; ratios with their 95 % interval. "chaos http1" has one fault whose match misses; records are kept in memory. "thread" has the data plane in a thread of its own, as a run has it; where processes are pinned, both threads share one core. CPU is that of the proxy's process alone; it says most where the machine is not idle.`,
    head: ["peer", "requests/s", "p99 ms", "to net pipe", "CPU µs/request", "CPU to net pipe", "to Toxiproxy", "to http-proxy", "to http-proxy, keep-alive"],
    rows: all.map(({ name }) => {
      const { perSecond, cpuUs, p99Ms } = seen.get(name);
      return [
        name, number(median(perSecond)), number(median(p99Ms), 2), ratioCell(ratio(perSecond, of("net pipe"))),
        name === direct.name ? "–" : number(median(cpuUs), 1), name === direct.name ? "–" : ratioCell(ratio(cpuUs, seen.get("net pipe").cpuUs)),
        ratioCell(ratio(perSecond, of("Toxiproxy (tcp)"))), ratioCell(ratio(perSecond, of("http-proxy"))), ratioCell(ratio(perSecond, of("http-proxy, keep-alive agent"))),
      ];
    }),
  };
}
