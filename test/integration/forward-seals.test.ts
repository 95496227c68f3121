import { afterEach, expect, it } from "vitest";
import type { JsonObject } from "../../src/model/json.ts";
import { answering } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { setUpForward } from "./forward-edge.ts";
import { connectionFault } from "./plane.ts";
import { aWhile } from "./wire.ts";

const undo: Undo = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const get = (authority: string): string => `GET http://${authority}/ HTTP/1.1\r\nHost: ${authority}\r\n\r\n`;

/** Faults that end or silence a connection, how its client sees it end when it asks again and those that silence it are then lifted, and how much of the answer it has got. */
const faults: readonly (readonly [string, JsonObject, "request" | "response" | "both", string, number])[] = [
  ["blackhole", {}, "both", "ECONNRESET", 0],
  ["blackhole", { closeAfter: "1s" }, "both", "fin", 0],
  ["half-open", {}, "response", "ECONNRESET", 0],
  ["limit-data", { bytes: "10B", end: "close" }, "response", "fin", 10],
  ["limit-data", { bytes: "10B", end: "reset" }, "response", "ECONNRESET", 10],
  ["limit-data", { bytes: "10B", end: "close" }, "request", "fin", 0],
  ["reset", { afterBytes: "10B" }, "response", "ECONNRESET", 10],
];

it.each(faults)("%s (%j, %s) takes hold of a connection that leads to two hosts, and nothing is left of any of them", async (type, params, direction, ending, bytes) => {
  const { here, there, edge, call, toHere, toThere } = await setUpForward(undo, answering((_, socket) => socket.write(ok)));
  const caller = call();
  caller.socket.write(get(toHere) + get(toThere));
  await caller.received(2 * ok.length);
  edge.setFaults(connectionFault(type, params, {}, direction));
  caller.socket.write(get(toThere));
  const endsByItself = (type !== "blackhole" && type !== "half-open") || "closeAfter" in params;
  await (endsByItself ? caller.ended : aWhile(100));
  edge.lift();
  expect(await caller.ended).toBe(ending);
  expect(caller.bytes.length).toBe(2 * ok.length + bytes);
  caller.socket.end();
  await expect.poll(() => [edge.connections().length, here.sockets.size, there.sockets.size]).toEqual([1, 0, 0]);
  expect(edge.connections()).toMatchObject([{ exchanges: 3, faults: [{ decision: "applied" }] }]);
});

it("slow-close keeps the end of a connection back that leads to two hosts", async () => {
  const { here, there, edge, call, toHere, toThere } = await setUpForward(undo, answering((_, socket) => socket.write(ok)));
  edge.setFaults(connectionFault("slow-close", { delay: "120ms" }));
  const caller = call();
  caller.socket.write(get(toHere) + get(toThere));
  await caller.received(2 * ok.length);
  const startMs = edge.env.nowMs();
  for (const socket of there.sockets) socket.end();
  expect(await caller.ended).toBe("fin");
  expect(edge.env.nowMs() - startMs).toBeGreaterThanOrEqual(119);
  caller.socket.end();
  await expect.poll(() => [edge.connections().length, here.sockets.size, there.sockets.size]).toEqual([1, 0, 0]);
});

it("a forward proxy that is closed ends its connections by FIN, to all hosts", async () => {
  const { here, there, edge, call, toHere, toThere } = await setUpForward(undo, answering((_, socket) => socket.write(ok)));
  edge.setFaults(connectionFault("slow-close", { delay: "1h" }, {}, "both"));
  const caller = call();
  caller.socket.write(get(toHere) + get(toThere));
  await caller.received(2 * ok.length);
  await edge.server.leave();
  expect(await caller.ended).toBe("fin");
  caller.close();
  await expect.poll(() => [edge.connections().length, here.sockets.size, there.sockets.size], { timeout: 10_000 }).toEqual([1, 0, 0]);
  expect(edge.connections()).toMatchObject([{ closedBy: "proxy", how: "fin" }]);
});
