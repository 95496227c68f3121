import { expect, it } from "vitest";
import { readApiUrl, ToxiproxyClient } from "../../src/engines/index.ts";
import { toxicPrefix } from "../../src/experiment/remote.ts";
import type { Event } from "../../src/model/event.ts";
import { aRun, only, planOf, shop, wasDisturbed } from "./a-run.ts";
import type { Outcome } from "./a-run.ts";
import { freePort } from "./toxiproxy.ts";

interface RemoteShop {
  /** URL of the control API. */
  readonly api: string;
  /** Port of what the remote proxy leads to. */
  readonly upstreamPort: number;
  readonly faults?: string;
  readonly phases?: string;
  readonly rest?: string;
  /** Further keys of the proxy. */
  readonly keys?: string;
}

/** Of a fault that comes into force late more than half is left. */
const longer = "{ warmup: 200ms, before: 1200ms, during: 3s, after: 800ms }";
const slow = "[{ name: slow, proxy: stock, type: latency, delay: 400ms }]";

/** The shop whose stock is reached by the proxy `shelves` of another server; the stock has a port that is known before. */
function remoteShop({ api, upstreamPort, keys = "", ...more }: RemoteShop): string {
  return shop({ phases: "{ warmup: 200ms, before: 1200ms, during: 1500ms, after: 800ms }", faults: slow, ...more })
    .replace("stock: { command: [node, upstream.mjs], port: auto", `stock: { command: [node, upstream.mjs], port: ${upstreamPort}`)
    .replace('  stock: { upstream: "${services.stock.url}" }', `  stock: { remote: "${api}", name: shelves${keys} }`);
}

/** Whether this machine let the run be; what is felt cannot be told on one that did not, where calls took long before the fault too. */
function wasQuiet(outcome: Outcome): boolean {
  const { events } = outcome;
  const [put] = only(events, "remote-faulted");
  const before = only(events, "exchange").filter(({ startMs }) => startMs < (put?.askedMs ?? 0));
  return !wasDisturbed(outcome) && before.every(({ startMs, endMs }) => endMs - startMs < 400 / 3);
}

function expectUndone({ events, left }: Outcome): void {
  expect(events.at(-1)).toMatchObject({ kind: "ended", cleanedUp: true, left: [] });
  expect(left).toEqual([]);
}

/** What runs do with a server of the control API, whichever it is. */
export function tellRemoteRuns(urlOf: () => string): void {
  const client = (): ToxiproxyClient => new ToxiproxyClient({ url: readApiUrl(urlOf()) });
  const edge = async (): Promise<Pick<RemoteShop, "api" | "upstreamPort">> => {
    const upstreamPort = await freePort();
    if ("shelves" in (await client().proxies())) await client().removeProxy("shelves");
    await client().createProxy({ name: "shelves", listen: "127.0.0.1:0", upstream: `127.0.0.1:${upstreamPort}` });
    return { api: urlOf(), upstreamPort };
  };

  it("carries a fault out there, and judges by the calls that the witness before it saw", async () => {
    const outcome = await aRun(remoteShop({ ...(await edge()), phases: longer, rest: 'hypotheses: [{ type: claim, probe: shop, p50: ">= 300ms" }, { type: timeout, proxy: stock, givesUp: "<= 100ms" }]' }));
    const { report, events } = outcome;
    expect(only(events, "remote-faulted")).toHaveLength(1);
    expect(only(events, "remote-restored")).toHaveLength(1);
    const calls = only(events, "exchange");
    const [put] = only(events, "remote-faulted");
    const [gone] = only(events, "remote-restored");
    const under = calls.filter(({ startMs, endMs }) => startMs >= (put?.atMs ?? 0) && endMs <= (gone?.askedMs ?? 0));
    expect(under.length).toBeGreaterThan(20);
    expect(under.every(({ startMs, endMs }) => endMs - startMs >= 399)).toBe(true);
    expect(report.faults[0]?.startMs).toBeCloseTo(put?.atMs ?? 0, 2);
    expect([wasQuiet(outcome), (report.faults[0]?.felt ?? 0) > 20]).not.toEqual([true, false]);
    expect(report.proxies[0]?.perPhase.before?.faulted).toBe(0);
    expect(report.hypotheses[0]?.verdict).not.toBe("violated");
    expectUndone(outcome);
    expect(await client().toxics("shelves")).toEqual([]);
  });

  it("opens and closes windows by the clock of the run", async () => {
    const outcome = await aRun(remoteShop({ ...(await edge()), faults: "[{ name: slow, proxy: stock, type: latency, delay: 400ms, from: 200ms, flap: { on: 1s, off: 1s } }]", phases: "{ warmup: 200ms, before: 1200ms, during: 5200ms, after: 800ms }" }));
    const [set] = only(outcome.events, "faults-set");
    const opened = only(outcome.events, "remote-faulted");
    expect(opened.map(({ n }) => n)).toEqual([1, 2, 3]);
    for (const { n, askedMs } of opened) expect(askedMs - (set?.atMs ?? 0)).toBeGreaterThanOrEqual(200 + (n - 1) * 2000);
    expect(only(outcome.events, "remote-restored").map(({ n }) => n)).toEqual([1, 2, 3]);
    expectUndone(outcome);
    expect(await client().toxics("shelves")).toEqual([]);
  });

  it("removes what it added when it is interrupted in the midst of it", async () => {
    const interrupt = new AbortController();
    const there: unknown[] = [];
    const onEvent = ({ kind }: Event): void => {
      if (kind === "remote-faulted") void client().toxics("shelves").then((toxics) => there.push(...toxics)).finally(() => interrupt.abort("SIGTERM"));
    };
    const outcome = await aRun(remoteShop(await edge()), { signal: interrupt.signal, onEvent });
    expect(there).toHaveLength(1);
    expect(outcome.report).toMatchObject({ outcome: "interrupted", exitCode: 143 });
    expectUndone(outcome);
    expect(await client().toxics("shelves")).toEqual([]);
  });

  it("fails when its toxic goes by somebody else's hand: from then on nothing is known", async () => {
    const onEvent = (event: Event): void => {
      if (event.kind === "remote-faulted") void client().toxics("shelves").then(([toxic]) => client().removeToxic("shelves", toxic?.name ?? ""));
    };
    const outcome = await aRun(remoteShop({ ...(await edge()), phases: "{ warmup: 0s, before: 800ms, during: 10s, after: 800ms }" }), { onEvent });
    expect(only(outcome.events, "failed")).toMatchObject([{ code: "remote-fault-lost" }]);
    expect(outcome.report).toMatchObject({ outcome: "failed", exitCode: 6 });
    expectUndone(outcome);
  });

  it("removes first what a run that was killed left there, tells it, and tells of what is somebody else's", async () => {
    const at = await edge();
    const prefix = toxicPrefix(planOf(remoteShop(at)).experiment);
    for (const name of [`${prefix}slow`, `${prefix}gone-since`, "theirs"]) await client().addToxic("shelves", { name, type: "latency", attributes: { latency: 1 } });
    const outcome = await aRun(remoteShop(at));
    expect(outcome.report.issues.map(({ code }) => code)).toEqual(expect.arrayContaining(["remote-cleaned", "remote-toxics"]));
    expectUndone(outcome);
    expect((await client().toxics("shelves")).map(({ name }) => name)).toEqual(["theirs"]);
  });

  it("without a witness lets callers speak to it by themselves, and judges what they see", async () => {
    const outcome = await aRun(remoteShop({ ...(await edge()), keys: ", witness: false", phases: longer, faults: "[{ name: gone, proxy: stock, type: blackhole }]", rest: 'hypotheses: [{ type: claim, probe: shop, success: "<= 50%" }]' }));
    expect(only(outcome.events, "exchange")).toEqual([]);
    expect(only(outcome.events, "sample").some(({ grade }) => grade === "good")).toBe(true);
    expect(wasQuiet(outcome) ? ["held"] : ["held", "inconclusive"]).toContain(outcome.report.hypotheses[0]?.verdict);
    expectUndone(outcome);
    expect(await client().toxics("shelves")).toEqual([]);
  });

  it.each([
    ["is not there", async () => client().removeProxy("shelves"), "api-not-found"],
    ["is disabled", async () => client().updateProxy("shelves", { enabled: false }), "remote-disabled"],
  ])("fails before anything is asked when the proxy %s", async (_what, change, code) => {
    const at = await edge();
    await change();
    const outcome = await aRun(remoteShop(at));
    expect(only(outcome.events, "failed")).toMatchObject([{ code }]);
    expect(only(outcome.events, "service-started")).toEqual([]);
    expect(outcome.report.exitCode).toBe(6);
    expectUndone(outcome);
  });
}
