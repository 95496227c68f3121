import { describe, expect, test } from "vitest";
import type { Match } from "../../src/model/selection.ts";
import { compileMatch } from "../../src/faults/match.ts";

interface Call {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly authority?: string;
}

const matches = (match: Match | undefined, { method = "GET", path = "/", headers = {}, authority }: Call): boolean =>
  compileMatch(match)({ method, path, authority, header: (name) => headers[name], connection: 1, caller: "default" });
const path = (glob: string, target: string): boolean => matches({ path: { glob } }, { path: target });

test("without a match everything passes", () => {
  expect(matches(undefined, {})).toBe(true);
  expect(matches({}, {})).toBe(true);
});

test("any of the methods matches, however the author wrote their letters", () => {
  expect(matches({ methods: ["post", "PUT"] }, { method: "POST" })).toBe(true);
  expect(matches({ methods: ["post", "PUT"] }, { method: "GET" })).toBe(false);
});

describe("a path glob", () => {
  test("is the whole path, without the query", () => {
    expect(path("/charges", "/charges")).toBe(true);
    expect(path("/charges", "/charges?retry=1")).toBe(true);
    expect(path("/charges", "/charges/7")).toBe(false);
    expect(path("/charges", "/v1/charges")).toBe(false);
    expect(path("/c*", "/a?b=/c")).toBe(false);
  });

  test("* stays within a segment, ** crosses segments", () => {
    expect(path("/orders/*", "/orders/12")).toBe(true);
    expect(path("/orders/*", "/orders/12/items")).toBe(false);
    expect(path("/orders/*/items", "/orders/12/items")).toBe(true);
    expect(path("/orders/**", "/orders/12/items")).toBe(true);
    expect(path("/**/items", "/orders/12/items")).toBe(true);
    expect(path("/**/items", "/items")).toBe(true);
    expect(path("/**/items", "/allitems")).toBe(false);
    expect(path("**", "/anything/at/all")).toBe(true);
    expect(path("/v*/charges", "/v2/charges?x")).toBe(true);
  });

  test("takes every other character for itself", () => {
    expect(path("/a.b+(c)|$*", "/a.b+(c)|$x")).toBe(true);
    expect(path("/a.b*", "/axb")).toBe(false);
    expect(path("/[ab]{1}*", "/a")).toBe(false);
  });

  test("sees the path of an absolute target", () => {
    expect(path("/charges", "http://payments:8080/charges?x=1")).toBe(true);
    expect(path("/", "http://payments:8080")).toBe(true);
    expect(path("*", "payments:443")).toBe(true);
  });
});

test("a path regex is unanchored and sees no query", () => {
  expect(matches({ path: { regex: "^/v\\d+/" } }, { path: "/v12/charges" })).toBe(true);
  expect(matches({ path: { regex: "charges$" } }, { path: "/v12/charges?x=1" })).toBe(true);
  expect(matches({ path: { regex: "x=1" } }, { path: "/?x=1" })).toBe(false);
});

describe("host", () => {
  const calls: readonly (readonly [string, Call])[] = [["the Host header", { headers: { host: "API.example.test:8080" } }], ["what a forward proxy was told", { authority: "api.example.test:8080", headers: { host: "other.test" } }]];

  test.each(calls)("is %s, with its port or without", (_, call) => {
    expect(matches({ host: { glob: "api.example.test" } }, call)).toBe(true);
    expect(matches({ host: { equals: "api.example.test:8080" } }, call)).toBe(true);
    expect(matches({ host: { glob: "*.example.test" } }, call)).toBe(true);
    expect(matches({ host: { regex: "^api\\." } }, call)).toBe(true);
    expect(matches({ host: { glob: "api.example.test:80" } }, call)).toBe(false);
    expect(matches({ host: { glob: "other.test" } }, call)).toBe(false);
  });

  test("of an IPv6 address keeps its brackets", () => {
    expect(matches({ host: { glob: "[::1]" } }, { authority: "[::1]:80" })).toBe(true);
    expect(matches({ host: { glob: "[::1]" } }, { headers: { host: "[::1]" } })).toBe(true);
  });

  test("is absent where a request has no Host", () => {
    expect(matches({ host: { glob: "*" } }, {})).toBe(false);
    expect(matches({ host: { present: false } }, {})).toBe(true);
  });
});

describe("headers", () => {
  test("match by value, glob, regex, presence and absence", () => {
    const headers = { "content-type": "application/json; charset=utf-8", "x-user": "canary" };
    expect(matches({ headers: { "x-user": { equals: "canary" } } }, { headers })).toBe(true);
    expect(matches({ headers: { "X-User": { equals: "canary" } } }, { headers })).toBe(true);
    expect(matches({ headers: { "x-user": { equals: "other" } } }, { headers })).toBe(false);
    expect(matches({ headers: { "content-type": { glob: "*json*" } } }, { headers })).toBe(true);
    expect(matches({ headers: { "content-type": { regex: "utf-?8" } } }, { headers })).toBe(true);
    expect(matches({ headers: { "x-user": { present: true }, "x-missing": { present: false } } }, { headers })).toBe(true);
    expect(matches({ headers: { "x-user": { present: false } } }, { headers })).toBe(false);
  });

  test("an absent header matches no value", () => {
    expect(matches({ headers: { "x-user": { glob: "*" } } }, {})).toBe(false);
    expect(matches({ headers: { "x-user": { regex: "" } } }, {})).toBe(false);
    expect(matches({ headers: { "x-user": { equals: "undefined" } } }, {})).toBe(false);
  });
});

test("a query parameter matches decoded, by any of its values, or by its absence", () => {
  const target = "/search?tag=a&tag=b%20c&empty=";
  expect(matches({ query: { tag: { equals: "b c" } } }, { path: target })).toBe(true);
  expect(matches({ query: { tag: { equals: "c" } } }, { path: target })).toBe(false);
  expect(matches({ query: { empty: { present: true }, other: { present: false } } }, { path: target })).toBe(true);
  expect(matches({ query: { tag: { present: true } } }, { path: "/search" })).toBe(false);
});

test("all parts that are given must match", () => {
  const match: Match = { methods: ["POST"], path: { glob: "/charges" }, headers: { "x-user": { equals: "canary" } }, query: { dry: { present: false } } };
  const call = { method: "POST", path: "/charges", headers: { "x-user": "canary" } };
  expect(matches(match, call)).toBe(true);
  expect(matches(match, { ...call, method: "GET" })).toBe(false);
  expect(matches(match, { ...call, path: "/refunds" })).toBe(false);
  expect(matches(match, { ...call, headers: {} })).toBe(false);
  expect(matches(match, { ...call, path: "/charges?dry=1" })).toBe(false);
});
