import { describe, expect, test } from "vitest";
import { readForwardTarget } from "../../../src/proxy/http1/forward-target.ts";
import { forwardHead } from "../../../src/proxy/http1/head-rewrite.ts";
import { HeadScanner } from "../../../src/proxy/http1/head-scanner.ts";
import { RequestHead } from "../../../src/proxy/http1/request-head.ts";

/** What upstream gets of a head, which stands behind other bytes. */
function forwarded(text: string): string {
  const before = "POST / HTTP/1.1\r\n";
  const bytes = Buffer.from(before + text, "latin1");
  const scanner = new HeadScanner(true);
  const headEnd = scanner.scan(bytes, before.length, bytes.length);
  const head = new RequestHead();
  expect(head.read(bytes, before.length, scanner.lines)).toBe(true);
  const target = readForwardTarget(head.method, head.target);
  if (typeof target === "string") throw new Error(target);
  head.target = target.path;
  return forwardHead(head, { bytes, at: before.length, headEnd, lines: scanner.lines }, target).toString("latin1");
}

describe("the head of a request to a forward proxy", () => {
  test("goes on with the path as its target, and nothing else changed", () => {
    expect(forwarded("GET http://a.test:81/x?y=http://z/ HTTP/1.1\r\nHost:  a.test:81 \r\nx-odd:\tv\u00e4lue  \r\nACCEPT:*/*\r\n\r\n"))
      .toBe("GET /x?y=http://z/ HTTP/1.1\r\nHost:  a.test:81 \r\nx-odd:\tv\u00e4lue  \r\nACCEPT:*/*\r\n\r\n");
  });

  test.each([
    ["another", "Host: other\r\nA: b\r\n", "Host: a.test\r\nA: b\r\n"],
    ["the same in other spelling", "A: b\r\nhOST:A.test\r\n", "A: b\r\nhOST:a.test\r\n"],
    ["an empty", "Host:\r\nA: b\r\n", "Host:a.test\r\nA: b\r\n"],
    ["no", "A: b\r\n", "Host: a.test\r\nA: b\r\n"],
  ])("with %s Host says the host that was named", (_, headers, passedOn) => {
    expect(forwarded(`GET http://a.test/ HTTP/1.1\r\n${headers}\r\n`)).toBe(`GET / HTTP/1.1\r\n${passedOn}\r\n`);
  });

  test("loses what is for the proxy alone", () => {
    expect(forwarded("GET http://a/ HTTP/1.0\r\nProxy-Connection: keep-alive\r\nHost: a\r\nproxy-authorization: Basic eA==\r\nProxy-Other: 1\r\n\r\n"))
      .toBe("GET / HTTP/1.0\r\nHost: a\r\nProxy-Other: 1\r\n\r\n");
  });

  test("loses empty lines before it", () => {
    expect(forwarded("\r\n\r\nGET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n")).toBe("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  });
});
