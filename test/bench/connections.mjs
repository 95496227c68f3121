/**
 * What many connections cost: memory of a lane that holds thousands of idle ones, each with one exchange done, and how many new ones it takes per second.
 *
 *     node test/bench/connections.mjs [--connections 9000] [--rounds 15] [--quick]
 *
 * Linux only; needs a build. Each proxy is a process of its own, with two open files per connection: raise `ulimit -Hn` to 20,000 or more.
 * Prints text to the terminal's stderr as it goes, and at the end all tables as text, then as Markdown.
 */
import { readFileSync } from "node:fs";
import { cpus, loadavg, release } from "node:os";
import { parseArgs } from "node:util";
import { rotate } from "./peers.mjs";
import { cpuSeconds, pinned, rssMegabytes, startProgram, stopAll } from "./processes.mjs";
import { median, ratio } from "./statistics.mjs";
import { markdownTable, number, ratioCell, textTable } from "./table.mjs";

const { values } = parseArgs({ options: { connections: { type: "string", default: "9000" }, rounds: { type: "string" }, quick: { type: "boolean", default: false } } });
const wanted = Number(values.connections);
const rounds = Number(values.rounds ?? (values.quick ? 3 : 15));
const memoryRounds = values.quick ? 1 : 3;
const perRound = values.quick ? 500 : 2000;
const say = (text) => process.stderr.write(`${text}\n`);
process.on("SIGINT", () => process.exit(130));

/** Node raises its own limit to the hard one; children inherit it. */
const openFiles = Number(/^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? Number.POSITIVE_INFINITY);
const connections = Math.min(wanted, Math.floor((openFiles - 200) / 2));

/** As bin/chaos.js has it: a young generation that does not grow. */
const flags = ["--semi-space-growth-factor=1"];
const peers = [
  { name: "net pipe", file: "peers/net-pipe.mjs", argument: {} },
  { name: "chaos http1", file: "peers/chaos.mjs", argument: { lane: "http1", faults: [] } },
  { name: "chaos tcp", file: "peers/chaos.mjs", argument: { lane: "tcp", faults: [] } },
];

try {
  const upstream = await startProgram("upstream.mjs", {}, { core: 1 });
  const load = await startProgram("connect-load.mjs", {}, { core: 1 });
  const start = ({ file, argument }) => startProgram(file, { upstreamPort: upstream.port, ...argument }, { core: 0, flags });

  const memory = new Map(peers.map(({ name }) => [name, { empty: [], full: [] }]));
  for (let round = 0; round < memoryRounds; round++) {
    for (const peer of rotate(peers, round)) {
      say(`memory, round ${round + 1} of ${memoryRounds}: ${peer.name}`);
      const process = await start(peer);
      const seen = memory.get(peer.name);
      seen.empty.push(await settled(process.pid));
      await load.ask({ kind: "hold", port: process.port, connections });
      seen.full.push(await settled(process.pid));
      await load.ask({ kind: "drop" });
      await process.stop();
    }
  }

  const running = [];
  for (const peer of peers) running.push({ name: peer.name, ...(await start(peer)) });
  const churn = new Map(peers.map(({ name }) => [name, { perSecond: [], cpuUs: [] }]));
  for (const { port } of running) await load.ask({ kind: "churn", port, connections: perRound });
  for (let round = 0; round < rounds; round++) {
    say(`new connections, round ${round + 1} of ${rounds}`);
    for (const { name, port, pid, ask } of rotate(running, round)) {
      const before = cpuSeconds(pid);
      const { perSecond } = await load.ask({ kind: "churn", port, connections: perRound });
      const seen = churn.get(name);
      seen.perSecond.push(perSecond);
      seen.cpuUs.push(((cpuSeconds(pid) - before) * 1e6) / perRound);
      // What is recorded is not to pile up.
      await ask({});
    }
  }

  const about = [
    `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, Linux ${release()}, ${cpus().length} × ${cpus()[0]?.model ?? "unknown"}, load ${loadavg()[0].toFixed(1)}`,
    pinned ? "The proxy has a core of its own; load and upstream share another." : "Nothing is pinned: proxy, load and upstream share the cores.",
    ...(connections < wanted ? [`Only ${connections} connections: the limit of open files is ${openFiles}.`] : []),
    ...(loadavg()[0] > 1.5 * cpus().length ? ["The machine was busy with other work: rates say little, their ratio somewhat more; memory is as it is."] : []),
  ];
  const reference = churn.get("net pipe");
  const tables = [
    {
      title: "Memory of idle connections",
      note: `Resident memory of the proxy's process before its first connection, and with ${connections} client connections and as many to upstream, one exchange done on each; median of ${memoryRounds} fresh processes. At most 150 MB are to be over the empty process.`,
      head: ["peer", "empty MB", "full MB", "over empty MB", "KB per connection"],
      rows: peers.map(({ name }) => {
        const { empty, full } = memory.get(name);
        const over = median(full.map((mb, i) => mb - empty[i]));
        return [name, number(median(empty)), number(median(full)), number(over), number((over * 1024) / connections, 1)];
      }),
    },
    {
      title: "New connections",
      note: `Connect, one exchange, close, 32 side by side; median of ${rounds} interleaved rounds of ${perRound}; ratios with their 95 % interval. At least 0.9 times the net pipe are to be taken.`,
      head: ["peer", "connections/s", "to net pipe", "CPU µs/connection", "CPU to net pipe"],
      rows: peers.map(({ name }) => {
        const { perSecond, cpuUs } = churn.get(name);
        return [name, number(median(perSecond)), ratioCell(ratio(perSecond, reference.perSecond)), number(median(cpuUs)), ratioCell(ratio(cpuUs, reference.cpuUs))];
      }),
    },
  ];
  console.log([...about, ...tables.flatMap(({ title, note, head, rows }) => ["", title, note, "", textTable(head, rows)])].join("\n"));
  console.log(["", ...about.map((line) => `${line}  `), ...tables.flatMap(({ title, note, head, rows }) => ["", `### ${title}`, "", note, "", markdownTable(head, rows)])].join("\n"));
} finally {
  await stopAll();
}
process.exit();

/** Resident memory once it has stopped changing, MB. */
async function settled(pid) {
  let before = Number.NaN;
  for (let look = 0; look < 20; look++) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const now = rssMegabytes(pid);
    if (Math.abs(now - before) < 0.5) return now;
    before = now;
  }
  return before;
}
