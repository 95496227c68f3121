import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { connectionFault, startPlane } from "../integration/plane.ts";
import { freePort } from "../support/toxiproxy.ts";
import { findProgram, missing, runProgram, startServer } from "./servers.ts";

const why = missing(["redis-server", "redis-cli", "redis-benchmark"], "redis-server redis-tools");

describe.skipIf(why !== undefined)(`Redis behind the tcp lane${why === undefined ? "" : `, ${why}`}`, () => {
  const undo: (() => unknown)[] = [];
  let plane: Awaited<ReturnType<typeof startPlane>>;

  beforeAll(async () => {
    const port = await freePort();
    const server = await startServer(findProgram("redis-server") ?? "", ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"], port);
    undo.push(server.stop);
    plane = await startPlane({ upstreamPort: port });
    undo.push(() => plane.engine.stop());
  });
  afterEach(() => plane.engine.lift({ release: true }));
  afterAll(async () => {
    for (const action of undo.splice(0).reverse()) await action();
  });

  const redis = (...args: readonly string[]): Promise<Buffer> => runProgram("redis-cli", ["-h", "127.0.0.1", "-p", String(plane.port), ...args]);

  it("keeps a value of 5 MB as it is, through a slicer and latency, both ways", async () => {
    await plane.engine.setFaults([connectionFault("slicer", { size: "9KB", variation: "8KB" }, {}, "both"), connectionFault("latency", { delay: "10ms", jitter: "5ms" }, {}, "both")], 1);
    const value = randomBytes(2_500_000).toString("hex");
    await runProgram("redis-cli", ["-h", "127.0.0.1", "-p", String(plane.port), "-x", "set", "big"], { input: Buffer.from(value) });
    expect((await redis("get", "big")).toString().trimEnd()).toBe(value);
  });

  it("answers 40,000 pipelined commands of 50 connections", async () => {
    const before = plane.connections().length;
    const out = await runProgram("redis-benchmark", ["-h", "127.0.0.1", "-p", String(plane.port), "-n", "20000", "-c", "50", "-P", "16", "-t", "set,get", "-q"]);
    expect(out.toString()).toMatch(/SET: .*requests per second[\s\S]*GET: .*requests per second/);
    await expect.poll(() => plane.connections().length - before).toBeGreaterThanOrEqual(100);
  });

  it("is late by what was asked, per command", async () => {
    await plane.engine.setFaults([connectionFault("latency", { delay: "250ms" })], 1);
    const startMs = plane.env.nowMs();
    expect((await redis("ping")).toString()).toBe("PONG\n");
    expect(plane.env.nowMs() - startMs).toBeGreaterThanOrEqual(250);
  });

  it("tells a client that is reset in the middle of an answer", async () => {
    await plane.engine.setFaults([connectionFault("limit-data", { bytes: "1KB", end: "reset" })], 1);
    await redis("set", "long", "x".repeat(10_000));
    await expect(redis("get", "long")).rejects.toThrow(/reset|closed/i);
  });
});
