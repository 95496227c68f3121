import { describe, expect, test } from "vitest";
import { readForwardTarget } from "../../../src/proxy/http1/forward-target.ts";

describe("the target of a request to a forward proxy", () => {
  test.each([
    ["GET", "http://a.test/x?y=1", { host: "a.test", port: 80, authority: "a.test:80", path: "/x?y=1", hostField: "a.test" }],
    ["GET", "HTTP://A.Test:8080", { host: "a.test", port: 8080, authority: "a.test:8080", path: "/", hostField: "A.Test:8080" }],
    ["GET", "http://a_b.test:/", { host: "a_b.test", port: 80, authority: "a_b.test:80", path: "/", hostField: "a_b.test:" }],
    ["GET", "http://a?b=/c", { host: "a", port: 80, authority: "a:80", path: "/?b=/c", hostField: "a" }],
    ["GET", "http://[::1]:9000/x", { host: "::1", port: 9000, authority: "[::1]:9000", path: "/x", hostField: "[::1]:9000" }],
    ["GET", "http://a//b/../%2F#c", { host: "a", port: 80, authority: "a:80", path: "//b/../%2F#c", hostField: "a" }],
    ["OPTIONS", "http://a:81", { host: "a", port: 81, authority: "a:81", path: "*", hostField: "a:81" }],
    ["OPTIONS", "http://a/", { host: "a", port: 80, authority: "a:80", path: "/", hostField: "a" }],
    ["CONNECT", "A.test:443", { host: "a.test", port: 443, authority: "a.test:443", path: "A.test:443", hostField: "A.test:443" }],
    ["CONNECT", "[fd00::1]:443", { host: "fd00::1", port: 443, authority: "[fd00::1]:443", path: "[fd00::1]:443", hostField: "[fd00::1]:443" }],
  ] as const)("%s %s is understood", (method, target, understood) => {
    expect(readForwardTarget(method, target)).toEqual(understood);
  });

  test.each([
    ["GET", "/x", /forward proxy: expected a whole URL as in GET http:\/\/host\/path, or CONNECT host:port/],
    ["OPTIONS", "*", /expected a whole URL/],
    ["GET", "a.test:80", /expected a whole URL/],
    ["GET", "https://a.test/", /expected http:\/\/ .*; for https:\/\/ ask for a tunnel, CONNECT host:443/],
    ["GET", "ftp://a.test/", /expected http:\/\//],
    ["GET", "http:///x", /expected http:\/\/host or http:\/\/host:port/],
    ["GET", "http://me:secret@a.test/", /without user and password/],
    ["GET", "http://a.test:0/", /: expected a port from 1 to 65535 behind the host$/],
    ["GET", "http://a.test:65536/", /: expected a port from 1 to 65535 behind the host$/],
    ["GET", "http://a.test:999999/", /: expected a port from 1 to 65535 behind the host$/],
    ["CONNECT", "a.test:0", /: expected a port from 1 to 65535 behind the host$/],
    ["CONNECT", "a.test:99999", /: expected a port from 1 to 65535 behind the host$/],
    ["GET", "http://a.test:8x/", /expected http:\/\/host or http:\/\/host:port$/],
    ["GET", "http://a.test#b", /expected a whole URL/],
    ["GET", "http://::1/", /expected http:\/\/host/],
    ["GET", "http://a%2eb/", /expected http:\/\/host/],
    ["GET", "http://a\u00e4/", /expected http:\/\/host/],
    ["CONNECT", "a.test", /expected host and port as in CONNECT host:443/],
    ["CONNECT", "http://a.test/", /expected host and port as in CONNECT host:443/],
    ["CONNECT", "a.test:443/x", /expected host and port as in CONNECT host:443/],
  ] as const)("%s %s is refused, and says what was expected", (method, target, message) => {
    expect(readForwardTarget(method, target)).toMatch(message);
  });
});
