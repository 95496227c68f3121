/** What a proxy adds to one request on one connection: blocks that alternate with direct ones. */
import { rotate } from "./peers.mjs";
import { median, medianInterval, ratio } from "./statistics.mjs";
import { intervalCell, number, ratioCell } from "./table.mjs";

export async function measureLatency({ peers, load, upstream, options, say }) {
  const requests = options.quick ? 500 : 2000;
  const rounds = options.rounds * 2;
  const added = new Map(peers.map(({ name }) => [name, []]));
  const tails = new Map(peers.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    say(`latency, round ${round + 1} of ${rounds}`);
    for (const peer of rotate(peers, round)) {
      const direct = await load.ask({ kind: "serial", port: upstream.port, requests });
      const through = await load.ask({ kind: "serial", port: peer.port, requests });
      await peer.ask({});
      added.get(peer.name).push((through.p50Ms - direct.p50Ms) * 1000);
      tails.get(peer.name).push(through.p99Ms * 1000);
    }
  }
  const toxiproxy = added.get("Toxiproxy (tcp)");
  const beyondToxiproxy = (name) => (toxiproxy === undefined ? undefined : added.get(name).map((value, i) => value - toxiproxy[i]));
  return {
    title: "Added latency",
    note: `p50 of ${requests} requests one after the other on one connection, less that of the direct block just before; median of ${rounds} rounds; the ratio and the difference pair the blocks of a round. p99 is of all that the caller waits.`,
    head: ["peer", "added µs", "to net pipe", "less Toxiproxy's µs", "p99 µs"],
    rows: peers.map(({ name }) => [name, number(median(added.get(name)), 1), ratioCell(ratio(added.get(name), added.get("net pipe"))), intervalCell(medianInterval(beyondToxiproxy(name))), intervalCell(medianInterval(tails.get(name)))]),
  };
}
