import { beforeEach, describe, expect, test } from "vitest";
import { ApiError } from "../../../src/proxy/api/api-error.ts";
import { controlRig, refusal } from "./a-switchboard.ts";
import type { ControlRig } from "./a-switchboard.ts";

let rig: ControlRig;
beforeEach(() => {
  rig = controlRig();
});

const populate = async (entries: unknown): Promise<unknown> => await rig.control.populate(JSON.stringify(entries));
const [a, b] = [{ name: "a", listen: "127.0.0.1:7001", upstream: "x:1" }, { name: "b", listen: "127.0.0.1:7002", upstream: "x:2" }];

describe("populate", () => {
  test("makes what is not there, in order", async () => {
    expect(await populate([a, { ...b, enabled: false }])).toEqual({ proxies: [{ ...a, enabled: true, toxics: [] }, { ...b, enabled: false, toxics: [] }] });
    expect(rig.board.told).toEqual(["open a"]);
  });

  test.each(["[]", "null"])("of nothing (%s) is an empty list", async (body) => {
    expect(await rig.control.populate(body)).toEqual({ proxies: [] });
  });

  test("takes null for what is absent, and keys in any case", async () => {
    expect(await rig.control.populate('[{"NAME":"a","Upstream":"x:1","enabled":null,"listen":null,"toxics":null}]')).toMatchObject({ proxies: [{ name: "a", enabled: true, listen: "[::]:40001" }] });
  });

  test("leaves what listens and leads there already as it is: its toxics, its connections, and that it is disabled", async () => {
    await populate([a, b]);
    await rig.control.addToxic("a", '{"type":"latency"}');
    await rig.control.update("b", '{"enabled":false}');
    rig.board.told.length = 0;
    expect(await populate([{ ...a, listen: "localhost:7001", enabled: false }, { ...b, enabled: true }])).toMatchObject({ proxies: [{ name: "a", enabled: true, toxics: [{ type: "latency" }] }, { name: "b", enabled: false }] });
    expect(rig.board.told).toEqual([]);
  });

  test("leaves what listens everywhere as it is, in each of the ways to say so", async () => {
    await populate([{ ...a, listen: "0.0.0.0:7001" }]);
    for (const listen of ["0.0.0.0:7001", ":7001", "[::]:7001"]) await populate([{ ...a, listen }]);
    expect(rig.board.told).toEqual(["open a"]);
  });

  test("replaces what leads or listens elsewhere, and its toxics are lost", async () => {
    await populate([a, b]);
    await rig.control.addToxic("a", '{"type":"latency"}');
    await rig.control.addToxic("b", '{"type":"latency"}');
    expect(await populate([{ ...a, upstream: "y:1" }, { ...b, listen: "127.0.0.1:7003", enabled: false }])).toMatchObject({ proxies: [{ upstream: "y:1", toxics: [] }, { enabled: false, listen: "127.0.0.1:7003", toxics: [] }] });
    expect(rig.board.faultsOn("a")).toEqual([]);
    expect([...rig.board.open_.keys()]).toEqual(["a"]);
  });

  test("always replaces what is to listen on any port", async () => {
    await populate([{ ...a, listen: "localhost:0" }]);
    expect(await populate([{ ...a, listen: "localhost:0" }])).toMatchObject({ proxies: [{ listen: "127.0.0.1:40002" }] });
    expect(rig.board.told).toEqual(["open a", "close a", "open a"]);
  });

  test("makes toxics along, in force from the first connection on", async () => {
    await populate([{ ...a, toxics: [{ type: "latency", attributes: { latency: 5 } }] }]);
    expect(rig.board.told).toEqual(["open a"]);
    expect(rig.board.faultsOn("a")).toHaveLength(1);
  });

  test.each([
    ["", "bad request body: EOF"],
    ["{}", String.raw`bad request body: json: cannot unmarshal object into Go value of type []struct { toxiproxy.Proxy; Enabled *bool "json:\"enabled\"" }`],
    [JSON.stringify([a, { upstream: "x:2" }]), "missing required field: name at proxy 2"],
    [JSON.stringify([a, b, { name: "c" }]), "missing required field: upstream at proxy 3"],
    [JSON.stringify([a, { ...b, name: 5 }]), "bad request body: json: cannot unmarshal number into Go struct field .name of type string"],
    [JSON.stringify([a, { ...b, toxics: [{ type: "latency", attributes: { latency: -1 } }] }]), "bad request body: latency: expected a whole number of ms from 0 to 2147483647, got -1"],
  ])("makes nothing of %s", async (body, message) => {
    expect(await refusal(rig.control.populate(body))).toEqual([400, message]);
    expect(rig.control.list().size).toBe(0);
  });

  test("keeps what it made before one cannot listen, and tells it", async () => {
    rig.board.taken.add("127.0.0.1:7002");
    const error = await populate([a, b, { ...a, name: "c", listen: "127.0.0.1:0" }]).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 500, message: "listen tcp 127.0.0.1:7002: bind: address already in use", proxies: [{ name: "a" }] });
    expect([...rig.control.list().keys()]).toEqual(["a"]);
  });

  test("keeps what it cannot replace as it was", async () => {
    await populate([a]);
    await rig.control.addToxic("a", '{"type":"latency"}');
    rig.board.taken.add("127.0.0.1:7009");
    expect(await refusal(populate([{ ...a, listen: "127.0.0.1:7009" }]))).toEqual([500, "listen tcp 127.0.0.1:7009: bind: address already in use"]);
    expect(rig.control.proxy("a")).toMatchObject({ listen: "127.0.0.1:7001", enabled: true, toxics: [{ type: "latency" }] });
  });

  test("takes the last of two of one name", async () => {
    expect(await populate([a, { ...b, name: "a" }])).toMatchObject({ proxies: [{ listen: "127.0.0.1:7001" }, { listen: "127.0.0.1:7002" }] });
    expect(rig.control.proxy("a")).toMatchObject({ listen: "127.0.0.1:7002" });
  });
});

describe("a thousand proxies with ten toxics each", () => {
  test("are made, listed, changed one by one, populated again and reset without work that grows with their square", async () => {
    const count = 1000;
    const toxics = Array.from({ length: 10 }, (_, index) => ({ type: "latency", name: `t${index}`, attributes: { latency: index } }));
    const entries = Array.from({ length: count }, (_, index) => ({ name: `p${index}`, listen: `127.0.0.1:${index + 1}`, upstream: "x:1", toxics }));
    for (const entry of entries) await rig.control.create(JSON.stringify({ ...entry, toxics: undefined }));
    for (const entry of entries) for (const toxic of toxics) await rig.control.addToxic(entry.name, JSON.stringify(toxic));
    expect(rig.board.told).toHaveLength(count * 11);
    expect([...rig.control.list().values()].flatMap((proxy) => proxy["toxics"])).toHaveLength(count * 10);
    await populate(entries);
    expect(rig.board.told).toHaveLength(count * 11);
    await rig.control.reset();
    expect(rig.board.told).toHaveLength(count * 12);
    await rig.control.reset();
    expect(rig.board.told).toHaveLength(count * 12);
  });

  test("on one proxy are made at once with one message", async () => {
    const toxics = Array.from({ length: 10_000 }, (_, index) => ({ type: "latency", name: `t${index}`, attributes: { latency: 1 } }));
    expect(await rig.control.create(JSON.stringify({ ...a, toxics }))).toHaveProperty("toxics.9999.name", "t9999");
    expect(rig.board.told).toEqual(["open a"]);
  });
});
