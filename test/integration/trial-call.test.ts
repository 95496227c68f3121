import { createRequire } from "node:module";
import { request } from "undici";
import { afterEach, describe, expect, it, vi } from "vitest";
import { answering, exchangeFault, ok, setUpEdge } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";

/** The part of opossum (which has no types) that is used here. */
interface Breaker {
  fire(): Promise<number>;
  once(event: "open" | "halfOpen" | "close", listener: () => void): void;
  readonly opened: boolean;
  readonly closed: boolean;
  shutdown(): void;
}
type BreakerClass = new (action: () => Promise<number>, options: { readonly timeout: false; readonly errorThresholdPercentage: number; readonly volumeThreshold: number; readonly resetTimeout: number }) => Breaker;
const CircuitBreaker: BreakerClass = createRequire(import.meta.url)("opossum");

const undo: Undo = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

/** Far more than the calls before it may be held up. */
const restMs = 3000;

async function setUp() {
  const { edge } = await setUpEdge(undo, answering((_, socket) => socket.write(ok)));
  const call = async (): Promise<number> => {
    const { statusCode, body } = await request(`http://127.0.0.1:${edge.port}/charge`);
    await body.dump();
    if (statusCode !== 200) throw new Error(`answered ${statusCode}`);
    return statusCode;
  };
  const breaker = new CircuitBreaker(call, { timeout: false, errorThresholdPercentage: 50, volumeThreshold: 5, resetTimeout: restMs });
  undo.push(() => breaker.shutdown());
  const outcome = (): Promise<string> => breaker.fire().then(String, (error: NodeJS.ErrnoException) => error.code ?? error.message);
  const next = (event: "open" | "halfOpen" | "close"): Promise<void> => new Promise((resolve) => { breaker.once(event, resolve); });
  const hits = (): readonly string[] => edge.exchanges().map(({ faults }) => faults?.find(({ decision }) => decision === "applied")?.fault ?? "passed");
  return { edge, breaker, outcome, next, hits };
}

describe("a breaker's trial call", () => {
  it("is the first after a silence: broken, it opens the breaker again, and the one after it closes it", async () => {
    const { edge, breaker, outcome, next, hits } = await setUp();
    edge.setFaults(exchangeFault("error", { status: 503 }, { first: 5 }, "outage"), exchangeFault("reset", {}, { afterSilenceMs: restMs / 2, first: 1 }, "relapse"));
    const half = next("halfOpen");
    for (let i = 0; i < 5; i += 1) expect(await outcome()).toBe("answered 503");
    expect(breaker.opened).toBe(true);
    // It is asked all along, and asks nothing.
    const asking = setInterval(() => { if (breaker.opened) void outcome(); }, 20);
    undo.push(() => { clearInterval(asking); });
    await half;
    const [again, second] = [next("open"), next("halfOpen")];
    expect(await outcome()).toMatch(/ECONNRESET|UND_ERR_SOCKET|other side closed/);
    await again;
    expect(breaker.opened).toBe(true);
    await second;
    const closed = next("close");
    expect(await outcome()).toBe("200");
    await closed;
    clearInterval(asking);
    for (let i = 0; i < 3; i += 1) expect(await outcome()).toBe("200");
    await vi.waitFor(() => expect(hits()).toEqual(["outage", "outage", "outage", "outage", "outage", "relapse", "passed", "passed", "passed", "passed"]), { timeout: 10_000 });
    const relapse = edge.exchanges().flatMap(({ faults = [] }) => faults.filter(({ fault }) => fault === "relapse").map(({ decision, n }) => `${decision} ${n}`));
    expect(relapse).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((n) => `${n === 6 ? "applied" : "ordinal"} ${n}`));
  });
});
