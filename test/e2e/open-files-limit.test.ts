import { execa } from "execa";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";

/** Runs a proxy in a process of its own until its stdin ends; says its port, then the codes of its witness issues. */
const proxyProgram = (lane: string, upstreamPort: number): string => `
  import { createDataPlane } from "./dist/proxy/index.js";
  import { LocalEngine } from "./dist/engines/local.js";
  import { createSystemEnv } from "./dist/run/system-env.js";
  const issues = [];
  const engine = new LocalEngine(createDataPlane(createSystemEnv()), (records) => records.forEach((record) => record.kind === "witness-issue" && issues.push(record)));
  const [{ port }] = await engine.start({ seed: "s", tracePrefix: "0", proxies: [{ name: "edge", lane: "${lane}", upstream: { host: "127.0.0.1", port: ${upstreamPort} },
    host: "keep", correlate: { by: "none" }, listeners: [{ caller: "default", host: "127.0.0.1", port: 0 }] }] });
  console.log(port);
  process.stdin.resume().on("end", async () => { await engine.stop(); console.log(JSON.stringify(issues)); });
`;

const open = new Set<Socket>();
afterEach(() => {
  for (const socket of open) socket.destroy();
  open.clear();
});

/** From Node 22 on modules are read one after the other. */
const readsOneByOne = Number(process.versions.node.split(".")[0]) >= 22;

describe("the limit of open files", () => {
  it.each([
    readsOneByOne
      ? ["not even the program", 25, 1, /^error: the proxies ended by themselves: .*EMFILE.* \[data-plane-died\]\n {2}help: raise the limit of open files \(ulimit -n 4096\)/] as const
      : ["not even the program", 150, 1, /^error: the limit of open files is reached: EMFILE.* \[open-files\]\n {2}help: raise it \(ulimit -n 4096\)/] as const,
    ["not all proxies", 256, 300, /^error: proxy "p\d+" cannot listen on 127\.0\.0\.1:0: the limit of open files is reached \[listen-failed\]\n {2}help: raise it \(ulimit -n\)/],
  ])("that leaves room for %s is told with what to do", async (_what, limit, proxies, message) => {
    const file = Array.from({ length: proxies }, (_, i) => `  p${i}: { listen: "127.0.0.1:0", upstream: "tcp://127.0.0.1:9" }`).join("\n");
    const { exitCode, stderr } = await execa("sh", ["-c", `ulimit -n ${limit}; exec "$0" bin/chaos.js proxy --api 127.0.0.1:0 --config -`, process.execPath], { input: `proxies:\n${file}\n`, reject: false });
    expect(stderr).toMatch(message);
    expect(exitCode).toBe(6);
  });

  // Either side of a connection may be the one that finds no file.
  it.each([["tcp", 120], ["tcp", 121], ["http1", 120], ["http1", 121]] as const)("costs the connections above it, is written down once, and does not end the proxy (%s, %i files)", async (lane, limit) => {
    const upstream = createServer((socket) => open.add(socket.on("error", () => undefined).on("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")))).listen(0, "127.0.0.1");
    await once(upstream, "listening");
    const address = upstream.address();
    const upstreamPort = typeof address === "object" && address !== null ? address.port : 0;
    const proxy = execa("sh", ["-c", `ulimit -n ${limit}; exec "$0" --input-type=module -e "$1"`, process.execPath, proxyProgram(lane, upstreamPort)], { stdin: "pipe" });
    const port = Number((await proxy.iterable()[Symbol.asyncIterator]().next()).value);
    const ask = async (): Promise<boolean> => {
      const socket = connect(port, "127.0.0.1");
      open.add(socket);
      socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      const answered = await Promise.race([once(socket, "data").then(() => true), once(socket, "close").then(() => false)]).catch(() => false);
      return answered;
    };
    const answered = await Promise.all(Array.from({ length: 150 }, ask));
    expect(answered).toContain(true);
    expect(answered).toContain(false);
    for (const socket of open) socket.destroy();
    await expect.poll(ask, { timeout: 30_000 }).toBe(true);
    proxy.stdin.end();
    expect(JSON.parse((await proxy).stdout.split("\n").at(-1) ?? "")).toMatchObject([{ proxy: "edge", code: "EMFILE", message: expect.stringMatching(/^the limit of open files is reached: .*; raise it \(ulimit -n\), each connection needs two$/) }]);
    upstream.close();
  });
});
