import type { ServerHttp2Stream } from "node:http2";
import { afterEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/model/json.ts";
import { exchangeFault } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { startHttp2Edge } from "./http2-edge.ts";
import { Http2Caller, serveHttp2 } from "./http2-peers.ts";

const undo: Undo = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

/** An answer in these frames of data, each on its way before the next, and its end in a frame of its own; with trailers when asked for. */
async function setUp(params: JsonObject, frames: readonly string[], { length, trailers = false }: { readonly length?: number; readonly trailers?: boolean } = {}) {
  const answer = (stream: ServerHttp2Stream): void => {
    stream.respond({ ":status": 200, ...(length !== undefined && { "content-length": String(length) }) }, { waitForTrailers: trailers });
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-behind": "all" }));
    const left = [...frames];
    const next = (): void => {
      const frame = left.shift();
      if (frame === undefined) stream.end();
      else stream.write(frame, () => edge.env.after(5, next));
    };
    edge.env.after(5, next);
  };
  const upstream = await serveHttp2(undo, answer);
  const edge = await startHttp2Edge(undo, upstream.port);
  edge.setFaults(exchangeFault("truncate", params));
  const got = await new Http2Caller(undo, edge.port).ask();
  await expect.poll(() => edge.exchanges()).toHaveLength(1);
  return { got, record: edge.exchanges()[0] };
}

describe("truncate on http2", () => {
  it.each([
    ["that tells its length", "5B", ["hello"], { length: 5 }],
    ["that ends in a later frame", "5B", ["hello"], {}],
    ["in several frames", "5B", ["he", "llo"], {}],
    ["with trailers behind it", "5B", ["hello"], { trailers: true }],
    ["that is shorter", "9B", ["hello"], {}],
    ["that is empty", "0B", [], {}],
  ])("leaves a body whole that is no longer than that, %s", async (_, afterBytes, frames, how) => {
    const { got, record } = await setUp({ afterBytes }, frames, how);
    expect([got.body.toString(), got.code, got.trailers?.["x-behind"]]).toEqual([frames.join(""), 0, "trailers" in how ? "all" : undefined]);
    expect(record).toMatchObject({ end: "complete", faults: [{ decision: "applied" }] });
    expect(record?.faults?.[0]?.actedMs).toBeUndefined();
  });

  it.each([["close", 0, "dropped"], ["reset", 2, "reset"]])("ends a longer one behind the last byte let through, by %s, also when more comes in a later frame", async (end, code, recorded) => {
    for (const [frames, body] of [[["hello", "there"], "hello"], [["hellothere"], "hello"]] as const) {
      const { got, record } = await setUp({ afterBytes: "5B", end }, frames);
      expect([got.body.toString(), got.code]).toEqual([body, code]);
      expect(record).toMatchObject({ end: recorded, faults: [{ effect: "truncate", actedMs: expect.any(Number) }] });
    }
  });
});
