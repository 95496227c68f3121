import { describe, expect, it } from "vitest";
import { checkExposure, exposureNotice, refusalOf } from "../../../src/proxy/api/security.ts";
import type { AccessRules, Caller } from "../../../src/proxy/api/security.ts";

const rules = (over: Partial<AccessRules> = {}): AccessRules => ({ bound: "127.0.0.1", hosts: [], ...over });
const statusOf = (caller: Caller, over: Partial<AccessRules> = {}): number | undefined => refusalOf(caller, rules(over))?.status;

describe("the host that a request is for", () => {
  it.each(["localhost", "localhost:8474", "LOCALHOST", "x.localhost:1", "127.0.0.1:8474", "127.9.9.9", "[::1]:8474", "[::ffff:127.0.0.1]", "10.1.2.3:8474", "[fe80::1]:1", "chaos", "toxiproxy:8474", "localhost."])("may be %s", (host) => {
    expect(statusOf({ host })).toBeUndefined();
  });

  it.each(["evil.example", "evil.example:8474", "127.0.0.1.evil.example", "localhost.evil.example", "1.2.3", "0x7f.1", ":8474", "a:b:c", "evil.example."])("may not be %j", (host) => {
    expect(statusOf({ host })).toBe(403);
  });

  it("may be one that was named, or the one that is bound to, in any case", () => {
    expect(statusOf({ host: "Chaos.Example.org:80" }, { hosts: ["chaos.example.org"] })).toBeUndefined();
    expect(statusOf({ host: "x.chaos.example.org" }, { hosts: ["chaos.example.org"] })).toBe(403);
    expect(statusOf({ host: "box.internal:8474" }, { bound: "box.internal" })).toBeUndefined();
  });

  it("may be absent, as in HTTP/1.0, or empty: no browser asks so", () => {
    expect(statusOf({})).toBeUndefined();
    expect(statusOf({ host: "" })).toBeUndefined();
  });

  it("may be any for who shows the token: a page that leads here by a name of its own does not know it", () => {
    expect(statusOf({ host: "evil.example", apiToken: "t" }, { token: "t" })).toBeUndefined();
    expect(statusOf({ host: "localhost" }, { token: "t" })).toBe(401);
  });
});

describe("the origin of a request", () => {
  it.each<[string | undefined, string, number | undefined]>([
    [undefined, "localhost:1", undefined], ["http://localhost:1", "localhost:1", undefined], ["HTTP://LocalHost:1", "localhost:1", undefined], ["http://localhost:2", "localhost:1", 403], ["https://localhost:1", "localhost:1", 403],
    ["null", "localhost:1", 403], ["", "localhost:1", 403], ["http://evil.example", "localhost:1", 403], ["http://evil.example", "evil.example", 403],
  ])("%s at host %s is answered %s", (origin, host, status) => {
    expect(statusOf({ origin, host })).toBe(status);
  });

  it("is looked at for who shows the token too", () => {
    expect(statusOf({ origin: "http://evil.example", host: "localhost", apiToken: "t" }, { token: "t" })).toBe(403);
  });
});

describe("the token", () => {
  it.each<[Caller, number | undefined]>([
    [{ authorization: "Bearer s3cret" }, undefined], [{ authorization: "bearer  s3cret" }, undefined], [{ apiToken: "s3cret" }, undefined], [{ authorization: "Basic s3cret" }, 401], [{ authorization: "s3cret" }, 401],
    [{ authorization: "Bearer s3cret x" }, 401], [{ apiToken: "s3cretx" }, 401], [{ apiToken: "" }, 401], [{}, 401], [{ apiToken: "wrong", authorization: "Bearer s3cret" }, 401],
  ])("%j is answered %s", (caller, status) => {
    expect(statusOf({ ...caller, host: "localhost" }, { token: "s3cret" })).toBe(status);
  });
});

describe("where the control API may be bound", () => {
  it.each(["127.0.0.1", "127.1.2.3", "::1", "localhost"])("to %s, by anybody", (bound) => {
    expect(() => checkExposure(rules({ bound }))).not.toThrow();
    expect(exposureNotice(rules({ bound, open: true }))).toBeUndefined();
  });

  it.each(["0.0.0.0", "::", "192.168.1.5", "fe80::1"])("to %s, with a token or when it is said", (bound) => {
    expect(() => checkExposure(rules({ bound }))).toThrow(`expected the control API on a loopback address, or a token, got ${bound}`);
    expect(() => checkExposure(rules({ bound, open: false }))).toThrow("loopback");
    expect(() => checkExposure(rules({ bound, token: "t" }))).not.toThrow();
    expect(() => checkExposure(rules({ bound, open: true }))).not.toThrow();
    expect(exposureNotice(rules({ bound, open: true }))).toContain("is open");
    expect(exposureNotice(rules({ bound, open: true, token: "t" }))).toBeUndefined();
  });

  it.each(["", "a b", "ü", "a\nb"])("not with the token %j, which no header holds", (token) => {
    expect(() => checkExposure(rules({ token }))).toThrow("visible ASCII");
  });
});
