import { beforeEach, describe, expect, test } from "vitest";
import { ApiError } from "../../../src/proxy/api/api-error.ts";
import { toJsonText } from "../../../src/proxy/api/encode.ts";
import { controlRig, refusal } from "./a-switchboard.ts";
import type { ControlRig } from "./a-switchboard.ts";

let rig: ControlRig;
beforeEach(() => {
  rig = controlRig();
});

const db = { name: "db", listen: "127.0.0.1:5433", upstream: "127.0.0.1:5432" };
const create = async (over: object = {}): Promise<unknown> => await rig.control.create(JSON.stringify({ ...db, ...over }));

describe("a proxy is created", () => {
  test("and shown in Toxiproxy's order of keys, enabled by default", async () => {
    expect(toJsonText(await rig.control.create(JSON.stringify(db)))).toBe('{"name":"db","listen":"127.0.0.1:5433","upstream":"127.0.0.1:5432","enabled":true,"toxics":[]}');
    expect(rig.board.open_.get("db")?.config).toEqual({ name: "db", lane: "tcp", upstream: { host: "127.0.0.1", port: 5432 }, host: "keep", correlate: { by: "trace" }, unreachable: "fin", listeners: [{ host: "127.0.0.1", port: 5433, caller: "default" }] });
    expect(rig.events).toEqual([{ kind: "proxy", change: "created", proxy: "db" }]);
  });

  test("with keys in any case, unknown ones, trailing bytes, and null for what is absent", async () => {
    await rig.control.create('{"Name":"x","UPSTREAM":"a:1","eNabled":null,"colour":"red","Listen":"127.0.0.1:0"} trailing');
    expect(rig.control.proxy("x")).toMatchObject({ listen: "127.0.0.1:40001", upstream: "a:1", enabled: true });
  });

  test.each([
    ["127.0.0.1:0", "127.0.0.1:40001"],
    ["localhost:0", "127.0.0.1:40001"],
    ["localhost:8666", "127.0.0.1:8666"],
    [":0", "[::]:40001"],
    ["0.0.0.0:0", "[::]:40001"],
    ["[::]:8666", "[::]:8666"],
    ["[::1]:8666", "[::1]:8666"],
    ["db.test:8666", "10.0.0.5:8666"],
    ["127.0.0.1:", "127.0.0.1:40001"],
    ["unix:/tmp/db.sock", "unix:/tmp/db.sock"],
    [undefined, "[::]:40001"],
    ["", "[::]:40001"],
  ])("listening on %j is shown as %s", async (listen, shown) => {
    expect(await create({ listen })).toMatchObject({ listen: shown });
  });

  test("disabled, and keeps listen as it was typed and opens nothing", async () => {
    expect(await create({ enabled: false, listen: "localhost:13310" })).toMatchObject({ enabled: false, listen: "localhost:13310" });
    expect(rig.board.told).toEqual([]);
    expect(await create({ name: "other", enabled: false, listen: "nohost" })).toMatchObject({ listen: "nohost" });
  });

  test.each([
    ["", 400, "bad request body: EOF"],
    ["{", 400, "bad request body: unexpected EOF"],
    ["[]", 400, "bad request body: json: cannot unmarshal array into Go value of type toxiproxy.Proxy"],
    ["null", 400, "missing required field: name"],
    ["{}", 400, "missing required field: name"],
    ['{"name":""}', 400, "missing required field: name"],
    ['{"name":"a"}', 400, "missing required field: upstream"],
    ['{"name":1,"upstream":"a:1"}', 400, "bad request body: json: cannot unmarshal number into Go struct field Proxy.name of type string"],
    ['{"name":"a","upstream":"a:1","enabled":"yes"}', 400, "bad request body: json: cannot unmarshal string into Go struct field Proxy.enabled of type bool"],
  ])("not from %s", async (body, status, message) => {
    expect(await refusal(rig.control.create(body))).toEqual([status, message]);
    expect(rig.control.list().size).toBe(0);
  });

  test("not twice", async () => {
    await create();
    expect(await refusal(create())).toEqual([409, "proxy already exists"]);
    expect(rig.board.told).toEqual(["open db"]);
  });

  test("only once of two that ask at the same time", async () => {
    const both = await Promise.allSettled([create(), create()]);
    expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  });

  test.each([
    ["127.0.0.1:3310", "listen tcp 127.0.0.1:3310: bind: address already in use"],
    ["localhost:3310", "listen tcp 127.0.0.1:3310: bind: address already in use"],
    ["nohost", "listen tcp: address nohost: missing port in address"],
    ["a:b:c", "listen tcp: address a:b:c: too many colons in address"],
    ["[::1", "listen tcp: address [::1: missing ']' in address"],
    ["nowhere.test:80", "listen tcp: lookup nowhere.test: no such host"],
    ["127.0.0.1:99999", "listen tcp: address 99999: invalid port"],
    ["127.0.0.1:what", "listen tcp: lookup tcp/what: unknown port"],
  ])("not at %s, and then it is not there", async (listen, message) => {
    rig.board.taken.add("127.0.0.1:3310");
    expect(await refusal(create({ listen }))).toEqual([500, message]);
    expect(rig.control.list().size).toBe(0);
    expect(await create()).toMatchObject({ enabled: true });
  });

  test.each([
    ["127.0.0.1:5432", { lane: "tcp", upstream: { host: "127.0.0.1", port: 5432 } }],
    ["[::1]:5432", { lane: "tcp", upstream: { host: "::1", port: 5432 } }],
    [":5432", { lane: "tcp", upstream: { host: "localhost", port: 5432 } }],
    ["no-port", { lane: "tcp", upstream: { host: "127.0.0.1", port: 0 } }],
    ["http://a.test", { lane: "http1", upstream: { host: "a.test", port: 80 } }],
    ["https://a.test:8443", { lane: "http1", upstream: { host: "a.test", port: 8443 }, upstreamTls: { insecure: false }, host: "upstream" }],
    ["grpc://a.test:50051", { lane: "http2", upstream: { host: "a.test", port: 50051 } }],
    ["unix:/run/db.sock", { lane: "tcp", upstream: { path: "/run/db.sock" } }],
  ])("leading to %s", async (upstream, config) => {
    expect(await create({ upstream })).toMatchObject({ upstream });
    expect(rig.board.open_.get("db")?.config).toMatchObject(config);
  });

  test("not leading to a URL that nothing of ours speaks", async () => {
    const [status, message] = await refusal(create({ upstream: "ftp://a.test:21" }));
    expect(status).toBe(400);
    expect(message).toContain("unknown scheme ftp://");
  });

  test("with its toxics at once, in force from its first connection on", async () => {
    const shown = await create({ toxics: [{ type: "latency", attributes: { latency: 100 } }, { type: "timeout", stream: "upstream", name: "t" }] });
    expect(shown).toMatchObject({ toxics: [{ name: "t", type: "timeout" }, { name: "latency_downstream" }] });
    expect(rig.board.told).toEqual(["open db"]);
    expect(rig.board.faultsOn("db")?.map(({ name }) => name)).toEqual(["t", "latency_downstream"]);
  });

  test("not at all when one of its toxics is wrong", async () => {
    expect(await refusal(create({ toxics: [{ type: "latency" }, { type: "slicer" }] }))).toEqual([400, "bad request body: average_size: expected a whole number of bytes from 1 to 9007199254740991, got 0"]);
    expect(await refusal(create({ toxics: [{ type: "noop" }, { type: "noop" }] }))).toEqual([409, "toxic already exists"]);
    expect(rig.board.told).toEqual([]);
    expect(rig.control.list().size).toBe(0);
  });
});

describe("proxies are listed", () => {
  test("by name in order, those that look like numbers too", async () => {
    for (const name of ["b", "10", "9", "a", "Z", "é", "__proto__"]) await create({ name, listen: "127.0.0.1:0" });
    expect([...rig.control.list().keys()]).toEqual(["10", "9", "Z", "__proto__", "a", "b", "é"]);
    expect(toJsonText(rig.control.list())).toMatch(/^\{"10":\{"name":"10".*\},"9":\{.*"__proto__":\{"name":"__proto__"/);
  });

  test("while a change is waited for", async () => {
    await create();
    let release = (): void => undefined;
    rig.board.hold = new Promise((resolve) => (release = resolve));
    const adding = rig.control.addToxic("db", '{"type":"latency"}');
    expect(rig.control.proxy("db")).toMatchObject({ toxics: [] });
    expect(rig.control.list().size).toBe(1);
    release();
    await adding;
    expect(rig.control.toxics("db")).toHaveLength(1);
  });

  test("not where there are none of that name", async () => {
    const missing = [() => rig.control.proxy("x"), () => rig.control.toxics("x"), () => rig.control.toxic("x", "y")];
    for (const ask of missing) expect(ask).toThrow(new ApiError(404, "proxy not found"));
    for (const asked of [rig.control.update("x", "{"), rig.control.remove("x"), rig.control.addToxic("x", "{"), rig.control.updateToxic("x", "y", "{"), rig.control.removeToxic("x", "y")]) expect(await refusal(asked)).toEqual([404, "proxy not found"]);
    await create();
    expect(() => rig.control.toxic("db", "y")).toThrow(new ApiError(404, "toxic not found"));
    for (const asked of [rig.control.updateToxic("db", "y", "{"), rig.control.removeToxic("db", "y")]) expect(await refusal(asked)).toEqual([404, "toxic not found"]);
  });

  test("with <, > and & escaped as Go does", () => {
    expect(toJsonText({ name: "<a&b>\u2028" })).toBe(String.raw`{"name":"\u003ca\u0026b\u003e\u2028"}`);
  });
});

describe("a proxy is updated", () => {
  const update = async (body: object): Promise<unknown> => await rig.control.update("db", JSON.stringify(body));

  test("and is disabled and enabled at the same address", async () => {
    await create({ listen: "localhost:0" });
    expect(await update({ enabled: false })).toMatchObject({ enabled: false, listen: "127.0.0.1:40001" });
    expect(rig.board.open_.size).toBe(0);
    expect(await update({ enabled: true })).toMatchObject({ enabled: true, listen: "127.0.0.1:40001" });
    expect(rig.board.told).toEqual(["open db", "close db", "open db"]);
  });

  test("and nothing is touched when nothing is other, in whatever words", async () => {
    await create();
    for (const body of [{}, { enabled: true }, { listen: "localhost:5433" }, { ...db }, { name: "renamed" }, { enabled: null, listen: null }]) await update(body);
    expect(rig.board.told).toEqual(["open db"]);
    expect([...rig.control.list().keys()]).toEqual(["db"]);
  });

  test("and its toxics stay when it moves", async () => {
    await create({ toxics: [{ type: "latency", attributes: { latency: 5 } }] });
    expect(await update({ upstream: "127.0.0.1:6000" })).toMatchObject({ upstream: "127.0.0.1:6000", listen: "127.0.0.1:5433", toxics: [{ name: "latency_downstream" }] });
    expect(await update({ listen: "127.0.0.1:7000" })).toMatchObject({ listen: "127.0.0.1:7000" });
    expect(rig.board.told).toEqual(["open db", "close db", "open db", "close db", "open db"]);
    expect(rig.board.faultsOn("db")).toHaveLength(1);
  });

  test("and port 0 is another port each time", async () => {
    await create({ listen: "127.0.0.1:0" });
    expect(await update({ listen: "127.0.0.1:0" })).toMatchObject({ listen: "127.0.0.1:40002" });
  });

  test("while it is disabled, and listens there when it is enabled", async () => {
    await create({ enabled: false });
    expect(await update({ listen: "localhost:7000", upstream: "b:2" })).toMatchObject({ listen: "localhost:7000", upstream: "b:2", enabled: false });
    expect(await update({ enabled: true })).toMatchObject({ listen: "127.0.0.1:7000" });
  });

  test.each([
    [{ listen: "nohost" }, "address nohost: missing port in address"],
    [{ listen: "nowhere.test:1" }, "lookup nowhere.test: no such host"],
    [{ listen: "127.0.0.1:3310" }, "listen tcp 127.0.0.1:3310: bind: address already in use"],
    [{ listen: "127.0.0.1:3310", upstream: "b:2" }, "listen tcp 127.0.0.1:3310: bind: address already in use"],
  ])("not to %j, and its connections are not touched", async (body, message) => {
    rig.board.taken.add("127.0.0.1:3310");
    const before = await create();
    expect(await refusal(update(body))).toEqual([500, message]);
    expect(rig.control.proxy("db")).toEqual(before);
    expect(rig.board.told).toEqual(["open db"]);
  });

  test("and serves where it did when the other address is taken in the very moment", async () => {
    const before = await create();
    rig.board.refusal = async () => undefined;
    rig.board.taken.add("127.0.0.1:3310");
    expect(await refusal(update({ listen: "127.0.0.1:3310" }))).toEqual([500, "listen tcp 127.0.0.1:3310: bind: address already in use"]);
    expect(rig.control.proxy("db")).toEqual(before);
    expect(rig.board.told).toEqual(["open db", "close db", "open db", "open db"]);
    expect(rig.board.open_.get("db")?.config.listeners).toEqual([{ host: "127.0.0.1", port: 5433, caller: "default" }]);
  });

  test("and is told to be disabled when not even its former address is left", async () => {
    await create();
    rig.board.refusal = async () => undefined;
    rig.board.taken.add("127.0.0.1:3310").add("127.0.0.1:5433");
    expect(await refusal(update({ listen: "127.0.0.1:3310" }))).toEqual([500, "listen tcp 127.0.0.1:3310: bind: address already in use"]);
    expect(rig.control.proxy("db")).toMatchObject({ enabled: false, listen: "127.0.0.1:5433" });
  });

  test("not enabled where its port is taken, and stays disabled", async () => {
    await create({ enabled: false });
    rig.board.taken.add("127.0.0.1:5433");
    expect(await refusal(update({ enabled: true }))).toEqual([500, "listen tcp 127.0.0.1:5433: bind: address already in use"]);
    expect(rig.control.proxy("db")).toMatchObject({ enabled: false });
  });

  test.each([
    ["", "bad request body: EOF"],
    ['{"enabled":1}', "bad request body: json: cannot unmarshal number into Go struct field Proxy.enabled of type bool"],
  ])("not by %s", async (body, message) => {
    await create();
    expect(await refusal(rig.control.update("db", body))).toEqual([400, message]);
  });

  test("not to an upstream on which its toxics cannot be", async () => {
    await create({ upstream: "http://a.test", toxics: [{ type: "http_error", attributes: { status: 503 } }] });
    const [status, message] = await refusal(update({ upstream: "a.test:80" }));
    expect(status).toBe(400);
    expect(message).toContain("error acts on HTTP exchanges, and the proxy db passes bytes (a.test:80)");
    expect(rig.board.told).toEqual(["open db"]);
  });
});

describe("a proxy is removed", () => {
  test("and is gone, and can be made again", async () => {
    await create();
    await rig.control.remove("db");
    expect(rig.control.list().size).toBe(0);
    expect(rig.board.open_.size).toBe(0);
    await create();
    expect(rig.events.map(({ change }) => change)).toEqual(["created", "removed", "created"]);
  });

  test("while it is disabled", async () => {
    await create({ enabled: false });
    await rig.control.remove("db");
    expect(rig.board.told).toEqual([]);
  });
});

describe("reset", () => {
  test("enables every proxy and takes all toxics away, and touches none that is as it should be", async () => {
    await create({ toxics: [{ type: "latency" }] });
    await create({ name: "off", listen: "127.0.0.1:7000", enabled: false, toxics: [{ type: "timeout" }] });
    await create({ name: "plain", listen: "127.0.0.1:7001" });
    rig.board.told.length = 0;
    await rig.control.reset();
    expect([...rig.control.list().values()]).toMatchObject([{ name: "db", enabled: true, toxics: [] }, { name: "off", enabled: true, toxics: [] }, { name: "plain", enabled: true, toxics: [] }]);
    expect(rig.board.told.toSorted()).toEqual(["change db", "open off"]);
    expect(rig.board.faultsOn("db")).toEqual([]);
    expect(rig.board.faultsOn("off")).toEqual([]);
  });

  test("says which one cannot listen, and heals the others", async () => {
    await create({ name: "a", listen: "127.0.0.1:3310", enabled: false });
    await create({ toxics: [{ type: "latency" }] });
    rig.board.taken.add("127.0.0.1:3310");
    expect(await refusal(rig.control.reset())).toEqual([500, "listen tcp 127.0.0.1:3310: bind: address already in use"]);
    expect(rig.control.proxy("a")).toMatchObject({ enabled: false });
    expect(rig.control.proxy("db")).toMatchObject({ toxics: [] });
  });
});

describe("changes", () => {
  test("of one proxy come one after another, and those of others do not wait for them", async () => {
    await create();
    await create({ name: "other", listen: "127.0.0.1:7000" });
    let release = (): void => undefined;
    rig.board.hold = new Promise((resolve) => (release = resolve));
    const first = rig.control.addToxic("db", '{"type":"latency"}');
    const second = rig.control.addToxic("db", '{"type":"timeout"}');
    await rig.control.addToxic("other", '{"type":"timeout"}');
    expect(rig.control.toxics("db")).toEqual([]);
    release();
    await Promise.all([first, second]);
    expect(rig.control.toxics("db")).toMatchObject([{ name: "latency_downstream" }, { name: "timeout_downstream" }]);
    expect(rig.board.told.slice(2)).toEqual(["change db", "change other", "change db"]);
  });

  test("that fail hinder none behind them, and change nothing", async () => {
    await create();
    rig.board.failure = new Error("lost");
    const failing = rig.control.addToxic("db", '{"type":"latency"}');
    const next = rig.control.addToxic("db", '{"type":"timeout"}');
    await expect(failing).rejects.toThrow("lost");
    await next;
    expect(rig.control.toxics("db")).toMatchObject([{ name: "timeout_downstream" }]);
  });
});
