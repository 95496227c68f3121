import { describe, expect, test } from "vitest";
import { faultTypes } from "../../src/faults/index.ts";
import { carriedOutBy } from "../../src/faults/carried-out.ts";
import { experimentOf, issueOf, textWith } from "./minimal.ts";

const proxies = "proxies:\n  payments: { upstream: http://127.0.0.1:8080, callers: 1, tls: generated }\n  db: { upstream: tcp://127.0.0.1:5432, callers: 1, tls: generated }";
const withFault = (type: string, proxy: string, example: string): string =>
  textWith({ proxies, faults: ["faults:", `  - type: ${type}`, `    proxy: ${proxy}`, "    layer: connection", ...(example === "{}" ? [] : example.split("\n").map((line) => `    ${line}`))].join("\n") });

const onConnections = faultTypes.filter(({ layer }) => layer === "connection").map((type) => ({ name: type.type, type }));

describe.each(onConnections)("the fault $name of connections", ({ type }) => {
  test.each([["a tcp", "db"], ["an http", "payments"]])("is taken on %s proxy as its example has it", (_, proxy) => {
    expect(experimentOf(withFault(type.type, proxy, type.example)).faults).toMatchObject([{ type: type.type, layer: "connection" }]);
  });
});

test.each(["grpc-error", "stream-reset", "goaway"])("%s is taken on a grpc proxy, and refused on an http one with the proxies it acts on", (name) => {
  const text = (upstream: string): string => textWith({ proxies: `proxies:\n  payments: { upstream: "${upstream}", callers: 1 }`, faults: `faults:\n  - { type: ${name}, proxy: payments }` });
  expect(experimentOf(text("grpc://127.0.0.1:50051"))).toMatchObject({ proxies: [{ lane: "http2" }], faults: [{ type: name, layer: "exchange" }] });
  const issue = issueOf(text("http://127.0.0.1:8080"));
  expect(issue.code).toBe("wrong-lane");
  expect(issue.message).toMatch(new RegExp(`^${name} cannot act on the proxy payments, which serves HTTP \\(http://127\\.0\\.0\\.1:8080\\)`));
  expect(issue.hint).toBe("it acts on proxies for HTTP/2: write grpc:// or h2c:// as upstream of payments");
});

test("a status of gRPC is given by name or number, and a slip in the name is seen", () => {
  const text = (code: string): string => textWith({ proxies: 'proxies:\n  payments: { upstream: "grpc://127.0.0.1:50051", callers: 1 }', faults: `faults:\n  - { type: grpc-error, proxy: payments, code: ${code} }` });
  expect(experimentOf(text("ABORTED")).faults).toMatchObject([{ params: { code: 10 } }]);
  expect(experimentOf(text("10")).faults).toMatchObject([{ params: { code: 10 } }]);
  expect(issueOf(text("UNAVAILBLE")).hint).toBe('did you mean "UNAVAILABLE"?');
  for (const code of ["0", "17", "OK"]) expect(issueOf(text(code)).code).toBe("bad-value");
});

test.each(["malformed", "websocket-close"])("%s is refused on a grpc proxy", (name) => {
  const issue = issueOf(textWith({ proxies: 'proxies:\n  payments: { upstream: "grpc://127.0.0.1:50051", callers: 1 }', faults: `faults:\n  - { type: ${name}, proxy: payments }` }));
  expect(issue).toMatchObject({ code: "wrong-lane", hint: "it acts on proxies for HTTP: write http:// as upstream of payments" });
});

test("latency acts on exchanges of a grpc proxy, unless the layer says otherwise", () => {
  const text = (more: string): string => textWith({ proxies: 'proxies:\n  payments: { upstream: "h2c://127.0.0.1:50051", callers: 1 }', faults: `faults:\n  - { type: latency, proxy: payments, delay: 1s${more} }` });
  expect(experimentOf(text("")).faults).toMatchObject([{ layer: "exchange" }]);
  expect(experimentOf(text(", layer: connection")).faults).toMatchObject([{ layer: "connection" }]);
});

test("every effect is carried out by some lane", () => {
  for (const lanes of Object.values(carriedOutBy)) expect(lanes.length).toBeGreaterThan(0);
});

describe("the fault tls", () => {
  const faultOn = (tls: string, kind: string): string => textWith({ proxies: `proxies:\n  payments: { upstream: http://127.0.0.1:8080, callers: 1${tls} }`, faults: `faults:\n  - { proxy: payments, type: tls, kind: ${kind} }` });

  test("needs callers that speak TLS with the proxy", () => {
    expect(issueOf(faultOn("", "expired"))).toMatchObject({ code: "no-tls", hint: "give payments tls: generated; silence in the open is blackhole" });
  });

  test.each(["expired", "wrong-host"])("needs an authority that signs what is %s, and a certificate alone is none", (kind) => {
    expect(issueOf(faultOn(", tls: { cert: c.pem, key: k.pem }", kind)).code).toBe("no-authority");
  });

  test.each([["{ cert: c.pem, key: k.pem }", "self-signed"], ["{ cert: c.pem, key: k.pem }", "hang"], ["{ ca: ca.pem, caKey: k.pem }", "expired"], ["generated", "wrong-host"]])("with tls: %s may be %s", (tls, kind) => {
    expect(experimentOf(faultOn(`, tls: ${tls}`, kind)).faults).toMatchObject([{ type: "tls", layer: "connection", params: { kind } }]);
  });
});
