import { afterEach, describe, expect, it } from "vitest";
import type { Fault } from "../../src/model/experiment.ts";
import type { JsonObject } from "../../src/model/json.ts";
import { exchangeFault, tracePrefix } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { GrpcCaller, Metadata, serveGrpc, status } from "./grpc-peers.ts";
import { startHttp2Edge } from "./http2-edge.ts";

const undo: Undo = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

async function setUp(...faults: readonly Fault[]) {
  const upstream = await serveGrpc(undo);
  const edge = await startHttp2Edge(undo, upstream.port);
  const caller = new GrpcCaller(undo, edge.port);
  edge.setFaults(...faults);
  return { upstream, edge, caller };
}

describe("what a gRPC caller gets of faults on its calls", () => {
  it.each<{ readonly type: string; readonly params: JsonObject; readonly code: number; readonly says: string; readonly asked: number; readonly end: string }>([
    { type: "grpc-error", params: { code: "NOT_FOUND", message: "no such order: 7 % ü" }, code: status.NOT_FOUND, says: "no such order: 7 % ü", asked: 0, end: "complete" },
    { type: "grpc-error", params: {}, code: status.UNAVAILABLE, says: "", asked: 0, end: "complete" },
    { type: "grpc-error", params: { code: 8, reachUpstream: true }, code: status.RESOURCE_EXHAUSTED, says: "", asked: 1, end: "complete" },
    { type: "grpc-error", params: { code: "DATA_LOSS", afterMessages: 1 }, code: status.DATA_LOSS, says: "", asked: 1, end: "complete" },
    { type: "error", params: { status: 503 }, code: status.UNAVAILABLE, says: "HTTP status code 503", asked: 0, end: "complete" },
    { type: "error", params: { status: 401, body: "who are you" }, code: status.UNAUTHENTICATED, says: "HTTP status code 401", asked: 0, end: "complete" },
    { type: "error", params: { status: 429, reachUpstream: true }, code: status.UNAVAILABLE, says: "HTTP status code 429", asked: 1, end: "complete" },
    { type: "drop", params: {}, code: status.INTERNAL, says: "RST_STREAM with code 0", asked: 0, end: "dropped" },
    { type: "reset", params: {}, code: status.INTERNAL, says: "RST_STREAM with code 2", asked: 0, end: "reset" },
    { type: "reset", params: { at: "response" }, code: status.INTERNAL, says: "RST_STREAM with code 2", asked: 1, end: "reset" },
    { type: "stream-reset", params: { code: "CANCEL" }, code: status.CANCELLED, says: "cancelled", asked: 0, end: "reset" },
    { type: "stream-reset", params: { code: "REFUSED_STREAM" }, code: status.UNAVAILABLE, says: "refused", asked: 0, end: "reset" },
    { type: "stream-reset", params: { code: "ENHANCE_YOUR_CALM", at: "response" }, code: status.RESOURCE_EXHAUSTED, says: "", asked: 1, end: "reset" },
    { type: "stream-reset", params: { code: "INADEQUATE_SECURITY", afterBytes: "3B" }, code: status.PERMISSION_DENIED, says: "", asked: 1, end: "reset" },
    { type: "truncate", params: { afterBytes: "3B" }, code: status.INTERNAL, says: "", asked: 1, end: "dropped" },
  ])("$type $params is seen as status $code", async ({ type, params, code, says, asked, end }) => {
    const { upstream, edge, caller } = await setUp(exchangeFault(type, params));
    const ended = await caller.get("ping");
    expect(ended.code).toBe(code);
    expect(ended.details).toContain(says);
    expect(upstream.seen).toHaveLength(asked);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end, passedOn: asked === 1, faults: [{ fault: `${type}-1`, decision: "applied", n: 1 }] }]);
    const [record] = edge.exchanges();
    expect(record?.faults?.[0]?.actedMs).toBeGreaterThanOrEqual(record?.startMs ?? Number.NaN);
    expect(record?.grpcStatus).toBe(type === "grpc-error" ? code : undefined);
    edge.lift();
    expect((await caller.get("again")).code).toBe(status.OK);
    expect(edge.connections()).toEqual([]);
  });

  it("are trailers in full: details and more metadata", async () => {
    const { caller } = await setUp(exchangeFault("grpc-error", { code: "ABORTED", details: Buffer.from([8, 10]).toString("base64"), trailers: { "grpc-retry-pushback-ms": "500" } }));
    const { trailers } = await caller.get("x");
    expect(trailers.get("grpc-status-details-bin")).toEqual([Buffer.from([8, 10])]);
    expect(trailers.get("grpc-retry-pushback-ms")).toEqual(["500"]);
  });

  it("end a stream behind so many messages, and upstream learns that it is over", async () => {
    const { upstream, edge, caller } = await setUp(exchangeFault("grpc-error", { code: "UNAVAILABLE", afterMessages: 3 }));
    const { code, messages } = await caller.list(Buffer.from("abcdefgh"));
    expect(code).toBe(status.UNAVAILABLE);
    expect(Buffer.concat(messages).toString()).toBe("abc");
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete", grpcStatus: status.UNAVAILABLE, faults: [{ effect: "grpc-status" }] }]);
    const short = await caller.list(Buffer.from("ab"));
    expect([short.code, Buffer.concat(short.messages).toString()]).toEqual([status.OK, "ab"]);
    expect(upstream.seen).toHaveLength(2);
  });

  it("refuse a call both ways before it has said anything", async () => {
    const { upstream, caller } = await setUp(exchangeFault("grpc-error", { code: "PERMISSION_DENIED" }));
    const { ended } = caller.chat();
    expect((await ended).code).toBe(status.PERMISSION_DENIED);
    expect(upstream.seen).toHaveLength(0);
  });

  it.each(["request", "response"])("come late by a latency at the %s", async (at) => {
    const { edge, caller } = await setUp(exchangeFault("latency", { delay: "120ms", at }));
    const startMs = edge.env.nowMs();
    expect((await caller.get("x")).code).toBe(status.OK);
    expect(edge.env.nowMs() - startMs).toBeGreaterThanOrEqual(120);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete", faults: [{ effect: "delay" }] }]);
    const [fault] = edge.exchanges()[0]?.faults ?? [];
    expect(fault?.releasedMs).toBeGreaterThanOrEqual((fault?.actedMs ?? Number.NaN) + 120);
  });

  it.each([{ headers: false }, { headers: true }])("never come of a hang $headers, until the deadline", async (params) => {
    const { edge, caller } = await setUp(exchangeFault("hang", params));
    const { code, head } = await caller.get("x", { deadlineMs: 1500 });
    expect(code).toBe(status.DEADLINE_EXCEEDED);
    expect(head === undefined).toBe(!params.headers);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "client-left", leftBy: "rst", passedOn: params.headers, faults: [{ effect: "hang" }] }]);
  });

  it("of a hang are a reset when the fault is lifted", async () => {
    const { edge, caller } = await setUp(exchangeFault("hang", {}, { match: { path: { glob: "/shop.Orders/Get" } } }));
    const call = caller.get("x");
    // On the same connection, behind it: when they are answered it has come.
    for (let i = 0; i < 2; i += 1) expect((await caller.list(Buffer.from("y"))).code).toBe(status.OK);
    edge.lift();
    expect((await call).code).toBe(status.INTERNAL);
    const hung = () => edge.exchanges().filter(({ path }) => path === "/shop.Orders/Get");
    await expect.poll(hung).toMatchObject([{ end: "reset", faults: [{ effect: "hang" }] }]);
    expect(hung()[0]?.faults?.[0]?.releasedMs).toBeDefined();
  });

  it("are slowed down, dripped, and changed as bytes", async () => {
    const bytes = Buffer.alloc(20_000, 7);
    const { edge, caller } = await setUp(exchangeFault("bandwidth", { throughput: "100KB/s" }));
    const startMs = edge.env.nowMs();
    expect((await caller.get(bytes)).messages[0]?.equals(bytes)).toBe(true);
    expect(edge.env.nowMs() - startMs).toBeGreaterThan(150);
    edge.setFaults(exchangeFault("slow-body", { size: "5KB", spacing: "40ms" }));
    const dripMs = edge.env.nowMs();
    expect((await caller.get(bytes)).code).toBe(status.OK);
    expect(edge.env.nowMs() - dripMs).toBeGreaterThan(150);
    edge.setFaults(exchangeFault("slow-body", { over: "200ms" }));
    const spreadMs = edge.env.nowMs();
    expect((await caller.get(bytes)).code).toBe(status.OK);
    expect(edge.env.nowMs() - spreadMs).toBeGreaterThan(150);
    await expect.poll(() => edge.exchanges().map(({ faults }) => faults?.[0]?.effect)).toEqual(["throttle", "slice", "spread"]);
  });

  it("hit only the calls that match, by path, header and host, and each n-th", async () => {
    const { edge, caller } = await setUp(
      exchangeFault("grpc-error", { code: "ABORTED" }, { match: { path: { glob: "/shop.Orders/List" } } }, "by-path"),
      exchangeFault("grpc-error", { code: "UNKNOWN" }, { match: { headers: { "x-tenant": { equals: "a" }, host: { regex: "^127" } } } }, "by-header"),
      exchangeFault("grpc-error", { code: "INTERNAL" }, { match: { path: { glob: "/shop.Orders/Get" } }, every: 3 }, "by-number"),
    );
    const metadata = new Metadata();
    metadata.set("x-tenant", "a");
    expect((await caller.list(Buffer.from("x"))).code).toBe(status.ABORTED);
    expect((await caller.get("x", { metadata })).code).toBe(status.UNKNOWN);
    const codes = [];
    for (let i = 0; i < 5; i += 1) codes.push((await caller.get("x")).code);
    expect(codes).toEqual([0, status.INTERNAL, 0, 0, status.INTERNAL]);
    await expect.poll(() => edge.exchanges().length).toBe(7);
    expect(edge.exchanges()[0]?.faults?.map(({ decision }) => decision)).toEqual(["applied", "match", "match"]);
  });
});

describe("retries of gRPC's own", () => {
  const serviceConfig = {
    methodConfig: [{ name: [{ service: "shop.Orders" }], retryPolicy: { maxAttempts: 3, initialBackoff: "0.02s", maxBackoff: "0.05s", backoffMultiplier: 2, retryableStatusCodes: ["UNAVAILABLE"] } }],
  };

  it("are witnessed as calls of one request, and only the calls chosen are hit", async () => {
    const upstream = await serveGrpc(undo);
    const edge = await startHttp2Edge(undo, upstream.port);
    const caller = new GrpcCaller(undo, edge.port, { "grpc.enable_retries": 1, "grpc.service_config": JSON.stringify(serviceConfig) });
    edge.setFaults(exchangeFault("grpc-error", { reachUpstream: true }, { attempt: { min: 1, max: 2 } }));
    const trace = `${tracePrefix}0000000000000042`;
    const metadata = new Metadata();
    metadata.set("traceparent", `00-${trace}-00000000000000bb-01`);
    const { code } = await caller.get("x", { metadata });
    expect(code).toBe(status.OK);
    await expect.poll(() => edge.exchanges().map(({ trace: of, grpcStatus, faults }) => [of, grpcStatus, faults?.[0]?.decision])).toEqual([
      [trace, status.UNAVAILABLE, "applied"], [trace, status.UNAVAILABLE, "applied"], [trace, 0, "ordinal"],
    ]);
    expect(upstream.seen).toHaveLength(3);
    expect(upstream.seen.map(({ metadata: given }) => given.get("grpc-previous-rpc-attempts"))).toEqual([[], ["1"], ["2"]]);
  });
});

describe("a connection that is told to go away", () => {
  it("lets the calls on it end, and further ones take another", async () => {
    const { edge, caller } = await setUp(exchangeFault("goaway", {}, { after: 1, first: 1 }));
    const { call, messages, ended } = caller.chat();
    call.write(Buffer.from("before"));
    await expect.poll(() => messages.length).toBe(1);
    expect((await caller.get("goes away")).code).toBe(status.OK);
    expect((await caller.get("elsewhere")).code).toBe(status.OK);
    call.write(Buffer.from("still here"));
    await expect.poll(() => messages.at(-1)?.toString()).toBe("still here");
    call.end();
    expect((await ended).code).toBe(status.OK);
    await expect.poll(() => edge.connections()).toMatchObject([{ conn: 1, exchanges: 2 }]);
    expect(edge.exchanges().map(({ path, conn, end, grpcStatus }) => [path, conn, end, grpcStatus])).toEqual([
      ["/shop.Orders/Get", 1, "complete", 0], ["/shop.Orders/Get", 2, "complete", 0], ["/shop.Orders/Chat", 1, "complete", 0],
    ]);
  });

  it("loses the calls on it when it is not graceful", async () => {
    const { edge, caller } = await setUp(exchangeFault("goaway", { graceful: false, code: "ENHANCE_YOUR_CALM" }, { after: 1, first: 1 }));
    const { call, messages, ended } = caller.chat();
    call.write(Buffer.from("before"));
    await expect.poll(() => messages.length).toBe(1);
    const lost = await caller.get("x");
    expect([lost.code, (await ended).code].includes(0)).toBe(false);
    expect((await caller.get("again")).code).toBe(status.OK);
    await expect.poll(() => edge.connections()).toMatchObject([{ conn: 1, closedBy: "fault", how: "fin" }]);
    await expect.poll(() => edge.exchanges().map(({ conn, end }) => [conn, end])).toEqual([[1, "dropped"], [1, "dropped"], [2, "complete"]]);
  });
});
