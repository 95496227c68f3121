import { afterEach, describe, expect, it } from "vitest";
import { answering, exchangeFault, setUpEdge } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";

const undo: Undo = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

const get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const sizedHead = (length: number): string => `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`;
const chunkedHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/** An upstream that writes one answer in these pieces, each when the proxy has had time to pass the one before on. */
async function inPieces(pieces: readonly string[], afterBytes: string, other: readonly ReturnType<typeof exchangeFault>[] = []) {
  const parts = await setUpEdge(undo, answering((_, socket) => {
    const [first = "", ...rest] = pieces;
    socket.write(first);
    const next = (): void => {
      const piece = rest.shift();
      if (piece === undefined) return;
      socket.write(piece);
      parts.edge.env.after(5, next);
    };
    parts.edge.env.after(5, next);
  }));
  parts.edge.setFaults(...other, exchangeFault("truncate", { afterBytes }, {}, "cut"));
  const caller = parts.call();
  caller.socket.write(get);
  return { ...parts, caller };
}

describe("a body that is no longer than truncate lets through", () => {
  it.each([
    ["with a length", [`${sizedHead(5)}hello`], "5B"],
    ["in one chunk", [`${chunkedHead}5\r\nhello\r\n0\r\n\r\n`], "5B"],
    ["in chunks that come one by one, its end last", [chunkedHead, "2\r\nhe\r\n", "3;a=b\r\nllo", "\r\n", "0\r\n", "\r\n"], "5B"],
    ["in chunks, with trailers", [`${chunkedHead}5\r\nhello\r\n`, "0\r\nX-Sum: 5\r\n\r\n"], "5B"],
    ["shorter, in chunks", [`${chunkedHead}3\r\nhel\r\n`, "0\r\n\r\n"], "5B"],
    ["empty, with a length", [sizedHead(0)], "0B"],
    ["empty, in chunks", [chunkedHead, "0\r\n\r\n"], "0B"],
  ])("is left whole when it comes %s, and the connection lives", async (_, pieces, afterBytes) => {
    const { edge, caller } = await inPieces(pieces, afterBytes);
    const answer = pieces.join("");
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete", responseBytes: answer.length }]);
    expect((await caller.received(answer.length)).toString()).toBe(answer);
    expect(edge.exchanges()[0]?.faults?.[0]?.actedMs).toBeUndefined();
    edge.lift();
    caller.socket.write(get);
    expect((await caller.received(2 * answer.length)).toString()).toBe(answer + answer);
  });

  it("is left whole when it ends with the connection", async () => {
    const { edge, call } = await setUpEdge(undo, answering((_, socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nhello")));
    edge.setFaults(exchangeFault("truncate", { afterBytes: "5B", end: "reset" }));
    const caller = call();
    caller.socket.write(get);
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe("HTTP/1.1 200 OK\r\n\r\nhello");
    expect(edge.exchanges()).toMatchObject([{ end: "complete" }]);
    expect(edge.exchanges()[0]?.faults?.[0]?.actedMs).toBeUndefined();
  });

  it("drips to its end beside slow-body", async () => {
    const answer = `${chunkedHead}5\r\nhello\r\n0\r\n\r\n`;
    const { edge, caller } = await inPieces([answer], "5B", [exchangeFault("slow-body", { size: "4B", spacing: "2ms" })]);
    expect((await caller.received(answer.length)).toString()).toBe(answer);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete", responseBytes: answer.length }]);
  });
});

describe("a body that is longer", () => {
  it.each([
    ["the same chunk", [`${chunkedHead}a\r\nhello`, "there\r\n0\r\n\r\n"], "5B", "a\r\nhello"],
    ["the next chunk, whose size came before", [`${chunkedHead}5\r\nhello\r\n5\r\n`, "there\r\n0\r\n\r\n"], "5B", "5\r\nhello"],
    ["the next chunk", [`${chunkedHead}5\r\nhello\r\n`, "5\r\n", "there\r\n0\r\n\r\n"], "5B", "5\r\nhello"],
    ["the first chunk, behind no bytes", [chunkedHead, "5\r\n", "hello\r\n0\r\n\r\n"], "0B", ""],
  ])("is cut right behind the last byte let through, when more comes in %s", async (_, pieces, afterBytes, body) => {
    const { edge, caller } = await inPieces(pieces, afterBytes);
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe(chunkedHead + body);
    expect(edge.exchanges()).toMatchObject([{ end: "dropped", responseBytes: chunkedHead.length + body.length, faults: [{ effect: "truncate", actedMs: expect.any(Number) }] }]);
  });
});
