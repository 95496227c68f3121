import { describe, expect, test } from "vitest";
import { faultTypes } from "../../src/faults/index.ts";
import { carriedOutBy } from "../../src/faults/carried-out.ts";
import { experimentOf, issueOf, textWith } from "./minimal.ts";

const proxies = "proxies:\n  payments: { upstream: http://127.0.0.1:8080, callers: 1 }\n  db: { upstream: tcp://127.0.0.1:5432, callers: 1 }";
const withFault = (type: string, proxy: string, example: string): string =>
  textWith({ proxies, faults: ["faults:", `  - type: ${type}`, `    proxy: ${proxy}`, "    layer: connection", ...(example === "{}" ? [] : example.split("\n").map((line) => `    ${line}`))].join("\n") });

const onConnections = faultTypes.filter(({ layer }) => layer === "connection").map((type) => ({ name: type.type, type }));

describe.each(onConnections)("the fault $name of connections", ({ type }) => {
  test("is taken on a tcp proxy as its example has it", () => {
    expect(experimentOf(withFault(type.type, "db", type.example)).faults).toMatchObject([{ type: type.type, layer: "connection" }]);
  });
});

test.each(["slow-close", "limit-data", "blackhole", "half-open"])("%s is refused on an http proxy, with the proxies it acts on", (name) => {
  const type = faultTypes.find((known) => known.type === name);
  const issue = issueOf(withFault(name, "payments", type?.example ?? ""));
  expect(issue.code).toBe("wrong-lane");
  expect(issue.message).toMatch(new RegExp(`^${name} cannot act on the proxy payments, which serves HTTP \\(http://127\\.0\\.0\\.1:8080\\): there is no effect "[a-z-]+" there$`));
  expect(issue.hint).toBe("it acts on proxies for bytes: write tcp:// as upstream of payments, or take a fault of the layer exchange");
});

test.each(["bandwidth", "slicer", "packet-loss", "connection-limit", "latency", "reset", "down"])("%s of connections is taken on an http proxy too", (name) => {
  const type = faultTypes.find((known) => known.type === name && known.layer === "connection");
  expect(experimentOf(withFault(name, "payments", type?.example ?? "")).faults).toHaveLength(1);
});

test("every effect is carried out by some lane", () => {
  for (const lanes of Object.values(carriedOutBy)) expect(lanes.length).toBeGreaterThan(0);
});
