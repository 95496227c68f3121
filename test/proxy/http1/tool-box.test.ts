import { describe, expect, it } from "vitest";
import { Exchange } from "../../../src/proxy/http1/exchange.ts";
import { HeadScanner } from "../../../src/proxy/http1/head-scanner.ts";
import { defaultLimits } from "../../../src/proxy/http1/limits.ts";
import { RequestHead } from "../../../src/proxy/http1/request-head.ts";
import { RequestReader } from "../../../src/proxy/http1/request-reader.ts";
import { ToolBox } from "../../../src/proxy/http1/tool-box.ts";
import { HeldClock } from "../held-clock.ts";

describe("the tools that heads are read with", () => {
  it("are used again, and given to one at a time; of a flood not all are kept", () => {
    let made = 0;
    const box = new ToolBox(() => ({ scanner: new HeadScanner(true), head: new RequestHead(), nr: ++made }));
    const first = box.take();
    const second = box.take();
    expect(second).not.toBe(first);
    box.giveBack(first);
    expect(box.take()).toBe(first);
    const flood = Array.from({ length: 100 }, () => box.take());
    expect(new Set(flood).size).toBe(100);
    for (const tools of flood) box.giveBack(tools);
    const before = made;
    for (let i = 0; i < 20; i++) box.take();
    expect(made).toBeGreaterThan(before);
  });

  it("are not those of a head whose reading another head's comes in between of", () => {
    const env = new HeldClock();
    const seen: string[] = [];
    const readerOf = (name: string, between: () => void): RequestReader => new RequestReader({
      env, limits: defaultLimits,
      sink: {
        requestsPaused: false,
        requestHead: (head, startMs) => {
          between();
          seen.push(`${name}: ${head.method} ${head.target} ${head.header("x-name")} ${head.length}`);
          return new Exchange(head, 1, startMs);
        },
        requestBytes: (exchange, bytes, done) => void seen.push(`${name}: ${exchange.target} ${bytes.length} ${done}`),
        requestRejected: () => undefined,
        tunnelSpeaksHttp: () => false,
      },
    });
    const request = (name: string, length: number): Buffer => Buffer.from(`POST /${name} HTTP/1.1\r\nx-name: ${name}\r\ncontent-length: ${length}\r\n\r\n${"b".repeat(length)}`);
    const inner = readerOf("inner", () => undefined);
    const outer = readerOf("outer", () => inner.push(request("inner", 3)));
    // Begun in one packet, and ended in another, while the tools are in use.
    const whole = request("outer", 9);
    outer.push(whole.subarray(0, 20));
    inner.push(request("before", 1));
    outer.push(whole.subarray(20));
    expect(seen).toEqual([
      "inner: POST /before before 1", `inner: /before ${request("before", 1).length} true`,
      "inner: POST /inner inner 3", `inner: /inner ${request("inner", 3).length} true`,
      "outer: POST /outer outer 9", `outer: /outer ${whole.length} true`,
    ]);
  });
});
