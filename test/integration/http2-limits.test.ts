import { constants } from "node:http2";
import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { afterEach, describe, expect, it } from "vitest";
import { exchangeFault } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { startHttp2Edge } from "./http2-edge.ts";
import { Http2Caller, serveHttp2 } from "./http2-peers.ts";

const undo: Undo = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

const sendsMuch = { maxSendHeaderBlockLength: 1_000_000 };
const calm = constants.NGHTTP2_ENHANCE_YOUR_CALM;
const large: OutgoingHttpHeaders = { "x-large": "v".repeat(66_000) };
const many: OutgoingHttpHeaders = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`x-${n}`, "v"]));

/** Of answers, by path, to what they are. */
function serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  const path = headers[":path"];
  if (path === "/calm") return stream.close(calm);
  if (path === "/hangs") return;
  stream.respond({ ":status": 200, ...(path === "/large" ? large : path === "/many" ? many : {}) }, { waitForTrailers: path === "/trailers" });
  stream.on("wantTrailers", () => stream.sendTrailers(many));
  stream.resume().end("ok");
}

async function setUp() {
  const upstream = await serveHttp2(undo, serve, sendsMuch);
  const edge = await startHttp2Edge(undo, upstream.port, { proxy: { limits: { headerCount: 15 } } });
  const caller = new Http2Caller(undo, edge.port, sendsMuch);
  // Behind it, all know each other's settings.
  await caller.ask();
  return { edge, caller };
}

describe("heads on HTTP/2 that are beyond the limits of a proxy", () => {
  it.each([["large", large], ["many", many]])("%s ones of a caller are reset, and that is told once", async (_what, headers) => {
    const { edge, caller } = await setUp();
    for (let n = 0; n < 2; n += 1) expect((await caller.ask(headers)).code).toBe(calm);
    expect((await caller.ask()).headers?.[":status"]).toBe(200);
    expect(edge.issues()).toMatchObject([{ code: "head-beyond-limits", message: "a caller's head or trailers were larger than this proxy takes, and their call was reset with ENHANCE_YOUR_CALM: limits.headers is 15, and limits.head 64KiB, where each header counts 32 bytes beside its characters; raise them if callers are meant to send so much" }]);
  });

  it.each(["/large", "/many", "/trailers"])("of upstream lose its answer, and that is told (%s)", async (path) => {
    const { edge, caller } = await setUp();
    expect((await caller.ask({ ":path": path })).code).toBe(calm);
    await expect.poll(() => edge.exchanges().at(-1)).toMatchObject({ end: "upstream-lost", passedOn: true });
    expect(edge.issues()).toMatchObject([{ code: "head-beyond-limits", message: expect.stringMatching(/^upstream's head .* if upstream is meant to send so much$/) as string }]);
  });

  it("may be the trailers of a request", async () => {
    const { edge, caller } = await setUp();
    expect((await caller.send({ ":path": "/hangs" }, "some", many)).code).toBe(calm);
    expect(edge.issues()).toMatchObject([{ code: "head-beyond-limits" }]);
  });
});

describe("resets with ENHANCE_YOUR_CALM that are not of the proxy", () => {
  it("are not told as a limit: of upstream, of a caller, of a fault", async () => {
    const { edge, caller } = await setUp();
    expect((await caller.ask({ ":path": "/calm" })).code).toBe(calm);
    const { stream, got } = caller.open({ ":path": "/hangs" });
    // Behind an answer to a ping the request has been read; what Node 24 has not sent yet is not sent at all when it is closed.
    await new Promise<void>((resolve) => stream.session?.ping(() => resolve()));
    stream.close(calm);
    await got;
    await expect.poll(() => edge.exchanges()).toHaveLength(3);
    edge.setFaults(exchangeFault("stream-reset", { code: "ENHANCE_YOUR_CALM" }));
    expect((await caller.ask()).code).toBe(calm);
    await expect.poll(() => edge.exchanges().map(({ end }) => end)).toEqual(["complete", "upstream-lost", "client-left", "reset"]);
    expect(edge.issues()).toEqual([]);
  });
});
