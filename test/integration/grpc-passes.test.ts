import { afterEach, describe, expect, it } from "vitest";
import { tracePrefix } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { GrpcCaller, Metadata, serveGrpc, status } from "./grpc-peers.ts";
import { startHttp2Edge } from "./http2-edge.ts";

const undo: Undo = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

async function setUp(options: Parameters<typeof serveGrpc>[1] = {}) {
  const upstream = await serveGrpc(undo, options);
  const edge = await startHttp2Edge(undo, upstream.port);
  return { upstream, edge, caller: new GrpcCaller(undo, edge.port) };
}

describe("gRPC through the http2 lane", () => {
  it("passes unary calls with metadata and trailers, exactly", async () => {
    const { upstream, edge, caller } = await setUp();
    const metadata = new Metadata();
    const trace = `${tracePrefix}00000000000000aa`;
    metadata.set("traceparent", `00-${trace}-00000000000000bb-01`);
    metadata.set("idempotency-key", "order-7");
    metadata.add("x-many", "one");
    metadata.add("x-many", "two");
    metadata.set("x-bytes-bin", Buffer.from([0, 200, 255]));
    const { code, messages, head, trailers } = await caller.get("ping", { metadata });
    expect(code).toBe(status.OK);
    expect(messages).toEqual([Buffer.from("ping")]);
    expect(head?.get("x-head")).toEqual(["before it all"]);
    expect(trailers.get("x-trailer")).toEqual(["behind it all"]);
    expect(trailers.get("x-trailer-bin")).toEqual([Buffer.from([0, 1, 254, 255])]);
    expect(upstream.seen[0]?.metadata.get("x-bytes-bin")).toEqual([Buffer.from([0, 200, 255])]);
    expect(upstream.seen[0]?.metadata.get("x-many").join(", ")).toBe("one, two");
    await expect.poll(() => edge.exchanges()).toMatchObject([{ method: "POST", path: "/shop.Orders/Get", trace, idempotencyKey: "order-7", status: 200, grpcStatus: 0, end: "complete", passedOn: true, conn: 1, nth: 1 }]);
    const [record] = edge.exchanges();
    expect(record?.requestEndMs).toBeGreaterThanOrEqual(record?.startMs ?? Number.NaN);
    expect(record?.headMs).toBeGreaterThanOrEqual(record?.requestEndMs ?? Number.NaN);
    expect(record?.endMs).toBeGreaterThanOrEqual(record?.headMs ?? Number.NaN);
    expect(record?.faults).toBeUndefined();
  });

  it("passes streams of the server, of the client, and both ways at once", async () => {
    const { edge, caller } = await setUp();
    const bytes = Buffer.from(Array.from({ length: 100 }, (_, i) => i));
    const listed = await caller.list(bytes);
    expect(listed.code).toBe(status.OK);
    expect(Buffer.concat(listed.messages)).toEqual(bytes);
    const pieces = Array.from({ length: 50 }, (_, i) => Buffer.alloc(5000, i));
    const added = await caller.add(pieces);
    expect(added.messages).toEqual([Buffer.concat(pieces)]);
    const { call, messages, ended } = caller.chat();
    for (const word of ["one", "two", "three"]) {
      call.write(Buffer.from(word));
      await expect.poll(() => messages.at(-1)?.toString()).toBe(word);
    }
    call.end();
    expect((await ended).code).toBe(status.OK);
    await expect.poll(() => edge.exchanges().map(({ path, end, grpcStatus, conn, nth }) => [path, end, grpcStatus, conn, nth])).toEqual([
      ["/shop.Orders/List", "complete", 0, 1, 1], ["/shop.Orders/Add", "complete", 0, 1, 2], ["/shop.Orders/Chat", "complete", 0, 1, 3],
    ]);
  });

  it("passes large messages both ways, byte for byte", async () => {
    const { caller } = await setUp({ options: { "grpc.max_receive_message_length": -1 } });
    const large = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => (i * 7 + (i >> 9)) & 255));
    const { code, messages } = await caller.get(large);
    expect(code).toBe(status.OK);
    expect(messages[0]?.equals(large)).toBe(true);
  });

  it("carries many calls at once over one connection each way", async () => {
    const { edge, caller } = await setUp();
    const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => caller.get(`call ${i}`)));
    expect(answers.map(({ messages }) => messages[0]?.toString())).toEqual(Array.from({ length: 200 }, (_, i) => `call ${i}`));
    await expect.poll(() => edge.exchanges().length).toBe(200);
    expect(new Set(edge.exchanges().map(({ conn }) => conn))).toEqual(new Set([1]));
    expect(edge.exchanges().map(({ nth }) => nth).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
  });

  it("passes a failure of upstream's on, with its status, message and trailers", async () => {
    const { edge, caller } = await setUp({
      get: (_call, callback) => {
        const metadata = new Metadata();
        metadata.set("x-why", "stock");
        callback({ code: status.FAILED_PRECONDITION, details: "äußerst leer: 100 %", metadata });
      },
    });
    const { code, details, trailers } = await caller.get("x");
    expect([code, details]).toEqual([status.FAILED_PRECONDITION, "äußerst leer: 100 %"]);
    expect(trailers.get("x-why")).toEqual(["stock"]);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ status: 200, grpcStatus: status.FAILED_PRECONDITION, end: "complete" }]);
  });

  it("witnesses the caller that gives up, and upstream learns of it", async () => {
    const { upstream, edge, caller } = await setUp({ get: () => undefined });
    const calledMs = edge.env.nowMs();
    const { code } = await caller.get("x", { deadlineMs: 1500 });
    expect(code).toBe(status.DEADLINE_EXCEEDED);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "client-left", leftBy: "rst", passedOn: true }]);
    const [record] = edge.exchanges();
    expect((record?.leftMs ?? 0) - calledMs).toBeGreaterThan(1400);
    await expect.poll(() => upstream.cancelled()).toBe(1);
  });
});
