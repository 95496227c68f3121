import { describe, expect, test } from "vitest";
import { faultTypes } from "../../src/faults/index.ts";
import { carriedOutBy } from "../../src/faults/carried-out.ts";
import { experimentOf, textWith } from "./minimal.ts";

const proxies = "proxies:\n  payments: { upstream: http://127.0.0.1:8080, callers: 1, tls: generated }\n  db: { upstream: tcp://127.0.0.1:5432, callers: 1, tls: generated }";
const withFault = (type: string, proxy: string, example: string): string =>
  textWith({ proxies, faults: ["faults:", `  - type: ${type}`, `    proxy: ${proxy}`, "    layer: connection", ...(example === "{}" ? [] : example.split("\n").map((line) => `    ${line}`))].join("\n") });

const onConnections = faultTypes.filter(({ layer }) => layer === "connection").map((type) => ({ name: type.type, type }));

describe.each(onConnections)("the fault $name of connections", ({ type }) => {
  test.each([["a tcp", "db"], ["an http", "payments"]])("is taken on %s proxy as its example has it", (_, proxy) => {
    expect(experimentOf(withFault(type.type, proxy, type.example)).faults).toMatchObject([{ type: type.type, layer: "connection" }]);
  });
});

test("every effect is carried out by some lane", () => {
  for (const lanes of Object.values(carriedOutBy)) expect(lanes.length).toBeGreaterThan(0);
});
