import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { startApiServer } from "../../../src/proxy/api/server.ts";
import { WitnessLog } from "../../../src/proxy/api/witness-log.ts";
import { createSystemEnv } from "../../../src/run/system-env.ts";
import { aControl } from "./a-control.ts";
import { header, send } from "./raw-http.ts";
import { aConnection, anExchange } from "./records.ts";

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

async function start() {
  const log = new WitnessLog(createSystemEnv(), 0);
  const server = await startApiServer({ host: "127.0.0.1", port: 0, hosts: [], control: aControl(), log, version: "1.0.0" });
  undo.push(() => server.close());
  return { log, port: server.address.port };
}

/** Watches until told otherwise; `until` resolves with all that came when it holds. */
async function watch(port: number, path: string): Promise<{ readonly socket: Socket; readonly until: (holds: (text: string) => boolean) => Promise<string> }> {
  const socket = connect(port, "127.0.0.1");
  undo.push(() => socket.destroy());
  let text = "";
  socket.setEncoding("utf8").on("data", (bytes: string) => (text += bytes)).on("error", () => undefined);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  const until = async (holds: (text: string) => boolean): Promise<string> => {
    while (!holds(text)) await once(socket, "data");
    return text;
  };
  await until((head) => head.includes(": events of chaos"));
  return { socket, until };
}

/** Each event with its data. */
function eventsOf(text: string): readonly (readonly [string, unknown])[] {
  return [...text.matchAll(/^event: (.*)\ndata: (.*)\n\n/gm)].map(([, event = "", data = ""]) => [event, JSON.parse(data) as unknown]);
}

describe("the stream of events", () => {
  it("is one of server-sent events", async () => {
    const { port } = await start();
    const { until } = await watch(port, "/events");
    const text = await until(() => true);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text).toMatch(/^Content-Type: text\/event-stream\r$/m);
    expect(text).toMatch(/^Cache-Control: no-store\r$/m);
    expect(text).toMatch(/^X-Toxiproxy-Request-Id: [0-9a-v]{20}\r$/m);
  });

  it("tells of exchanges, connections, issues, toxics and proxies as they happen", async () => {
    const { log, port } = await start();
    const { until } = await watch(port, "/events");
    log.add([anExchange({ path: "/<x>\n" }), aConnection(), { kind: "stall", atMs: 1, thread: "main", lateMs: 30 }, { kind: "witness-issue", atMs: 5, proxy: "payments", code: "c", message: "m" }]);
    log.tell({ kind: "toxic", change: "added", proxy: "payments", toxic: "slow" });
    log.tell({ kind: "toxic", change: "expired", proxy: "payments", toxic: "gone" });
    log.tell({ kind: "proxy", change: "healed", proxy: "payments" });
    const events = eventsOf(await until((text) => /healed.*\n\n/.test(text)));
    expect(events.map(([event]) => event)).toEqual(["exchange", "connection", "issue", "toxic", "toxic", "proxy"]);
    expect(events[0]?.[1]).toMatchObject({ path: "/<x>\n", method: "POST", status: 201, ended: "answered whole" });
    expect(events[2]?.[1]).toEqual({ time: "1970-01-01T00:00:00.005Z", timeMs: 5, proxy: "payments", code: "c", message: "m" });
    expect(events[3]?.[1]).toMatchObject({ change: "added", proxy: "payments", toxic: "slow", now: { type: "latency" } });
    expect(events[4]?.[1]).toMatchObject({ change: "expired", toxic: "gone", now: null });
    expect(events[5]?.[1]).toMatchObject({ change: "healed", now: { name: "payments" } });
  });

  it("of one proxy tells of no other, and 404 of one that is not there", async () => {
    const { log, port } = await start();
    const { until } = await watch(port, "/proxies/payments/events");
    log.add([anExchange({ proxy: "other" }), anExchange()]);
    log.tell({ kind: "proxy", change: "removed", proxy: "other" });
    log.tell({ kind: "proxy", change: "updated", proxy: "payments" });
    expect(eventsOf(await until((text) => /updated.*\n\n/.test(text))).map(([event]) => event)).toEqual(["exchange", "proxy"]);
    expect((await send(port, { path: "/proxies/other/events" })).status).toBe(404);
  });

  it("ends for who does not keep up, by an event that says so, and goes on for the others", async () => {
    const { log, port } = await start();
    const left: unknown[] = [];
    const watchLog = log.watch.bind(log);
    log.watch = (watcher) => {
      const stop = watchLog(watcher);
      return () => {
        left.push(watcher);
        return stop();
      };
    };
    const slow = await watch(port, "/events");
    const quick = await watch(port, "/proxies/payments/events");
    slow.socket.pause();
    // No longer than it takes: what is left of the stream is kept 2 s for who begins to read again.
    for (let i = 0; i < 200 && left.length === 0; i += 1) {
      log.add(Array.from({ length: 64 }, () => anExchange({ proxy: "busy", path: `/${"x".repeat(1_000)}` })));
      await new Promise((resolve) => setImmediate(resolve));
    }
    log.add([anExchange({ proxy: "busy" })]);
    slow.socket.resume();
    const text = await slow.until((all) => /^event: dropped\ndata: .*\n\n/m.test(all.slice(-2_000)));
    await once(slow.socket, "close");
    log.add([anExchange()]);
    await quick.until((all) => all.includes("event: exchange"));
    const events = eventsOf(text);
    expect(events.at(-1)).toEqual(["dropped", expect.objectContaining({ why: "you did not keep up: 1048576 bytes were waiting for you" })]);
  });

  it("forgets who has left", async () => {
    const { port } = await start();
    for (let i = 0; i < 120; i += 1) {
      const { socket } = await watch(port, "/events");
      socket.destroy();
      await once(socket, "close");
    }
    await expect.poll(async () => {
      const { socket } = await watch(port, "/events");
      socket.destroy();
      return true;
    }).toBe(true);
  });

  it("is open to a hundred at most", async () => {
    const { port } = await start();
    for (let i = 0; i < 100; i += 1) await watch(port, "/events");
    expect(await send(port, { path: "/events" })).toMatchObject({ status: 503, body: '{"error":"too many event streams are open","status":503}\n' });
  });
});

describe("the last exchanges of a proxy", () => {
  it("are told newest last, as many as asked for", async () => {
    const { log, port } = await start();
    log.add(Array.from({ length: 150 }, (_, i) => anExchange({ nth: i + 1 })));
    const nths = async (query: string): Promise<readonly number[]> => (JSON.parse((await send(port, { path: `/proxies/payments/exchanges${query}` })).body) as { exchange: number }[]).map(({ exchange }) => exchange);
    expect(await nths("")).toEqual(Array.from({ length: 100 }, (_, i) => i + 51));
    expect(await nths("?last=2")).toEqual([149, 150]);
    expect(await nths("?last=1000")).toHaveLength(150);
  });

  it.each(["0", "1001", "-1", "1.5", "x", ""])("are not told for last=%s", async (last) => {
    const { port } = await start();
    const response = await send(port, { path: `/proxies/payments/exchanges?last=${last}` });
    expect(response).toMatchObject({ status: 400, body: `{"error":"bad query: expected last to be a whole number from 1 to 1000, got \\"${last}\\"","status":400}\n` });
    expect(header(response, "content-type")).toBe("text/plain; charset=utf-8");
  });

  it("are not told of a proxy that is not there", async () => {
    const { port } = await start();
    expect((await send(port, { path: "/proxies/nope/exchanges" })).status).toBe(404);
  });
});
