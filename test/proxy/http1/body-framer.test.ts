import { describe, expect, it } from "vitest";
import { BodyFramer } from "../../../src/proxy/http1/body-framer.ts";

function framerOf(...[framing, length]: Parameters<BodyFramer["begin"]>): BodyFramer {
  const framer = new BodyFramer();
  framer.begin(framing, length);
  return framer;
}

describe("BodyFramer", () => {
  it("takes as many bytes as the length says, and leaves the next message alone", () => {
    const framer = framerOf("length", 5);
    expect(framer.consume(Buffer.from("abc"), 0, 3)).toBe(3);
    expect(framer.done).toBe(false);
    expect(framer.consume(Buffer.from("deGET"), 0, 5)).toBe(2);
    expect(framer.done).toBe(true);
  });

  it("ends a chunked body behind its trailers", () => {
    const body = "5;x=\"y\"\r\nhello\r\n00\r\nX-Sum: 1\r\n\r\n";
    const framer = framerOf("chunked", 0);
    expect(framer.consume(Buffer.from(`${body}GET /`), 0, body.length + 5)).toBe(body.length);
    expect(framer.done).toBe(true);
  });

  it.each([["\r\n"], ["g\r\n"], ["5\n"], ["5 \r\n"], ["5 x;\r\n"], ["5\rx"], ["2\r\nabc"], ["2\r\nab\n"], ["0\r\n X: 1\r\n"], ["0\r\nX\n"], ["0\r\nX\r\n"], ["0\r\nX : 1\r\n"], ["0\r\n: 1\r\n"], ["0\r\n\rX"], ["12345678901234\r\n"]])("refuses %j", (body) => {
    expect(framerOf("chunked", 0).consume(Buffer.from(body), 0, body.length)).toBe(-1);
  });

  it("bounds extensions and trailers", () => {
    const long = "x".repeat(70_000);
    expect(framerOf("chunked", 0).consume(Buffer.from(`5;${long}`), 0, long.length + 2)).toBe(-1);
    expect(framerOf("chunked", 0).consume(Buffer.from(`0\r\nX:${long}`), 0, long.length + 5)).toBe(-1);
    expect(framerOf("chunked", 0).consume(Buffer.from(`5${" ".repeat(70_000)}`), 0, 70_001)).toBe(-1);
    expect(framerOf("chunked", 0).consume(Buffer.from(`0\r\n${"X:\r\n".repeat(70_000)}`), 0, 280_003)).toBe(-1);
  });
});
