import { describe, expect, test } from "vitest";
import { experimentOf, issueOf, textWith } from "./minimal.ts";

const text = (upstream: string, limits: string): string => textWith({ proxies: `proxies:\n  payments: { upstream: "${upstream}", callers: 1, limits: ${limits} }` });
const limitsOf = (limits: string, upstream = "http://127.0.0.1:8080") => experimentOf(text(upstream, limits)).proxies[0]?.limits;

describe("the limits of a proxy", () => {
  test("are read with their units", () => {
    expect(limitsOf("{ connections: 10, buffer: 1MiB, head: 8KiB, headers: 100, headTimeout: 10s, idleTimeout: 5m, pipelined: 1 }"))
      .toEqual({ connections: 10, heldBytes: 2 ** 20, headBytes: 8192, headerCount: 100, headMs: 10_000, idleMs: 300_000, inFlight: 1 });
  });

  test("are only those that are written: the others have their defaults where they are kept", () => {
    expect([limitsOf("{}"), limitsOf("{ head: 1KiB }")]).toEqual([{}, { headBytes: 1024 }]);
    expect(experimentOf(textWith({})).proxies[0]).not.toHaveProperty("limits");
  });

  test("of connections and buffers are a tcp proxy's too, those of HTTP are not", () => {
    expect(limitsOf("{ connections: 5, buffer: 64KiB }", "tcp://127.0.0.1:5432")).toEqual({ connections: 5, heldBytes: 65_536 });
    expect(issueOf(text("tcp://127.0.0.1:5432", "{ headers: 5 }")).message).toBe("headers: expected only where HTTP is spoken, got it with the upstream tcp://127.0.0.1:5432: leave it out");
    expect(limitsOf("{ headers: 5, pipelined: 3 }", "h2c://127.0.0.1:80")).toEqual({ headerCount: 5, inFlight: 3 });
    expect(issueOf(text("h2c://127.0.0.1:80", "{ idleTimeout: 5s }")).message).toBe("idleTimeout: expected only where HTTP/1 is spoken, got it with the upstream h2c://127.0.0.1:80: leave it out");
  });

  test("of the time for heads are a tcp proxy's where callers shake hands over TLS first", () => {
    expect(limitsOf("{ headTimeout: 5s }", "h2c://127.0.0.1:80")).toEqual({ headMs: 5000 });
    expect(experimentOf(text("tcp://127.0.0.1:5432", "{ headTimeout: 5s }, tls: generated")).proxies[0]?.limits).toEqual({ headMs: 5000 });
    expect(issueOf(text("tcp://127.0.0.1:5432", "{ headTimeout: 5s }")).message).toBe("headTimeout: expected only where HTTP, or TLS with callers, is spoken, got it with the upstream tcp://127.0.0.1:5432: leave it out");
  });

  test.each([
    ["{ connections: 0 }", /at least 1, got 0/],
    ["{ buffer: 0B }", /expected a size like .* above 0/],
    ["{ head: 1B }", /expected a size like .* of at least 256B, got "1B"/],
    ["{ head: 100 }", /bare number 100: write its unit/],
    ["{ headTimeout: 0s }", /expected a duration like .* above 0/],
    ["{ headerCount: 5 }", /unknown key "headerCount"/],
    ["5", /limits: expected a map/],
  ])("%s is refused", (limits, message) => {
    expect(issueOf(text("http://127.0.0.1:8080", limits)).message).toMatch(message);
  });
});
