import { describe, expect, it } from "vitest";
import { findHeader } from "../../../src/proxy/http1/find-header.ts";
import { HeadScanner, MALFORMED, MORE } from "../../../src/proxy/http1/head-scanner.ts";

const head = "GET / HTTP/1.1\r\nHost: x\r\nX-A:1\r\nx-b_c:\t two \r\nx-a: 3\r\n\r\n";

describe("HeadScanner", () => {
  it("finds the end of a head in the midst of other bytes, and its lines from the head's first byte", () => {
    const bytes = Buffer.from(`abc${head}body`);
    const scanner = new HeadScanner(true);
    expect(scanner.scan(bytes, 3, bytes.length)).toBe(3 + head.length);
    expect(scanner.lines.slice(0, 6)).toEqual([0, -1, 14, 16, 20, 23]);
    expect(findHeader(bytes, 3, scanner.lines, "x-a")).toBe("1, 3");
    expect(findHeader(bytes, 3, scanner.lines, "x-b_c")).toBe("two");
    expect(findHeader(bytes, 3, scanner.lines, "x-c")).toBeUndefined();
  });

  it("goes on where it was when more has come, even between CR and LF", () => {
    const bytes = Buffer.from(head);
    const scanner = new HeadScanner(true);
    for (let end = 1; end < bytes.length; end++) expect(scanner.scan(bytes, 0, end)).toBe(MORE);
    expect(scanner.scan(bytes, 0, bytes.length)).toBe(bytes.length);
    expect(findHeader(bytes, 0, scanner.lines, "host")).toBe("x");
  });

  it.each([["GET / HTTP/1.1\n"], ["GET / HTTP/1.1\rX"], ["GET\u0000"], ["A: \u007f"]])("calls %j malformed as soon as it has come", (text) => {
    expect(new HeadScanner(true).scan(Buffer.from(text), 0, text.length)).toBe(MALFORMED);
  });

  it("passes over empty lines before a request, and takes none before a response", () => {
    const bytes = Buffer.from(`\r\n\r\n${head}`);
    expect(new HeadScanner(true).scan(bytes, 0, bytes.length)).toBe(bytes.length);
    expect(new HeadScanner(false).scan(bytes, 0, bytes.length)).toBe(MALFORMED);
  });

  it("knows whether a start line has begun", () => {
    const scanner = new HeadScanner(true);
    scanner.scan(Buffer.from("\r\n"), 0, 2);
    expect(scanner.begun).toBe(false);
    scanner.scan(Buffer.from("\r\nG"), 0, 3);
    expect(scanner.begun).toBe(true);
  });
});
