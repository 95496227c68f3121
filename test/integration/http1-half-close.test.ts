import { afterEach, describe, expect, it } from "vitest";
import { Observer } from "../../src/evidence/observer.ts";
import { timeout } from "../../src/hypotheses/timeout.ts";
import type { Fact } from "../../src/model/event.ts";
import { LoopWatch } from "../../src/proxy/loop-watch.ts";
import { HeldClock } from "../proxy/held-clock.ts";
import { makeHeader } from "../support/simulate.ts";
import { answering, exchangeFault, ok, setUpEdge } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";

const undo: Undo = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

it("a client that ends its half behind the request and reads on is answered, and its FIN is not judged as giving up", async () => {
  const { edge, call } = await setUpEdge(undo, answering((_, socket) => socket.end(ok)), { proxy: { name: "payments" } });
  const ask = () => {
    const caller = call();
    caller.socket.end("GET /charges HTTP/1.1\r\nHost: x\r\n\r\n");
    return caller;
  };
  const nowMs = (): number => edge.env.nowMs();
  const facts: Fact[] = [{ kind: "phase-started", atMs: nowMs(), phase: "before", epoch: 1 }];
  for (let i = 0; i < 5; i += 1) {
    const caller = ask();
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe(ok);
  }
  await expect.poll(() => edge.exchanges()).toHaveLength(5);
  for (const record of edge.exchanges()) expect(record).toMatchObject({ end: "client-left", leftBy: "fin", afterFin: "complete", status: 200 });

  const fault = { ...exchangeFault("hang", {}), name: "fault", proxy: "payments" };
  const setMs = nowMs();
  facts.push({ kind: "phase-started", atMs: setMs, phase: "during", epoch: 1 }, { kind: "faults-set", atMs: setMs, epoch: 1, faults: ["fault"] });
  edge.setFaults(fault);
  const held = Array.from({ length: 25 }, ask);
  await Promise.all(held.map(({ socket }) => new Promise((resolve) => socket.once("finish", resolve))));
  const heldMs = nowMs();
  await expect.poll(() => nowMs() - heldMs).toBeGreaterThan(300);
  edge.lift();
  for (const caller of held) expect(await caller.ended).not.toBe("");
  await expect.poll(() => edge.exchanges()).toHaveLength(30);
  facts.push({ kind: "faults-lifted", atMs: nowMs(), epoch: 1 }, { kind: "phase-ended", atMs: nowMs(), phase: "during", epoch: 1 }, { kind: "ended", atMs: nowMs(), cleanedUp: true, left: [] });

  const header = makeHeader({ fault: { kind: "hang" }, hypotheses: [{ type: "timeout" }] });
  const observer = new Observer(header);
  [...facts, ...edge.records].forEach((fact, seq) => observer.add({ ...fact, seq }));
  const [hypothesis] = header.plan.experiment.hypotheses;
  if (hypothesis === undefined) throw new Error("no hypothesis");
  const { claims } = timeout.judge(timeout.params.parse({ proxy: "payments", givesUp: "<= 20ms" }), { hypothesis, observations: observer.finish(), epoch: 1, confidence: 0.99 });
  expect(claims).toMatchObject([{ claim: "givesUp", verdict: "inconclusive", reason: expect.stringMatching(/^25 of 25 held calls on payments came from callers that close their sending half/) }]);
});

/** Counts how often it is read: when a FIN has come it is. */
class ReadClock extends HeldClock {
  reads = 0;

  override nowMs(): number {
    this.reads += 1;
    return super.nowMs();
  }
}

describe("a FIN that is read more than 25 ms behind the request", () => {
  async function setUp() {
    const clock = new ReadClock();
    const watch = new LoopWatch({ env: clock, thread: "data-plane", record: () => undefined });
    undo.push(() => watch.stop());
    const asked: string[] = [];
    const { edge, call } = await setUpEdge(undo, answering((request, socket) => {
      asked.push(request);
      socket.end(ok);
    }), { env: clock });
    clock.advance(100);
    edge.setFaults(exchangeFault("latency", { delay: "1s", at: "request" }));
    const timers = clock.armed;
    const caller = call();
    caller.socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await expect.poll(() => clock.armed).toBeGreaterThan(timers);
    return { clock, edge, caller, asked };
  }

  it("is half a close, as soon as it may have come, where the loop was held up meanwhile", async () => {
    const { clock, caller, asked } = await setUp();
    clock.advance(400, 500);
    const { reads } = clock;
    caller.socket.end();
    await expect.poll(() => clock.reads).toBeGreaterThan(reads);
    clock.advance(2000);
    expect(await caller.ended).toBe("fin");
    expect([caller.bytes.toString(), asked.length]).toEqual([ok, 1]);
  });

  it("has given up where the loop was there for it to come", async () => {
    const { clock, edge, caller, asked } = await setUp();
    clock.advance(400);
    caller.socket.end();
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "client-left", leftBy: "fin", passedOn: false }]);
    expect(asked).toEqual([]);
  });
});
