import { beforeEach, describe, expect, test } from "vitest";
import { toJsonText } from "../../../src/proxy/api/encode.ts";
import { toxicTypes } from "../../../src/toxics/index.ts";
import { controlRig, refusal } from "./a-switchboard.ts";
import type { ControlRig } from "./a-switchboard.ts";

let rig: ControlRig;
beforeEach(async () => {
  rig = controlRig();
  await rig.control.create('{"name":"db","listen":"127.0.0.1:5433","upstream":"127.0.0.1:5432"}');
  await rig.control.create('{"name":"shop","listen":"127.0.0.1:8081","upstream":"http://127.0.0.1:8080"}');
});

const add = async (toxic: object | string, proxy = "db"): Promise<unknown> => await rig.control.addToxic(proxy, typeof toxic === "string" ? toxic : JSON.stringify(toxic));
const change = async (name: string, toxic: object | string, proxy = "db"): Promise<unknown> => await rig.control.updateToxic(proxy, name, typeof toxic === "string" ? toxic : JSON.stringify(toxic));

describe("a toxic is added", () => {
  test("and shown in Toxiproxy's order of keys, with its defaults", async () => {
    expect(toJsonText(await rig.control.addToxic("db", '{"type":"latency"}'))).toBe('{"attributes":{"latency":0,"jitter":0},"name":"latency_downstream","type":"latency","stream":"downstream","toxicity":1}');
    expect(rig.control.toxic("db", "latency_downstream")).toEqual(rig.control.toxics("db")[0]);
    expect(rig.events.at(-1)).toEqual({ kind: "toxic", change: "added", proxy: "db", toxic: "latency_downstream" });
  });

  test("and becomes a fault of its proxy", async () => {
    await add({ type: "latency", name: "slow", stream: "upstream", toxicity: 0.25, attributes: { latency: 100, jitter: 10 } });
    expect(rig.board.faultsOn("db")).toEqual([{
      name: "slow", type: "latency", layer: "connection", proxy: "db", direction: "request",
      selection: { fromMs: 0, after: 0, every: 1, rateShare: 0.25, per: "fault" }, params: { delayMs: 100, jitterMs: 10, distribution: "uniform" },
    }]);
  });

  test.each(toxicTypes.map(({ type }) => type))("of type %s", async (type) => {
    const attributes = type === "slicer" ? { average_size: 10 } : {};
    expect(await add({ type, attributes })).toMatchObject({ type, name: `${type}_downstream`, stream: "downstream", toxicity: 1 });
    expect(rig.board.faultsOn("db")).toHaveLength(type === "noop" ? 0 : 1);
  });

  test("with keys in any case and a stream in any case, which is shown as it was typed", async () => {
    expect(await add('{"TYPE":"bandwidth","Attributes":{"Rate":100,"colour":1},"Stream":"UPSTREAM","Toxicity":null}')).toEqual({ attributes: { rate: 100 }, name: "bandwidth_UPSTREAM", type: "bandwidth", stream: "UPSTREAM", toxicity: 1 });
    expect(rig.board.faultsOn("db")).toMatchObject([{ direction: "request", params: { throughput: 100_000 } }]);
  });

  test("and its toxicity comes back as a number of 32 bits", async () => {
    expect(await add({ type: "noop", toxicity: 0.123456789 })).toMatchObject({ toxicity: 0.12345679 });
  });

  test("with whole numbers however they are written", async () => {
    expect(await add('{"type":"latency","attributes":{"latency":100.0,"jitter":1e1}}')).toMatchObject({ attributes: { latency: 100, jitter: 10 } });
  });

  test("with a bandwidth that all connections share, and shows no scope where there is none", async () => {
    expect(await add({ type: "bandwidth", attributes: { rate: 5, scope: "proxy" } })).toMatchObject({ attributes: { rate: 5, scope: "proxy" } });
    expect(rig.board.faultsOn("db")).toMatchObject([{ params: { throughput: 5000, scope: "proxy" } }]);
  });

  test("behind the others of its stream: those of upstream come first, each in order of adding", async () => {
    for (const [name, stream] of [["d1", "downstream"], ["u1", "upstream"], ["d2", "downstream"], ["u2", "UPSTREAM"]]) await add({ type: "latency", name, stream });
    expect(rig.control.toxics("db").map((toxic) => toxic["name"])).toEqual(["u1", "u2", "d1", "d2"]);
    expect(rig.board.faultsOn("db")?.map(({ name }) => name)).toEqual(["u1", "u2", "d1", "d2"]);
    expect(rig.control.proxy("db")["toxics"]).toEqual(rig.control.toxics("db"));
  });

  test.each([
    ["", 400, "bad request body: EOF"],
    ['{"type":', 400, "bad request body: unexpected EOF"],
    ["{'type':1}", 400, String.raw`bad request body: invalid character '\'' looking for beginning of object key string`],
    ['"latency"', 400, "bad request body: json: cannot unmarshal string into Go value of type toxics.ToxicWrapper"],
    ['{"type":"latency","toxicity":"1"}', 400, "bad request body: json: cannot unmarshal string into Go struct field ToxicWrapper.toxicity of type float32"],
    ['{"type":"latency","attributes":"x"}', 400, "bad request body: json: cannot unmarshal string into Go struct field ToxicWrapper.attributes of type toxics.NoopToxic"],
    ['{"type":"nothing","stream":"sideways"}', 400, "stream was invalid, can be either upstream or downstream"],
    ['{"type":"latency","stream":""}', 400, "stream was invalid, can be either upstream or downstream"],
    ["{}", 400, "invalid toxic type"],
    ['{"type":"Latency"}', 400, "invalid toxic type"],
    ['{"type":"kill"}', 400, "invalid toxic type"],
    ['{"type":"nothing","name":"there"}', 400, "invalid toxic type"],
    ['{"type":"latency","name":"there","attributes":{"latency":"bad"}}', 409, "toxic already exists"],
    ['{"type":"latency","attributes":{"latency":1.5}}', 400, "bad request body: json: cannot unmarshal number 1.5 into Go struct field LatencyToxic.attributes.latency of type int64"],
    ['{"type":"latency","attributes":{"latency":"100"}}', 400, "bad request body: json: cannot unmarshal string into Go struct field LatencyToxic.attributes.latency of type int64"],
    ['{"type":"latency","attributes":{"latency":1e30}}', 400, "bad request body: json: cannot unmarshal number 1e30 into Go struct field LatencyToxic.attributes.latency of type int64"],
    ['{"type":"packet_loss","attributes":{"loss_rate":true}}', 400, "bad request body: json: cannot unmarshal bool into Go struct field PacketLossToxic.attributes.loss_rate of type float64"],
    ['{"type":"bandwidth","attributes":{"scope":1}}', 400, "bad request body: json: cannot unmarshal number into Go struct field BandwidthToxic.attributes.scope of type string"],
    ['{"type":"latency","toxicity":5}', 400, "bad request body: toxicity: expected a number from 0 to 1, got 5"],
    ['{"type":"latency","toxicity":-0.1}', 400, "bad request body: toxicity: expected a number from 0 to 1, got -0.1"],
    ['{"type":"latency","attributes":{"latency":-100}}', 400, "bad request body: latency: expected a whole number of ms from 0 to 2147483647, got -100"],
    ['{"type":"slicer"}', 400, "bad request body: average_size: expected a whole number of bytes from 1 to 9007199254740991, got 0"],
    ['{"type":"slicer","attributes":{"average_size":10,"size_variation":11}}', 400, "bad request body: size_variation: expected at most the average_size of 10 bytes, got 11"],
    ['{"type":"bandwidth","attributes":{"rate":-1}}', 400, "bad request body: rate: expected a whole number of KB/s from 0 to 9007199254740, got -1"],
    ['{"type":"latency","attributes":{"jitter":4611686018427387904}}', 400, "bad request body: jitter: expected a whole number of ms from 0 to 2147483647, got 4611686018427388000"],
  ])("not from %s", async (body, status, message) => {
    await add({ type: "noop", name: "there", stream: "upstream" });
    expect(await refusal(add(body))).toEqual([status, message]);
    expect(rig.control.toxics("db")).toHaveLength(1);
    expect(rig.board.faultsOn("db")).toEqual([]);
  });

  test("to a proxy that is disabled, and is in force when that is enabled", async () => {
    await rig.control.update("db", '{"enabled":false}');
    await add({ type: "latency" });
    expect(rig.board.open_.has("db")).toBe(false);
    await rig.control.update("db", '{"enabled":true}');
    expect(rig.board.faultsOn("db")).toHaveLength(1);
  });
});

describe("a toxic is updated", () => {
  test("key by key, and its name, type and stream stay", async () => {
    await add({ type: "latency", attributes: { latency: 100, jitter: 10 } });
    expect(await change("latency_downstream", { name: "other", type: "timeout", stream: "upstream", toxicity: 0.5, attributes: { JITTER: 9, latency: null, timeout: 3 } }))
      .toEqual({ attributes: { latency: 100, jitter: 9 }, name: "latency_downstream", type: "latency", stream: "downstream", toxicity: 0.5 });
    expect(rig.board.faultsOn("db")).toMatchObject([{ name: "latency_downstream", params: { delayMs: 100, jitterMs: 9 }, selection: { rateShare: 0.5 } }]);
    expect(rig.events.at(-1)).toMatchObject({ change: "updated" });
  });

  test("and keeps its place", async () => {
    for (const name of ["a", "b", "c"]) await add({ type: "latency", name });
    await change("b", { attributes: { latency: 3 } });
    expect(rig.control.toxics("db").map((toxic) => toxic["name"])).toEqual(["a", "b", "c"]);
  });

  test("by nothing, and is as it was", async () => {
    await add({ type: "latency", attributes: { latency: 100 } });
    for (const body of ["null", "{}", '{"toxicity":null,"attributes":null}']) expect(await change("latency_downstream", body)).toMatchObject({ attributes: { latency: 100, jitter: 0 }, toxicity: 1 });
  });

  test.each([
    ["", "bad request body: EOF"],
    ['{"attributes":{"latency":"bad","jitter":9}}', "bad request body: json: cannot unmarshal string into Go struct field LatencyToxic.attributes.latency of type int64"],
    ['{"attributes":{"jitter":9,"latency":-1}}', "bad request body: latency: expected a whole number of ms from 0 to 2147483647, got -1"],
    ['{"attributes":{"jitter":9},"toxicity":2}', "bad request body: toxicity: expected a number from 0 to 1, got 2"],
    ['{"attributes":{"jitter":9},"toxicity":"x"}', "bad request body: json: cannot unmarshal string into Go struct field .toxicity of type float32"],
  ])("not by %s, and nothing of it is applied", async (body, message) => {
    const before = await add({ type: "latency", attributes: { latency: 100, jitter: 1 } });
    const faults = rig.board.faultsOn("db");
    expect(await refusal(change("latency_downstream", body))).toEqual([400, message]);
    expect(rig.control.toxics("db")).toEqual([before]);
    expect(rig.board.faultsOn("db")).toEqual(faults);
  });
});

describe("a toxic is removed", () => {
  test("and its fault with it", async () => {
    await add({ type: "latency" });
    await add({ type: "timeout" });
    await rig.control.removeToxic("db", "latency_downstream");
    expect(rig.board.faultsOn("db")?.map(({ type }) => type)).toEqual(["blackhole"]);
    expect(rig.events.at(-1)).toEqual({ kind: "toxic", change: "removed", proxy: "db", toxic: "latency_downstream" });
    expect(await refusal(rig.control.removeToxic("db", "latency_downstream"))).toEqual([404, "toxic not found"]);
  });
});

describe("our own faults are toxics", () => {
  test("of calls by http_ and their name, read as in an experiment and shown as they were given", async () => {
    const attributes = { status: 503, match: { path: "/pay/*" }, first: 3 };
    expect(await add({ type: "http_error", toxicity: 0.5, attributes }, "shop")).toEqual({ attributes, name: "http_error_downstream", type: "http_error", stream: "downstream", toxicity: 0.5 });
    expect(rig.board.faultsOn("shop")).toMatchObject([{ name: "http_error_downstream", type: "error", layer: "exchange", proxy: "shop", params: { status: 503 }, selection: { match: { path: { glob: "/pay/*" } }, first: 3, rateShare: 0.5 } }]);
  });

  test.each([
    ["http_latency", "shop", { delay: "200ms" }, { type: "latency", layer: "exchange", params: { delayMs: 200, at: "request" } }],
    ["http-rate-limit", "shop", { limit: "5/s" }, { type: "rate-limit", layer: "exchange" }],
    ["error", "shop", { status: 500 }, { type: "error", layer: "exchange" }],
    ["connection_latency", "db", { delay: "200ms", distribution: "exponential" }, { type: "latency", layer: "connection", params: { delayMs: 200, distribution: "exponential" } }],
    ["connection_latency", "shop", { delay: "200ms" }, { type: "latency", layer: "connection" }],
    ["connection_reset", "db", { afterBytes: "4KiB" }, { type: "reset", layer: "connection", params: { at: "response", afterBytes: 4096 } }],
    ["reset", "db", { after_bytes: "4KiB" }, { type: "reset", layer: "connection", params: { at: "response", afterBytes: 4096 } }],
    ["down", "db", {}, { type: "down", layer: "connection", params: { keepOpen: false } }],
    ["down", "db", { KEEPOPEN: true, flap: { on: "2s", off: "1s" } }, { type: "down", params: { keepOpen: true }, selection: { flap: { onMs: 2000, offMs: 1000 } } }],
    ["half_open", "db", { from: "1s", for: "5s" }, { type: "half-open", selection: { fromMs: 1000, forMs: 5000 } }],
    ["connection_limit", "db", { connections: 5 }, { type: "connection-limit", params: { connections: 5 } }],
    ["connection_bandwidth", "db", { throughput: "1MB/s", direction: "both" }, { type: "bandwidth", direction: "both", params: { throughput: 1e6 } }],
  ])("such as %s on %s with %j", async (type, proxy, attributes, fault) => {
    await add({ type, attributes }, proxy);
    expect(rig.board.faultsOn(proxy)).toMatchObject([fault]);
  });

  test("on a stream", async () => {
    await add({ type: "connection_latency", stream: "upstream", attributes: { delay: "1s" } });
    expect(rig.board.faultsOn("db")).toMatchObject([{ direction: "request" }]);
  });

  test("in both directions where they are in an experiment and no stream is given, and their attributes say so", async () => {
    expect(await add({ type: "blackhole", name: "both" })).toMatchObject({ stream: "downstream", attributes: { direction: "both" } });
    expect(await add({ type: "blackhole", name: "down", stream: "downstream" })).toMatchObject({ attributes: {} });
    await change("both", { toxicity: 0.5 });
    expect(rig.board.faultsOn("db")).toMatchObject([{ name: "both", direction: "both" }, { name: "down", direction: "response" }]);
  });

  test("whatever letters the names of proxy and toxic have", async () => {
    await rig.control.create('{"name":"päy ments","listen":"127.0.0.1:0","upstream":"http://a.test"}');
    await add({ type: "http_error", name: "b@d", attributes: { status: 500 } }, "päy ments");
    expect(rig.board.faultsOn("päy ments")).toMatchObject([{ name: "b@d", proxy: "päy ments" }]);
  });

  test("and are updated key by key", async () => {
    await add({ type: "http_latency", name: "slow", attributes: { delay: "200ms", jitter: "10ms" } }, "shop");
    expect(await change("slow", { attributes: { delay: "300ms" }, toxicity: 0.1 }, "shop")).toMatchObject({ attributes: { delay: "300ms", jitter: "10ms" }, toxicity: 0.1 });
    expect(rig.board.faultsOn("shop")).toMatchObject([{ params: { delayMs: 300, jitterMs: 10 }, selection: { rateShare: 0.1 } }]);
  });

  test.each([
    ["db", { type: "http_error", attributes: { status: 503 } }, /^bad request body: error acts on HTTP exchanges, and the proxy db passes bytes \(127\.0\.0\.1:5432\) \(.*write http:\/\//],
    ["shop", { type: "http_error", attributes: { status: 999 } }, /^bad request body: status: /],
    ["shop", { type: "http_error", attributes: { statsu: 503 } }, /unknown key "statsu" \(did you mean "status"\?\)/],
    ["shop", { type: "http_latency", attributes: { delay: 200 } }, /delay: expected a duration.*write its unit \("200ms" or "200s"\)/],
    ["shop", { type: "http_error", attributes: { status: 503, rate: "5%" } }, /rate is no attribute \(toxicity is the share that is hit\)/],
    ["shop", { type: "http_drop", attributes: { attempt: 1 } }, /attempt counts the calls of a request of chaos run.*per: trace/],
    ["shop", { type: "grpc_error", attributes: {} }, /grpc-error cannot act on the proxy shop/],
    ["shop", { type: "http_error", toxicity: 3, attributes: { status: 503 } }, /toxicity: expected a number from 0 to 1, got 3/],
  ])("not on %s as %j", async (proxy, toxic, message) => {
    const [status, text] = await refusal(add(toxic, proxy));
    expect(status).toBe(400);
    expect(text).toMatch(message);
    expect(rig.control.toxics(proxy)).toEqual([]);
  });
});
