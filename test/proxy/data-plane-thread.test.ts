import { describe, expect, it } from "vitest";
import { LocalEngine } from "../../src/engines/index.ts";
import type { ChaosError } from "../../src/model/error.ts";
import type { WitnessRecord } from "../../src/model/event.ts";
import { DataPlaneThread, openDataPlane } from "../../src/proxy/data-plane-thread.ts";
import { createEnvFrom } from "../../src/proxy/worker-env.ts";
import { HeldClock } from "./held-clock.ts";

const aRecord = '{ kind: "unwitnessed", atMs: 2, proxy: "edge", startMs: 1, endMs: 2 }';

/** What a thread does with a request. */
const conducts = {
  answers: 'parentPort.postMessage(kind === "stop" ? { kind: "stopped", id } : { kind: "faults-set", id, atMs: 7 })',
  stops: `parentPort.postMessage({ kind: "records", records: [${aRecord}] }); parentPort.postMessage({ kind: "stopped", id })`,
  throws: `parentPort.postMessage({ kind: "records", records: [${aRecord}] }); throw new Error("out of luck")`,
  exits: "process.exit(3)",
  spins: "for (;;);",
  sleeps: "Atomics.wait(workerData.taken, 0, 0)",
  ignores: "",
} as const;

/** A thread that behaves as told, spoken to by an engine on a clock that is held. */
function setUp(conduct: keyof typeof conducts) {
  const env = new HeldClock();
  const deaths: ChaosError[] = [];
  const records: WitnessRecord[] = [];
  const program = `import { parentPort, workerData } from "node:worker_threads"; parentPort.on("message", ({ kind, id }) => { ${conducts[conduct]} });`;
  const thread = new DataPlaneThread(new URL(`data:text/javascript,${encodeURIComponent(program)}`), { env, startNs: 0n });
  const engine = new LocalEngine(thread, (batch) => records.push(...batch), (death) => deaths.push(death));
  return { env, engine, deaths, records };
}

describe("the data plane's thread", () => {
  it("answers as the data plane does", async () => {
    const { engine, env } = setUp("answers");
    expect(await engine.setFaults([], 1)).toEqual({ atMs: 7 });
    expect(env.armed).toBe(0);
    await engine.stop();
  });

  it("has stopped when all its records have come and it is gone, and that is no death", async () => {
    const { engine, env, deaths, records } = setUp("stops");
    await engine.stop();
    expect(records).toHaveLength(1);
    expect(deaths).toEqual([]);
    expect(env.armed).toBe(0);
  });

  it("leaves nothing unanswered that is asked with the stop, and refuses what is asked after it", async () => {
    const { engine, env } = setUp("answers");
    const [stopped] = await Promise.allSettled([engine.stop(), engine.stop(), engine.setFaults([], 1)]);
    expect(stopped.status).toBe("fulfilled");
    await expect(engine.lift({ release: false })).rejects.toMatchObject({ code: "data-plane-stopped" });
    expect(env.armed).toBe(0);
  });

  it("dies of an exception with its message, its records handed over, what waits told the same", async () => {
    const { engine, env, deaths, records } = setUp("throws");
    const asked = engine.setFaults([], 1);
    await expect(asked).rejects.toMatchObject({ code: "data-plane-died", message: expect.stringContaining("out of luck") as string });
    expect(deaths).toHaveLength(1);
    await expect(asked).rejects.toBe(deaths[0]);
    expect(records).toHaveLength(1);
    expect(env.armed).toBe(0);
  });

  it("dies of an exit", async () => {
    const { engine } = setUp("exits");
    await expect(engine.setFaults([], 1)).rejects.toMatchObject({ code: "data-plane-died", message: expect.stringContaining("code 3") as string });
  });

  it.each(["spins", "sleeps", "ignores"] as const)("is given up when it %s for 15 s", async (conduct) => {
    const { engine, env, deaths } = setUp(conduct);
    const asked = engine.setFaults([], 1).catch((error: unknown) => error);
    env.advance(14_999);
    expect(deaths).toEqual([]);
    env.advance(1);
    expect(await asked).toMatchObject({ code: "data-plane-died", message: expect.stringContaining("did not answer for 15 s") as string });
    expect(env.armed).toBe(0);
  });

  it("is lifted and stopped once it is dead", async () => {
    const { engine, env } = setUp("throws");
    env.advance(40);
    expect(await engine.lift({ release: true })).toEqual({ atMs: 40 });
    await engine.stop();
    await expect(engine.setFaults([], 2)).rejects.toMatchObject({ code: "data-plane-died" });
  });

  it("is this thread where the program is run from source", async () => {
    const startNs = process.hrtime.bigint();
    const dataPlane = openDataPlane({ env: createEnvFrom(startNs), startNs });
    expect(dataPlane).not.toBeInstanceOf(DataPlaneThread);
    await new LocalEngine(dataPlane, () => undefined).stop();
  });
});
