import { beforeEach, describe, expect, test } from "vitest";
import { controlRig, refusal } from "./a-switchboard.ts";
import type { ControlRig } from "./a-switchboard.ts";

let rig: ControlRig;
beforeEach(async () => {
  rig = controlRig();
  await rig.control.create('{"name":"db","listen":"127.0.0.1:5433","upstream":"127.0.0.1:5432"}');
});

/** Lets time pass, and what it sets off be carried out. */
async function pass(ms: number): Promise<void> {
  rig.clock.advance(ms);
  await new Promise((resolve) => setImmediate(resolve));
}

const toxics = (): readonly unknown[] => rig.control.toxics("db").map((toxic) => toxic["name"]);

describe("a toxic with a lease", () => {
  test("tells what is left of it, and is gone at its end", async () => {
    expect(await rig.control.addToxic("db", '{"type":"latency","ttl":1000}')).toMatchObject({ ttl: 1000 });
    await pass(400);
    expect(rig.control.toxic("db", "latency_downstream")).toMatchObject({ ttl: 600 });
    await pass(599);
    expect(toxics()).toHaveLength(1);
    await pass(1);
    expect(toxics()).toEqual([]);
    expect(rig.board.faultsOn("db")).toEqual([]);
    expect(rig.events.at(-1)).toEqual({ kind: "toxic", change: "expired", proxy: "db", toxic: "latency_downstream" });
    expect(rig.clock.armed).toBe(0);
  });

  test("has it by a duration too, and shows none where there is none", async () => {
    expect(await rig.control.addToxic("db", '{"type":"latency","ttl":"30s"}')).toMatchObject({ ttl: 30_000 });
    expect(await rig.control.addToxic("db", '{"type":"timeout","ttl":null}')).not.toHaveProperty("ttl");
  });

  test("is renewed by a PATCH that says so, and by no other", async () => {
    await rig.control.addToxic("db", '{"type":"latency","ttl":1000}');
    await pass(900);
    await rig.control.updateToxic("db", "latency_downstream", '{"ttl":1000}');
    await pass(900);
    expect(await rig.control.updateToxic("db", "latency_downstream", '{"toxicity":0.5}')).toMatchObject({ ttl: 100 });
    await pass(100);
    expect(toxics()).toEqual([]);
  });

  test("has none any more after ttl 0, or gets one later", async () => {
    await rig.control.addToxic("db", '{"type":"latency","ttl":1000}');
    expect(await rig.control.updateToxic("db", "latency_downstream", '{"ttl":0}')).not.toHaveProperty("ttl");
    await pass(5000);
    expect(toxics()).toHaveLength(1);
    await rig.control.updateToxic("db", "latency_downstream", '{"ttl":"1s"}');
    await pass(1000);
    expect(toxics()).toEqual([]);
  });

  test("that is removed and made again without one stays", async () => {
    await rig.control.addToxic("db", '{"type":"latency","ttl":1000}');
    await rig.control.removeToxic("db", "latency_downstream");
    await rig.control.addToxic("db", '{"type":"latency"}');
    await pass(1000);
    expect(toxics()).toHaveLength(1);
  });

  test("that is renewed in the very moment of its end stays", async () => {
    await rig.control.addToxic("db", '{"type":"latency","ttl":1000}');
    const renewing = rig.control.updateToxic("db", "latency_downstream", '{"ttl":1000}');
    rig.clock.advance(1000);
    await renewing;
    await pass(0);
    expect(toxics()).toHaveLength(1);
    await pass(1000);
    expect(toxics()).toEqual([]);
  });

  test("that cannot be taken away at its end is tried again", async () => {
    await rig.control.addToxic("db", '{"type":"latency","ttl":1000}');
    rig.board.failure = new Error("lost");
    await pass(1000);
    expect(toxics()).toHaveLength(1);
    await pass(1000);
    expect(toxics()).toEqual([]);
  });

  test("has it from the making of its proxy too", async () => {
    await rig.control.create('{"name":"x","listen":"127.0.0.1:0","upstream":"a:1","toxics":[{"type":"latency"},{"type":"timeout","ttl":500}]}');
    expect(rig.control.toxics("x")).toMatchObject([{ type: "latency" }, { type: "timeout", ttl: 500 }]);
    await pass(500);
    expect(rig.control.toxics("x")).toMatchObject([{ type: "latency" }]);
  });

  test.each(['"soon"', "-1", "true", '"-3s"', "1e300"])("has none of %s", async (ttl) => {
    const [status, message] = await refusal(rig.control.addToxic("db", `{"type":"latency","ttl":${ttl}}`));
    expect([status, message.startsWith("bad request body: ttl: expected ")]).toEqual([400, true]);
    expect(toxics()).toEqual([]);
  });
});

describe("a proxy with a lease", () => {
  test("is healed at its end: enabled, without toxics", async () => {
    await rig.control.addToxic("db", '{"type":"latency"}');
    expect(await rig.control.update("db", '{"enabled":false,"ttl":"2s"}')).toMatchObject({ enabled: false, ttl: 2000 });
    await pass(2000);
    expect(rig.control.proxy("db")).toEqual({ name: "db", listen: "127.0.0.1:5433", upstream: "127.0.0.1:5432", enabled: true, toxics: [] });
    expect(rig.board.faultsOn("db")).toEqual([]);
    expect(rig.events.slice(-2)).toEqual([{ kind: "proxy", change: "healed", proxy: "db" }, { kind: "toxic", change: "expired", proxy: "db", toxic: "latency_downstream" }]);
  });

  test("is healed of its toxics while it is enabled, those with leases of their own too", async () => {
    await rig.control.addToxic("db", '{"type":"latency","ttl":"1m"}');
    await rig.control.update("db", '{"ttl":1000}');
    await pass(1000);
    expect(rig.control.proxy("db")).toMatchObject({ enabled: true, toxics: [] });
    expect(rig.clock.armed).toBe(0);
  });

  test("is healed as soon as its port is free again", async () => {
    await rig.control.update("db", '{"enabled":false,"ttl":1000}');
    rig.board.taken.add("127.0.0.1:5433");
    await pass(1000);
    expect(rig.control.proxy("db")).toMatchObject({ enabled: false });
    rig.board.taken.clear();
    await pass(1000);
    expect(rig.control.proxy("db")).toMatchObject({ enabled: true });
  });

  test("has none any more after reset, ttl 0 or its removal", async () => {
    await rig.control.update("db", '{"ttl":1000}');
    await rig.control.reset();
    expect(rig.clock.armed).toBe(0);
    await rig.control.update("db", '{"ttl":1000}');
    await rig.control.update("db", '{"ttl":0}');
    expect(rig.clock.armed).toBe(0);
    await rig.control.addToxic("db", '{"type":"latency","ttl":1000}');
    await rig.control.update("db", '{"ttl":1000}');
    await rig.control.remove("db");
    expect(rig.clock.armed).toBe(0);
  });

  test("has none when all is stopped", async () => {
    await rig.control.update("db", '{"ttl":1000}');
    rig.control.stop();
    expect(rig.clock.armed).toBe(0);
  });
});
