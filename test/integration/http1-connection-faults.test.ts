import { afterEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/model/json.ts";
import { setUpEdge } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { connectionFault } from "./plane.ts";
import { patterned, undoAll } from "./tcp-edge.ts";

const undo: Undo = [];
afterEach(() => undoAll(undo));

const body = patterned(100_000);
const head = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`;
const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

async function fetchThrough(type: string, params: JsonObject) {
  const { edge, call } = await setUpEdge(undo, (socket) => socket.on("data", () => (socket.write(head), socket.write(body))));
  edge.setFaults(connectionFault(type, params));
  const caller = call();
  const startMs = edge.env.nowMs();
  caller.socket.write(get);
  const bytes = await caller.received(head.length + body.length);
  const tookMs = edge.env.nowMs() - startMs;
  caller.close();
  await expect.poll(() => edge.connections()).toHaveLength(1);
  return { bytes, tookMs, connection: edge.connections()[0] };
}

describe("faults of connections on an http proxy", () => {
  it.each([
    ["bandwidth", { throughput: "500kB/s" }, 200, "throttle"],
    ["slicer", { size: "5000B", spacing: "5ms" }, 95, "slice"],
    ["packet-loss", { loss: "50%", retransmit: "40ms" }, 40, "lose"],
  ] as const)("%s takes its time, and changes no byte of an answer", async (type, params, leastMs, effect) => {
    const { bytes, tookMs, connection } = await fetchThrough(type, params);
    expect(tookMs).toBeGreaterThanOrEqual(leastMs);
    expect(bytes).toEqual(Buffer.concat([Buffer.from(head), body]));
    expect(connection).toMatchObject({ faults: [{ decision: "applied", effect }] });
  });

  it("connection-limit resets what is too much", async () => {
    const { edge, call } = await setUpEdge(undo, (socket) => socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")));
    edge.setFaults(connectionFault("connection-limit", { connections: 1 }));
    const first = call();
    first.socket.write(get);
    await first.received(40);
    expect(await call().ended).toBe("ECONNRESET");
    await expect.poll(() => edge.connections()).toMatchObject([{ conn: 2, closedBy: "fault", how: "rst", exchanges: 0 }]);
  });
});
