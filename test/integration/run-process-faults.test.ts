import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import type { Event } from "../../src/model/event.ts";
import { aRun, only, shop, undisturbed, wasDisturbed } from "../support/a-run.ts";
import type { Outcome } from "../support/a-run.ts";
import { isListening } from "../support/chaos.ts";
import { stateOf } from "../support/processes.ts";
import { dial, endOf, tcpServer } from "../support/sockets.ts";

const phases = "{ warmup: 200ms, before: 2s, during: 2s, after: 2s }";

function expectUndone({ events, left }: Outcome): void {
  expect(events.at(-1)).toMatchObject({ kind: "ended", cleanedUp: true, left: [] });
  expect(left).toEqual([]);
}

/** Held, or, on a machine that disturbed the run, too little to say so. */
function expectHeld(outcome: Outcome, verdict: string = outcome.report.outcome): void {
  expect(wasDisturbed(outcome) ? ["held", "inconclusive"] : ["held"]).toContain(verdict);
}

/** What became of one service, in order. */
function storyOf(events: readonly Event[], service: string): readonly string[] {
  return events.flatMap((event) => {
    switch (event.kind) {
      case "service-started":
      case "service-ready":
      case "service-restored": return event.service === service ? [event.kind] : [];
      case "service-exited": return event.service === service ? [`${event.kind} ${event.expected ? "expected" : "by itself"}${event.fault === undefined ? "" : ` by ${event.fault}`}`] : [];
      case "service-faulted": return event.service === service ? [`${event.kind} ${event.n} ${event.effect ?? event.decision}`] : [];
      default: return [];
    }
  });
}

describe("kill", () => {
  test("ends the process, starts it again on its port after the time asked, and is no death by itself", { timeout: 120_000 }, async () => {
    const outcome = await undisturbed(shop({ phases, faults: "[{ name: crash, type: kill, service: stock, from: 200ms, restart: { after: 1200ms } }]", rest: 'hypotheses: [{ type: fallback, probe: shop, share: ">= 80%" }, { type: recovery, probe: shop, within: 1500ms }]' }));
    const { events, report } = outcome;
    expect(storyOf(events, "stock")).toEqual([
      "service-started", "service-ready", "service-faulted 1 end", "service-exited expected by crash",
      "service-started", "service-ready", "service-restored", "service-exited expected",
    ]);
    expect(only(events, "service-exited")[0]).toMatchObject({ service: "stock", signal: "SIGKILL" });
    const [first, again] = only(events, "service-started").filter(({ service }) => service === "stock");
    expect(again?.port).toBe(first?.port);
    expect(again?.pid).not.toBe(first?.pid);
    expect((again?.atMs ?? 0) - (only(events, "service-exited")[0]?.atMs ?? 0)).toBeGreaterThanOrEqual(1200);

    const [faulted, restored] = [only(events, "service-faulted")[0]?.atMs, only(events, "service-restored")[0]?.atMs];
    expect(report.faults[0]).toMatchObject({ name: "crash", type: "kill", service: "stock", eligible: 1, applied: 1, felt: 1 });
    expect(report.faults[0]?.startMs).toBeCloseTo(faulted ?? 0, 2);
    expect(report.faults[0]?.endMs).toBeCloseTo(restored ?? 0, 2);
    // What is refused while nothing listens is witnessed, and is the fault's doing.
    expect(only(events, "exchange").filter(({ end }) => end === "upstream-unreachable").length).toBeGreaterThan(10);
    expect(report.proxies[0]?.perPhase.during?.faulted).toBeGreaterThan(10);
    expect(report.proxies[0]?.perPhase.before?.faulted).toBe(0);
    expect(report.services.every(({ exitedAtMs }) => exitedAtMs === undefined)).toBe(true);
    for (const { verdict } of report.hypotheses) expectHeld(outcome, verdict);
    expectHeld(outcome);
    expectUndone(outcome);
  });

  test("without a restart brings the process back when its window closes, each time the window opens, on every replica", async () => {
    const services = "  worker: { command: [node, upstream.mjs], port: auto, replicas: 2 }";
    const outcome = await aRun(shop({ phases: "{ warmup: 0s, before: 2s, during: 8s, after: 1s }", services, faults: "[{ name: crash, type: kill, service: worker, flap: { on: 300ms, off: 3s }, first: 2 }]" }));
    const faulted = only(outcome.events, "service-faulted");
    expect(faulted.map(({ replica, n, decision }) => `${replica} ${n} ${decision}`).sort()).toEqual(["1 1 applied", "1 2 applied", "1 3 ordinal", "2 1 applied", "2 2 applied", "2 3 ordinal"]);
    expect(only(outcome.events, "service-restored").map(({ replica, n }) => `${replica} ${n}`).sort()).toEqual(["1 1", "1 2", "2 1", "2 2"]);
    expect(outcome.report.faults[0]).toMatchObject({ eligible: 6, applied: 4, felt: 4, missed: { ordinal: 2 } });
    expectUndone(outcome);
  });

  test("that is never followed by a restart has no end", async () => {
    const outcome = await aRun(shop({ phases, faults: "[{ name: gone, type: kill, service: stock, restart: never }]", rest: "hypotheses: [{ type: recovery, probe: shop, within: 1s }]" }));
    expect(only(outcome.events, "service-restored")).toEqual([]);
    expect(outcome.report.faults[0]?.endMs).toBeUndefined();
    expect(outcome.report.hypotheses[0]?.verdict).toBe("inconclusive");
    expectUndone(outcome);
  });

  test("by a signal that the service does not heed is applied and not felt", async () => {
    const services = "  mule: { command: [node, unruly.mjs], port: auto, env: { MODE: stubborn }, stopWithin: 300ms }";
    const outcome = await aRun(shop({ phases, services, faults: "[{ name: polite, type: kill, service: mule, signal: SIGTERM }]", rest: 'hypotheses: [{ type: claim, probe: shop, phase: during, success: ">= 50%" }]' }));
    expect(storyOf(outcome.events, "mule")).toEqual(["service-started", "service-ready", "service-faulted 1 end", "service-restored", "service-exited expected"]);
    expect(outcome.report.faults[0]).toMatchObject({ eligible: 1, applied: 1, felt: 0 });
    expect(outcome.report.hypotheses[0]).toMatchObject({ verdict: "inconclusive", reason: "polite was applied once, and no process of mule ended of it." });
    expectUndone(outcome);
  });
});

test("restart stops the service in good order, with all its processes, and starts it again at once", async () => {
  const services = "  mule: { command: [node, unruly.mjs], port: auto, env: { MODE: stubborn }, stopWithin: 300ms }";
  const outcome = await aRun(shop({ phases, services, faults: "[{ name: deploy, type: restart, service: mule }]" }));
  expect(storyOf(outcome.events, "mule")).toEqual([
    "service-started", "service-ready", "service-faulted 1 end", "service-exited expected by deploy",
    "service-started", "service-ready", "service-restored", "service-exited expected",
  ]);
  expect(outcome.report).toMatchObject({ faults: [{ felt: 1 }] });
  expectHeld(outcome);
  expectUndone(outcome);
});

/** Connects and stays: which process it met, and how that ended. */
async function visit(port: number): Promise<{ readonly pid: number; readonly end: string }> {
  const socket = await dial(port);
  const [said] = await once(socket, "data");
  return { pid: Number(String(said)), end: await endOf(socket) };
}

test("restart cuts off who is connected and refuses who comes, until another process listens on the same port", async () => {
  let port = 0;
  const visits: Promise<Awaited<ReturnType<typeof visit>>>[] = [];
  const met: string[] = [];
  // The second process may not listen before somebody has been refused.
  const gate = await tcpServer(async (socket) => {
    if (visits.length > 0) met.push(await dial(port).then(() => "accepted", ({ code }: NodeJS.ErrnoException) => code ?? "failed"));
    socket.end();
  });
  const services = `  desk: { command: [node, gated.mjs], port: auto, env: { GATE_PORT: "${gate.port}" }, ready: { tcp: "127.0.0.1:\${services.desk.port}", within: 15s } }`;
  const outcome = await aRun(shop({ phases, services, faults: "[{ name: deploy, type: restart, service: desk }]" }), {
    onEvent: (event) => {
      if (event.kind === "service-started" && event.service === "desk") port = event.port ?? 0;
      if (event.kind === "service-ready" && event.service === "desk") visits.push(visit(port));
    },
  });
  const [before, after] = await Promise.all(visits);
  await gate.close();
  const pids = only(outcome.events, "service-started").filter(({ service }) => service === "desk").map(({ pid }) => pid);
  expect(new Set(pids).size).toBe(2);
  expect([before?.pid, after?.pid]).toEqual(pids);
  expect(before?.end).toMatch(/^(fin|ECONNRESET)$/);
  expect(met).toEqual(["ECONNREFUSED"]);
  expect(outcome.report).toMatchObject({ faults: [{ felt: 1 }] });
  expectHeld(outcome);
  expectUndone(outcome);
});

test("a service that does not come up again after a fault has ended by itself", async () => {
  // When it comes back, this test holds its port, and says nothing there.
  const server = createServer((socket) => socket.destroy());
  let port = 0;
  const text = shop({ phases, faults: "[{ name: crash, type: kill, service: stock, restart: { after: 300ms } }]" }).replace('tcp: "127.0.0.1:${services.stock.port}"', 'http: "${services.stock.url}/work"');
  const outcome = await aRun(text, {
    onEvent: (event) => {
      if (event.kind === "service-started" && event.service === "stock") port = event.port ?? 0;
      if (event.kind === "service-exited" && event.fault === "crash") server.listen({ host: "127.0.0.1", port });
    },
  });
  server.close();
  expect(storyOf(outcome.events, "stock").slice(3)).toEqual(["service-exited expected by crash", "service-started", "service-exited by itself"]);
  expect(outcome.report).toMatchObject({ outcome: "violated", exitCode: 1, because: expect.stringContaining("stock ended by itself") as string });
  expectUndone(outcome);
});

describe("pause", () => {
  const faults = "[{ name: freeze, type: pause, service: stock, from: 200ms, for: 2s }]";

  test("stops the process for its window: callers wait, give up, and are served again afterwards", async () => {
    const states: string[] = [];
    let pid = 0;
    const outcome = await aRun(shop({ phases: "{ warmup: 200ms, before: 2s, during: 3s, after: 3s }", faults, rest: 'hypotheses: [{ type: timeout, proxy: stock, givesUp: "<= 590ms" }, { type: recovery, probe: shop, within: 2500ms }]' }), {
      onEvent: (event) => {
        if (event.kind === "service-started" && event.service === "stock") pid = event.pid;
        // Those that are not served, from 500 ms into the pause on; on a busy machine others too.
        if (event.kind === "sample" && event.grade === "degraded") states.push(stateOf(pid));
        if (event.kind === "service-restored") states.push(`restored ${stateOf(pid) === "T" ? "T" : "running"}`);
      },
    });
    const { events, report } = outcome;
    expect(states).toContain("T");
    expect(states).toContain("restored running");
    expect(storyOf(events, "stock")).toEqual(["service-started", "service-ready", "service-faulted 1 pause", "service-restored", "service-exited expected"]);
    expect((only(events, "service-restored")[0]?.atMs ?? 0) - (only(events, "faults-set")[0]?.atMs ?? 0)).toBeGreaterThanOrEqual(2200);
    expect(report.faults[0]).toMatchObject({ eligible: 1, applied: 1, felt: 1 });
    expect(report.proxies[0]?.perPhase.during?.faulted).toBeGreaterThan(10);
    expect(wasDisturbed(outcome) ? ["held", "inconclusive"] : ["held"]).toContain(report.hypotheses[1]?.verdict);
    expectUndone(outcome);
  });

  test.each([["an interrupt", "SIGINT"], ["the end of the phase", undefined]])("is over with %s", async (_, signal) => {
    const controller = new AbortController();
    let isPaused = false;
    const outcome = await aRun(shop({ phases: signal === undefined ? "{ warmup: 0s, before: 2s, during: 800ms, after: 600ms }" : "{ warmup: 0s, before: 2s, during: 30s, after: 1s }", faults: "[{ name: freeze, type: pause, service: stock }]" }), {
      signal: controller.signal,
      onEvent: (event) => {
        isPaused ||= event.kind === "service-faulted";
        if (signal !== undefined && isPaused && event.kind === "sample" && event.grade === "degraded") controller.abort(signal);
      },
    });
    expect(storyOf(outcome.events, "stock")).toEqual(["service-started", "service-ready", "service-faulted 1 pause", "service-restored", "service-exited expected"]);
    // Let go on, it ended when asked to: SIGKILL was not needed.
    expect(only(outcome.events, "service-exited").find(({ service }) => service === "stock")?.signal).not.toBe("SIGKILL");
    expect(outcome.report.exitCode === 130).toBe(signal !== undefined);
    expectUndone(outcome);
  });
});

test("an interrupt while a killed service is down starts nothing again", async () => {
  const controller = new AbortController();
  const outcome = await aRun(shop({ phases: "{ warmup: 0s, before: 2s, during: 30s, after: 1s }", faults: "[{ name: crash, type: kill, service: stock, restart: { after: 20s } }]" }), {
    signal: controller.signal,
    onEvent: (event) => void (event.kind === "service-exited" && event.fault === "crash" && controller.abort("SIGTERM")),
  });
  expect(only(outcome.events, "service-started").filter(({ service }) => service === "stock").length).toBe(1);
  expect(outcome.report).toMatchObject({ outcome: "interrupted", exitCode: 143 });
  for (const { port } of only(outcome.events, "service-started")) expect(await isListening(port ?? 0)).toBe(false);
  expectUndone(outcome);
});
