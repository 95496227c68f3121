import { describe, expect, test } from "vitest";
import type { ProbeAnswer } from "../../src/model/probe-type.ts";
import { http } from "../../src/probes/http.ts";

const params = (given: object): ReturnType<typeof http.params.parse> => http.params.parse({ url: "http://127.0.0.1:1/checkout", ...given });
const answer = (given: ProbeAnswer): ProbeAnswer => ({ status: 200, headers: {}, body: "", bodyBytes: 0, ...given });
const json = (value: unknown, status = 200): ProbeAnswer => answer({ status, body: JSON.stringify(value), bodyBytes: JSON.stringify(value).length });

describe("what an HTTP probe asks", () => {
  test("is a GET that says nothing, unless told otherwise", () => {
    expect(http.ask(params({}))).toEqual({ kind: "http", method: "GET", url: "http://127.0.0.1:1/checkout", headers: {}, trace: true, keepBytes: 200 });
  });

  test("is a POST with a JSON body and its content type when there is json", () => {
    expect(http.ask(params({ json: { order: 1 }, headers: { "X-Shop": 7 }, trace: false }))).toMatchObject({ method: "POST", body: '{"order":1}', headers: { "content-type": "application/json", "x-shop": "7" }, trace: false });
  });

  test("keeps the author's content type and method", () => {
    expect(http.ask(params({ method: "put", body: "a=1", headers: { "Content-Type": "application/x-www-form-urlencoded" } }))).toMatchObject({ method: "PUT", body: "a=1", headers: { "content-type": "application/x-www-form-urlencoded" } });
  });

  test("keeps enough of the body when the body is graded", () => {
    expect(http.ask(params({ degraded: { body: { contains: "later" } } }))).toMatchObject({ keepBytes: 1024 * 1024 });
  });

  test("is the same after its parameters have been parsed again, so that placeholders can be filled in between", () => {
    const once = params({ json: { id: "${request.id}" }, expect: { status: [200, "3xx"], body: { json: { path: "/a", equals: 1 } } } });
    expect(http.params.parse(JSON.parse(JSON.stringify(once)))).toEqual(once);
  });

  test("cannot have two bodies, another scheme or unknown keys", () => {
    for (const wrong of [{ json: 1, body: "x" }, { url: "ftp://x" }, { bdy: "x" }, { expect: { status: 99 } }, { expect: { body: { matches: "(" } } }, { method: "GET /" }]) {
      expect(http.params.safeParse({ url: "http://x", ...wrong }).success, JSON.stringify(wrong)).toBe(false);
    }
  });
});

describe("what is captured of an HTTP answer", () => {
  const asked = params({ capture: { path: "/role", term: "/term" } });

  test("is the text, number or boolean at its path, as text, and the number of its term", () => {
    expect(http.capture?.(asked, json({ role: "leader", term: 3 }))).toEqual({ value: "leader", term: 3 });
    expect(http.capture?.(asked, json({ role: 17 }, 503))).toEqual({ value: "17" });
    expect(http.capture?.(asked, json({ role: false, term: "3" }))).toEqual({ value: "false" });
  });

  test("is at most 64 characters", () => {
    expect(http.capture?.(asked, json({ role: "x".repeat(100) }))).toEqual({ value: "x".repeat(64) });
  });

  test("is nothing of what is no JSON, is not there, is no scalar, or never came whole", () => {
    for (const given of [answer({ body: "leader" }), json({}), json({ role: null }), json({ role: ["leader"] }), { ...json({ role: "leader" }), failure: "closed" }]) expect(http.capture?.(asked, given)).toEqual({});
    expect(http.capture?.(params({}), json({ role: "leader" }))).toEqual({});
  });

  test("is told in the plan", () => {
    expect(http.explain(asked)).toMatch(/keeps \/role and \/term of each answer$/);
  });

  test("needs enough of the body", () => {
    expect(http.ask(asked)).toMatchObject({ keepBytes: 1024 * 1024 });
  });
});

describe("the grade of an HTTP answer", () => {
  test.each([
    [undefined, 204, "good"],
    [undefined, 302, "bad"],
    [200, 200, "good"],
    [[200, 202], 202, "good"],
    ["200-299", 299, "good"],
    ["2xx", 300, "bad"],
    [["404", 200], 404, "good"],
  ])("by status %j of %i is %s", (status, got, grade) => {
    expect(http.grade(params(status === undefined ? {} : { expect: { status } }), answer({ status: got }))).toBe(grade);
  });

  const fallback = params({ expect: { status: 200 }, degraded: { status: 202, body: { json: { path: "/status", equals: "queued" } } } });

  test("is degraded only when all of degraded holds", () => {
    expect(http.grade(fallback, json({ status: "queued" }, 202))).toBe("degraded");
    expect(http.grade(fallback, json({ status: "lost" }, 202))).toBe("bad");
    expect(http.grade(fallback, json({ status: "paid" }, 200))).toBe("good");
  });

  test("is bad when no complete answer came, whatever its status", () => {
    expect(http.grade(fallback, answer({ status: 200, failure: "closed" }))).toBe("bad");
    expect(http.blame(fallback, { failure: "closed" })).toBe("the connection was closed before the answer's end");
    expect(http.blame(fallback, { failure: "EPIPE" })).toBe("failed: EPIPE");
  });

  test.each([
    [{ status: 200 }, answer({ status: 503, body: "no\n  charge" }), "expected status 200, got 503: no charge"],
    [{ headers: { "X-Version": "2" } }, answer({ headers: { "x-version": "1" } }), 'expected X-Version: "2", got "1"'],
    [{ headers: { etag: { matches: "." } } }, answer({}), "expected etag: that header, got none"],
    [{ body: "pong" }, answer({ body: "ping" }), 'expected the body to be "pong", got "ping"'],
    [{ body: { contains: "b", matches: "^a" } }, answer({ body: "cab" }), 'expected the body to be a text that matches /^a/, got "cab"'],
    [{ body: { json: { path: "/a" } } }, answer({ body: "<html>" }), 'expected a JSON body, got "<html>"'],
    [{ body: { json: [{ path: "/a" }, { path: "/b" }] } }, json({ a: 1 }), "expected /b in the JSON body, got none"],
    [{ body: { json: { path: "/a" } } }, answer({ body: "{", bodyBytes: 2_000_000 }), "expected a JSON body of at most 1048576 bytes, got 2000000"],
  ])("by %j is bad, and the blame says why", (expectation, got, blame) => {
    const asked = params({ expect: expectation });
    expect(http.grade(asked, got)).toBe("bad");
    expect(http.blame(asked, got)).toBe(blame);
  });

  test("explains itself in a sentence", () => {
    expect(http.explain(fallback)).toBe('GET http://127.0.0.1:1/checkout; good: status 200; degraded: status 202, /status is "queued"');
    expect(http.explain(params({ expect: { body: "pong", headers: { a: { contains: "b" } } } }))).toContain('good: status 200-299, a contains "b", the body is "pong"');
  });
});
