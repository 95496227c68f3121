import { describe, expect, test } from "vitest";
import { tcp } from "../../src/probes/tcp.ts";

const ask = (given: object): ReturnType<typeof tcp.ask> => tcp.ask(tcp.params.parse(given));

describe("what a TCP probe asks", () => {
  test.each([
    [{ address: "127.0.0.1:5432" }, { host: "127.0.0.1", port: 5432 }],
    [{ address: "tcp://[::1]:5432" }, { host: "::1", port: 5432 }],
    [{ address: "http://127.0.0.1:80/" }, { host: "127.0.0.1", port: 80 }],
    [{ port: "6379" }, { host: "127.0.0.1", port: 6379 }],
    [{ host: "cache", port: 6379 }, { host: "cache", port: 6379 }],
  ])("%j goes to that endpoint", (given, endpoint) => {
    expect(ask(given)).toMatchObject({ kind: "tcp", ...endpoint });
  });

  test("reads nothing when nothing is expected", () => {
    expect(ask({ port: 1 })).not.toHaveProperty("readUntil");
  });

  test.each([
    [{ expect: { contains: "PONG" } }, "PONG"],
    [{ expect: { matches: "^\\+" } }, "\n"],
    [{ expect: { contains: "a" }, degraded: { contains: "b" } }, "\n"],
    [{ expect: { contains: "a" }, until: "." }, "."],
  ])("with %j reads until %j", (given, readUntil) => {
    expect(ask({ port: 1, send: "PING", ...given })).toMatchObject({ send: "PING", readUntil });
  });

  test("needs one endpoint", () => {
    for (const wrong of [{}, { address: "a:1", port: 1 }, { address: "nowhere" }, { port: 0 }, { port: "x" }]) expect(tcp.params.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false);
    expect(tcp.params.safeParse({ address: "${proxies.db.host}:${proxies.db.port}" }).success).toBe(true);
    expect(tcp.params.safeParse({ port: "${services.db.port}" }).success).toBe(true);
  });
});

describe("the grade of a TCP answer", () => {
  const ping = tcp.params.parse({ port: 1, send: "PING\r\n", expect: { contains: "PONG" }, degraded: { contains: "LOADING" } });

  test("is good when connected, where nothing more is expected", () => {
    expect(tcp.grade(tcp.params.parse({ port: 1 }), {})).toBe("good");
    expect(tcp.grade(tcp.params.parse({ port: 1 }), { failure: "refused" })).toBe("bad");
  });

  test("goes by what came back", () => {
    expect(tcp.grade(ping, { body: "+PONG\r\n" })).toBe("good");
    expect(tcp.grade(ping, { body: "-LOADING\r\n" })).toBe("degraded");
    expect(tcp.grade(ping, { body: "-ERR\r\n" })).toBe("bad");
    expect(tcp.blame(ping, { body: "-ERR\r\n" })).toBe('expected a text that contains "PONG", got "-ERR"');
    expect(tcp.blame(ping, { body: "" })).toMatch(/got nothing$/);
    expect(tcp.blame(ping, { failure: "timeout" })).toBe("no complete answer within the timeout");
  });
});
