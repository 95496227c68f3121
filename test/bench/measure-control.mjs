/** The control API: calls a second, and a thousand proxies with ten toxics each. */
import { startControlServers } from "./control-servers.mjs";
import { rotate } from "./peers.mjs";
import { median, ratio } from "./statistics.mjs";
import { number, ratioCell } from "./table.mjs";

const toxicsEach = 10;

export async function measureControl({ upstream, options, say }) {
  const proxies = options.quick ? 100 : 1000;
  const rounds = Math.max(3, Math.ceil(options.rounds / 3));
  const servers = await startControlServers();
  const seen = new Map(servers.map(({ name }) => [name, new Map()]));
  for (let round = 0; round < rounds; round++) {
    say(`control API, round ${round + 1} of ${rounds}`);
    for (const { name, call } of rotate(servers, round)) {
      for (const [figure, value] of Object.entries(await drive(call, proxies, upstream.port))) {
        const known = seen.get(name).get(figure) ?? [];
        seen.get(name).set(figure, [...known, value]);
      }
    }
  }
  for (const { stop } of servers) await stop();
  const [ours, reference] = servers.map(({ name }) => seen.get(name));
  return {
    title: "Control API",
    note: `One caller, one call after the other on one connection; ${proxies} proxies with ${toxicsEach} toxics each; medians of ${rounds} interleaved rounds. Above 1 is more calls a second, below 1 is less time.`,
    head: ["", ...servers.map(({ name }) => name), "to Toxiproxy"],
    rows: [...ours.keys()].map((figure) => [figure, ...servers.map(({ name }) => number(median(seen.get(name).get(figure)), figure.endsWith("ms") ? 1 : 0)), reference === undefined ? "–" : ratioCell(ratio(ours.get(figure), reference.get(figure)))]),
  };
}

async function drive(call, proxies, upstreamPort) {
  const upstream = `127.0.0.1:${upstreamPort}`;
  const names = Array.from({ length: proxies }, (_, i) => `edge-${i}`);
  const timed = async (action) => {
    const startMs = performance.now();
    await action();
    return performance.now() - startMs;
  };
  const perSecond = async (calls, action) => (calls * 1000) / (await timed(action));
  const repeated = (times, action) => async () => {
    for (let i = 0; i < times; i++) await action(i);
  };
  const figures = {
    "GET /version, calls/s": await perSecond(2000, repeated(2000, () => call("GET", "/version"))),
    "proxies created/s": await perSecond(proxies, repeated(proxies, (i) => call("POST", "/proxies", { name: names[i], listen: "127.0.0.1:0", upstream }))),
    "toxics added/s": await perSecond(proxies * toxicsEach, repeated(proxies, (i) => repeated(toxicsEach, (k) => call("POST", `/proxies/${names[i]}/toxics`, { name: `t${k}`, type: "latency", attributes: { latency: k } }))())),
    "toxics updated/s": await perSecond(proxies, repeated(proxies, (i) => call("PATCH", `/proxies/${names[i]}/toxics/t0`, { attributes: { latency: 7 } }))),
    "all listed, ms": await timed(() => call("GET", "/proxies")),
    "all reset, ms": await timed(() => call("POST", "/reset")),
  };
  figures["proxies deleted/s"] = await perSecond(proxies, repeated(proxies, (i) => call("DELETE", `/proxies/${names[i]}`)));
  return figures;
}
