/** Who is measured. Each peer is a process of its own between the load and the same upstream. */
import { join } from "node:path";
import { findProgram, startNginx, startToxiproxy } from "./peers/foreign.mjs";
import { startProgram } from "./processes.mjs";

/** In force all the time, and never hits: its match asks for another path. */
const inactive = {
  name: "slow-refunds", type: "latency", layer: "exchange", proxy: "edge", direction: "both", params: { at: "response", delayMs: 3000, jitterMs: 0, distribution: "uniform" },
  selection: { match: { methods: ["POST"], path: { glob: "/refunds/*" } }, fromMs: 0, after: 0, every: 1, rateShare: 1, per: "fault" },
};

export const delayedExchange = { ...inactive, name: "slow", params: { ...inactive.params, delayMs: 100 }, selection: { ...inactive.selection, match: {} } };
export const delayedBytes = { ...delayedExchange, layer: "connection", direction: "response", params: { delayMs: 100, jitterMs: 0, distribution: "uniform" } };

const core = 0;

/** Starts all that are wanted (default: every one) and can be; says which cannot, and why. */
export async function startPeers({ upstreamPort, folder, wanted }) {
  const isWanted = ({ name }) => wanted === undefined || wanted.includes(name);
  const chaos = (lane, faults, more = {}) => startProgram("peers/chaos.mjs", { upstreamPort, lane, faults, ...more }, { core });
  const own = [
    { name: "net pipe", start: () => startProgram("peers/net-pipe.mjs", { upstreamPort }, { core }) },
    { name: "chaos tcp", start: () => chaos("tcp", []) },
    { name: "chaos http1, no fault", start: () => chaos("http1", []) },
    { name: "chaos http1", start: () => chaos("http1", [inactive]) },
    { name: "chaos http1, journal", start: () => chaos("http1", [inactive], { journal: join(folder, "bench.ndjson") }) },
    { name: "chaos http1, thread", start: () => chaos("http1", [inactive], { thread: true }) },
    { name: "chaos http1, thread, journal", start: () => chaos("http1", [inactive], { thread: true, journal: join(folder, "thread.ndjson") }) },
    { name: "http-proxy", start: () => startProgram("peers/http-proxy.mjs", { upstreamPort, keepAlive: false }, { core }) },
    { name: "http-proxy, keep-alive agent", start: () => startProgram("peers/http-proxy.mjs", { upstreamPort, keepAlive: true }, { core }) },
  ];
  const foreign = [
    { name: "Toxiproxy (tcp)", programs: ["toxiproxy-server", "toxiproxy"], start: startToxiproxy },
    { name: "nginx", programs: ["nginx"], start: startNginx },
  ];
  const peers = [];
  const skipped = [];
  for (const { name, start } of own.filter(isWanted)) peers.push({ name, ...(await start()) });
  for (const { name, programs, start } of foreign.filter(isWanted)) {
    const program = findProgram(...programs);
    if (program === undefined) skipped.push({ peer: name, why: `no ${programs.join(" or ")} on the PATH` });
    else peers.push({ name, ...(await start(program, { upstreamPort, folder, core })) });
  }
  return { peers, skipped };
}

/** The same list, begun one further each round, so that no peer always follows the same one. */
export function rotate(peers, round) {
  const from = round % peers.length;
  return [...peers.slice(from), ...peers.slice(0, from)];
}
