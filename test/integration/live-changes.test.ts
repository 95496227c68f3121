import { fork } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import type { Hash } from "node:crypto";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";
import { z } from "zod";
import type { Fault } from "../../src/model/experiment.ts";
import type { JsonObject } from "../../src/model/json.ts";
import { keyedRandom } from "../../src/math/random.ts";
import { connectionFault, startPlane } from "./plane.ts";
import { undoAll } from "./tcp-edge.ts";
import type { Undo } from "./tcp-edge.ts";
import { serve } from "./wire.ts";

const undo: Undo = [];
afterEach(() => undoAll(undo));

/** More of them by the environment. Each takes three open files of this process, and one of its callers'. */
const connections = Number(process.env["CHAOS_TEST_CONNECTIONS"] ?? 500);
const changes = 100;
const mostChunkBytes = 4096;

/** Upstream's end of a connection: what it has sent and got. */
class End {
  readonly sent: Hash = createHash("sha256");
  readonly got: Hash = createHash("sha256");
  sentBytes = 0;
  gotBytes = 0;
  isReset = false;
  readonly finCame: Promise<void>;
  #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (bytes) => {
      this.got.update(bytes);
      this.gotBytes += bytes.length;
    });
    socket.on("error", () => (this.isReset = true));
    this.finCame = new Promise((resolve) => socket.on("end", resolve).on("close", () => { resolve(); }));
  }

  send(bytes: Buffer): void {
    this.sent.update(bytes);
    this.sentBytes += bytes.length;
    this.#socket.write(bytes);
  }

  finish(): void {
    this.#socket.end();
  }
}

const reports = z.array(z.object({ sent: z.string(), got: z.string(), sentBytes: z.number(), gotBytes: z.number(), isReset: z.boolean() }));

/** The callers, in a process of their own; resolves with what they say when it is done. */
function startCallers(): (told: { readonly kind: string; readonly [key: string]: unknown }) => Promise<unknown> {
  const child = fork(fileURLToPath(new URL("../support/streaming-callers.mjs", import.meta.url)), { execArgv: [] });
  undo.push(() => child.kill("SIGKILL"));
  const waiting: { readonly resolve: (said: unknown) => void; readonly reject: (error: Error) => void }[] = [];
  child.on("message", (said) => waiting.shift()?.resolve(said));
  child.on("exit", () => {
    for (const { reject } of waiting) reject(new Error("the callers' process has ended"));
  });
  return (told) => new Promise((resolve, reject) => {
    waiting.push({ resolve, reject });
    child.send(told);
  });
}

/** What each change may do to each of these: put it in force, change it, take it away. */
const kinds: readonly { readonly type: string; readonly params: (random: () => number) => JsonObject; readonly bare?: (random: () => number) => JsonObject }[] = [
  { type: "latency", params: (random) => ({ delay: `${1 + Math.floor(random() * 40)}ms`, jitter: `${Math.floor(random() * 20)}ms` }) },
  { type: "bandwidth", params: (random) => ({ throughput: `${1 + Math.floor(random() * 500)}KB/s` }) },
  { type: "bandwidth", params: () => ({ throughput: "1KB/s" }), bare: () => ({ throughput: 0, scope: "connection" }) },
  { type: "bandwidth", params: (random) => ({ throughput: `${1 + Math.floor(random() * 20)}MB/s`, scope: "proxy" }) },
  { type: "slicer", params: (random) => ({ size: `${50 + Math.floor(random() * 2000)}B`, variation: `${Math.floor(random() * 50)}B` }) },
  { type: "packet-loss", params: (random) => ({ loss: `${1 + Math.floor(random() * 5)}%`, retransmit: "5ms" }) },
  { type: "slow-close", params: (random) => ({ delay: `${1 + Math.floor(random() * 200)}ms` }) },
];

const directions: readonly Fault["direction"][] = ["request", "response", "both"];

function changed(before: readonly Fault[], random: () => number): readonly Fault[] {
  const [index, share, turn] = [Math.floor(random() * kinds.length), random() < 0.5 ? 1 : random(), random()];
  const kind = kinds[index];
  if (kind === undefined) throw new Error("expected a kind");
  const name = `toxic-${index}`;
  const direction = directions[index % directions.length];
  const fault = (): Fault => {
    const made = { ...connectionFault(kind.type, kind.params(random), { rateShare: share }, direction), name };
    return kind.bare === undefined ? made : { ...made, params: kind.bare(random) };
  };
  const known = before.some((one) => one.name === name);
  if (!known) return [...before, fault()];
  return turn < 0.5 ? before.filter((one) => one.name !== name) : before.map((one) => (one.name === name ? fault() : one));
}

it(`${connections} connections that stream both ways lose no byte, double none and keep their order, while faults are added, changed and removed ${changes} times`, { timeout: 60_000 + connections * 100 }, async () => {
  const random = keyedRandom("live changes", connections);
  const pool = randomBytes(256 * 1024);
  const servers = new Map<number, End>();
  const upstream = await serve((socket) => {
    const end = new End(socket);
    // The number of its caller comes first.
    socket.once("data", (bytes) => servers.set(bytes.readUInt32LE(0), end));
  });
  undo.push(() => upstream.close());
  const plane = await startPlane({ upstreamPort: upstream.port });
  undo.push(() => plane.engine.stop());
  const callers = startCallers();
  await callers({ kind: "open", port: plane.port, count: connections });
  await expect.poll(() => servers.size, { timeout: 30_000 }).toBe(connections);
  const ends = [...servers].sort(([a], [b]) => a - b).map(([, end]) => end);

  let faults: readonly Fault[] = [];
  for (let round = 0; round < changes; round++) {
    const sent = callers({ kind: "round", round });
    for (const end of ends) {
      const start = Math.floor(random() * (pool.length - mostChunkBytes));
      if (random() < 0.3) end.send(pool.subarray(start, start + 1 + Math.floor(random() * mostChunkBytes)));
    }
    faults = changed(faults, random);
    await plane.engine.changeFaults("edge", faults);
    await sent;
  }
  await plane.engine.changeFaults("edge", []);

  await callers({ kind: "finish" });
  await Promise.all(ends.map((end) => end.finCame));
  // Said when the other half was closed long ago.
  for (const end of ends) end.send(Buffer.from("the last word"));
  for (const end of ends) end.finish();
  const reported = reports.parse(await callers({ kind: "report" }));

  const wrong = reported.flatMap((caller, i) => {
    const end = ends[i];
    const isWhole = caller.got === end?.sent.digest("hex") && caller.sent === end.got.digest("hex");
    return isWhole && !caller.isReset && !end.isReset ? [] : [`${i}: ${caller.gotBytes} of ${end?.sentBytes}, ${end?.gotBytes} of ${caller.sentBytes}${caller.isReset || end?.isReset === true ? ", reset" : ""}`];
  });
  expect(wrong).toEqual([]);
  await expect.poll(() => plane.connections().length, { timeout: 30_000 }).toBe(connections);
  expect(plane.connections().filter(({ closedBy, how }) => closedBy !== "client" || how !== "fin")).toEqual([]);
  expect(plane.connections().reduce((sum, { requestBytes }) => sum + requestBytes, 0)).toBe(reported.reduce((sum, { sentBytes }) => sum + sentBytes, 0));
});
