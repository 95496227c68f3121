import { describe, expect, it } from "vitest";
import type { DataPlaneMessage } from "../../src/model/data-plane.ts";
import type { Env } from "../../src/model/env.ts";
import { createDataPlane } from "../../src/proxy/index.ts";
import { createSystemEnv } from "../../src/run/system-env.ts";
import { connectionFault, startPlane } from "./plane.ts";
import { Caller, echo, serve } from "./wire.ts";

describe("the border of the data plane", () => {
  it("says only plain data, which a worker could send", async () => {
    const messages: DataPlaneMessage[] = [];
    const plane = createDataPlane(createSystemEnv());
    plane.onMessage((message) => messages.push(message));
    plane.send({ kind: "start", id: 1, config: { seed: "s", tracePrefix: "0", proxies: [] } });
    plane.send({ kind: "set-faults", id: 2, epoch: 1, faults: [], release: false });
    plane.send({ kind: "stop", id: 3 });
    await expect.poll(() => messages.length).toBe(3);
    expect(messages.map(({ kind }) => kind)).toEqual(["started", "faults-set", "stopped"]);
    expect(structuredClone(messages)).toEqual(messages);
  });

  it("hands over every record before it says that it has stopped", async () => {
    const upstream = await serve(echo);
    const plane = await startPlane({ upstreamPort: upstream.port });
    const callers = await Promise.all(Array.from({ length: 20 }, () => new Caller(plane.port).connected()));
    await Promise.all(callers.map((caller) => caller.ask("x")));
    await plane.engine.stop();
    expect(plane.connections()).toHaveLength(20);
    expect(structuredClone(plane.records)).toEqual(plane.records);
    for (const caller of callers) caller.close();
    await upstream.close();
  });

  it("refuses a fault of no known type, and goes on", async () => {
    const plane = await startPlane({ upstreamPort: 1 });
    await expect(plane.engine.setFaults([{ ...connectionFault("down", {}), type: "earthquake" }], 1)).rejects.toMatchObject({ code: "unknown-fault" });
    await plane.engine.lift({ release: false });
    await plane.engine.stop();
  });

  it("counts windows from the moment that it is told to, not from when it hears of it", async () => {
    const upstream = await serve(echo);
    const env = createSystemEnv();
    const plane = await startPlane({ upstreamPort: upstream.port, env });
    const sinceMs = env.nowMs() - 3_600_000;
    const past = connectionFault("blackhole", {}, { fromMs: 0, forMs: 60_000 });
    expect(await plane.engine.setFaults([past, { ...connectionFault("reset", {}, { fromMs: 3_540_000 }), name: "now" }], 1, sinceMs)).toEqual({ atMs: sinceMs });
    const caller = new Caller(plane.port);
    expect(await caller.ended).toBe("ECONNRESET");
    await plane.engine.stop();
    expect(plane.connections()[0]?.faults?.map(({ fault, decision }) => [fault, decision])).toEqual([[past.name, "window"], ["now", "applied"]]);
    await upstream.close();
  });

  it("refuses a second start", async () => {
    const plane = await startPlane({ upstreamPort: 1 });
    await expect(plane.engine.start({ seed: "s", tracePrefix: "0", proxies: [] })).rejects.toMatchObject({ code: "already-started" });
    await plane.engine.stop();
  });

  it("holds nothing of the event loop once it has stopped", async () => {
    const sockets = (): number => process.getActiveResourcesInfo().filter((resource) => /TCP|Connect/.test(resource)).length;
    const upstream = await serve(echo);
    const { env, armed } = countTimers(createSystemEnv());
    const plane = await startPlane({ upstreamPort: upstream.port, env });
    await plane.engine.setFaults([connectionFault("latency", { delay: "1h" }, { flap: { onMs: 10_000, offMs: 10_000 } }), connectionFault("down", {}, { fromMs: 3_600_000 })], 1);
    const caller = new Caller(plane.port);
    const held = caller.ask("held for an hour");
    // One of a window's edge, one of the bytes, once they have come.
    await expect.poll(armed).toBeGreaterThanOrEqual(2);
    expect(await Promise.race([held, plane.wait(100).then(() => "held")])).toBe("held");
    await plane.engine.stop();
    expect(armed()).toBe(0);
    caller.close();
    await upstream.close();
    await expect.poll(sockets).toBe(0);
  });
});

/** The same Env, with a count of the timers that have neither fired nor been cancelled. */
function countTimers(env: Env): { readonly env: Env; readonly armed: () => number } {
  const armed = new Set<symbol>();
  const after: Env["after"] = (delayMs, action) => {
    const id = Symbol("timer");
    armed.add(id);
    const timer = env.after(delayMs, () => {
      armed.delete(id);
      action();
    });
    return {
      cancel: () => {
        armed.delete(id);
        timer.cancel();
      },
    };
  };
  return { env: { nowMs: () => env.nowMs(), after }, armed: () => armed.size };
}
