import { describe, expect, it } from "vitest";
import { LocalEngine } from "../../src/engines/index.ts";
import type { DataPlane, DataPlaneMessage, DataPlaneRequest, ProxyConfig } from "../../src/model/data-plane.ts";
import type { WitnessRecord } from "../../src/model/event.ts";

/** A data plane that answers when told to. */
function setUp() {
  const asked: DataPlaneRequest[] = [];
  let post: (message: DataPlaneMessage) => void = () => undefined;
  const dataPlane: DataPlane = { send: (request) => void asked.push(request), onMessage: (listener) => (post = listener) };
  const records: WitnessRecord[] = [];
  const deaths: Error[] = [];
  const engine = new LocalEngine(dataPlane, (batch) => records.push(...batch), (death) => deaths.push(death));
  return { engine, asked, records, deaths, post: (message: DataPlaneMessage): void => post(message) };
}

describe("LocalEngine", () => {
  it("resolves each request by the reply with its id, in whatever order they come", async () => {
    const { engine, asked, post } = setUp();
    const first = engine.setFaults([], 1);
    const second = engine.lift({ release: true });
    expect(asked).toMatchObject([{ kind: "set-faults", epoch: 1, release: false }, { kind: "set-faults", epoch: 1, faults: [], release: true }]);
    post({ kind: "faults-set", id: asked[1]?.id ?? 0, atMs: 20 });
    post({ kind: "faults-set", id: asked[0]?.id ?? 0, atMs: 10 });
    expect([await first, await second]).toEqual([{ atMs: 10 }, { atMs: 20 }]);
  });

  it("opens and closes single proxies, and changes the faults of one", async () => {
    const { engine, asked, post } = setUp();
    const config: ProxyConfig = { name: "p", lane: "tcp", upstream: { host: "127.0.0.1", port: 1 }, host: "keep", correlate: { by: "none" }, listeners: [] };
    const listening = [{ proxy: "p", caller: "default", host: "127.0.0.1", port: 7 }];
    const opened = engine.openProxy(config, []);
    const changed = engine.changeFaults("p", []);
    const closed = engine.closeProxy("p");
    expect(asked).toMatchObject([{ kind: "open-proxy", config, faults: [] }, { kind: "change-faults", proxy: "p", faults: [] }, { kind: "close-proxy", proxy: "p" }]);
    post({ kind: "opened", id: asked[0]?.id ?? 0, listening });
    post({ kind: "faults-set", id: asked[1]?.id ?? 0, atMs: 5 });
    post({ kind: "closed", id: asked[2]?.id ?? 0 });
    expect([await opened, await changed, await closed]).toEqual([listening, { atMs: 5 }, undefined]);
  });

  it("throws what the data plane refused, with its code and hint", async () => {
    const { engine, asked, post } = setUp();
    const start = engine.start({ seed: "s", tracePrefix: "0", proxies: [] });
    post({ kind: "failed", id: asked[0]?.id ?? 0, code: "port-taken", message: "taken", hint: "choose another" });
    await expect(start).rejects.toMatchObject({ name: "ChaosError", code: "port-taken", message: "taken", hint: "choose another" });
  });

  it("hands over records as they come", () => {
    const { records, post } = setUp();
    const record: WitnessRecord = { kind: "unwitnessed", atMs: 2, proxy: "edge", startMs: 1, endMs: 2 };
    post({ kind: "records", records: [record] });
    expect(records).toEqual([record]);
  });

  it("tells of a death before what waited throws of it, and asks no more", async () => {
    const { engine, asked, deaths, post } = setUp();
    const seen = engine.setFaults([], 1).catch((error: unknown) => ({ error, told: [...deaths] }));
    const lifted = engine.lift({ release: true });
    const stopped = engine.stop();
    post({ kind: "died", atMs: 12, code: "data-plane-died", message: "gone", hint: "report it" });
    expect(deaths).toMatchObject([{ name: "ChaosError", code: "data-plane-died", message: "gone", hint: "report it" }]);
    expect(await seen).toEqual({ error: deaths[0], told: deaths });
    expect(await lifted).toEqual({ atMs: 12 });
    await stopped;
    await expect(engine.start({ seed: "s", tracePrefix: "0", proxies: [] })).rejects.toBe(deaths[0]);
    expect(asked).toHaveLength(3);
  });
});
