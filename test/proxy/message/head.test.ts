import { describe, expect, it } from "vitest";
import { editLines, readHead, valueOf, writeHead } from "../../../src/proxy/message/head.ts";

describe("a head", () => {
  it("is read and written as it is, with what follows it left alone", () => {
    const bytes = Buffer.from("GET /\u00fc HTTP/1.1\r\nA:1\r\nb:  2 \r\n\r\nbody", "latin1");
    const { head, bodyAt } = readHead(bytes);
    expect(head).toEqual({ startLine: "GET /\u00fc HTTP/1.1", lines: ["A:1", "b:  2 "] });
    expect(bytes.toString("latin1", bodyAt)).toBe("body");
    expect(writeHead(head)).toEqual(bytes.subarray(0, bodyAt));
  });

  it("may have empty lines before it and no headers", () => {
    expect(readHead(Buffer.from("\r\n\r\nGET / HTTP/1.1\r\n\r\n"))).toEqual({ head: { startLine: "GET / HTTP/1.1", lines: [] }, bodyAt: 22 });
  });

  it("has headers by any case of their names, all of a name together", () => {
    expect(valueOf(["X-A: 1", "x-b:2", "x-a:  3 "], "x-a")).toBe("1, 3");
    expect(valueOf(["X-A: 1"], "x-b")).toBeUndefined();
  });

  it("keeps place and case of what is changed, and puts what is new last", () => {
    expect(editLines(["A: 1", "X-B:  2", "a: 3", "C: 4"], { a: "9", "x-b": null, d: "5", e: null })).toEqual(["A: 9", "C: 4", "d: 5"]);
  });
});
