/** One long answer on one connection. */
import { rotate } from "./peers.mjs";
import { cpuSeconds } from "./processes.mjs";
import { median, ratio } from "./statistics.mjs";
import { number, ratioCell } from "./table.mjs";

export async function measureBulk({ peers, load, options, say }) {
  const bytes = options.quick ? 128 * 1024 ** 2 : 1024 ** 3;
  const { rounds } = options;
  const seen = new Map(peers.map(({ name }) => [name, { rate: [], cpuMs: [] }]));
  for (let round = 0; round < rounds; round++) {
    say(`bulk, round ${round + 1} of ${rounds}`);
    for (const peer of rotate(peers, round)) {
      const before = cpuSeconds(peer.pid);
      const { megabytesPerSecond } = await load.ask({ kind: "bulk", port: peer.port, bytes });
      seen.get(peer.name).rate.push(megabytesPerSecond);
      seen.get(peer.name).cpuMs.push(((cpuSeconds(peer.pid) - before) * 1000) / (bytes / 1e9));
    }
  }
  return {
    title: "Bulk",
    note: `One answer of ${bytes / 1024 ** 2} MiB on one connection; median of ${rounds} interleaved rounds.`,
    head: ["peer", "MB/s", "CPU ms/GB", "to net pipe", "to Toxiproxy"],
    rows: peers.map(({ name }) => [name, number(median(seen.get(name).rate)), number(median(seen.get(name).cpuMs)), ratioCell(ratio(seen.get(name).rate, seen.get("net pipe").rate)), ratioCell(ratio(seen.get(name).rate, seen.get("Toxiproxy (tcp)")?.rate ?? []))]),
  };
}
