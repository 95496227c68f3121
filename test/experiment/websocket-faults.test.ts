import { describe, expect, test } from "vitest";
import { explainPlan } from "../../src/experiment/explain-plan.ts";
import { plan } from "../../src/experiment/index.ts";
import { experimentOf, issueOf, textWith } from "./minimal.ts";

const proxies = "proxies:\n  feed: { upstream: http://127.0.0.1:8080, callers: 1 }\n  db: { upstream: tcp://127.0.0.1:5432, callers: 1 }\n  rpc: { upstream: h2c://127.0.0.1:5000, callers: 1 }";
const services = "";
const withFault = (line: string): string => textWith({ proxies, services, probes: "probes:\n  checkout: { type: http, url: http://127.0.0.1:1/ }", faults: `faults:\n  - { ${line} }` });

describe("faults on WebSockets", () => {
  test("act on proxies with an http:// upstream, in the direction written, on those of a request that matches", () => {
    expect(experimentOf(withFault("proxy: feed, type: websocket-drop, direction: both, rate: 20%, match: { path: /feed }")).faults).toMatchObject([
      { name: "websocket-drop-1", layer: "exchange", direction: "both", selection: { rateShare: 0.2, match: { path: { glob: "/feed" } } } },
    ]);
  });

  test.each(["websocket-delay, delay: 1s", "websocket-drop", "websocket-close"])("%s says on a tcp proxy what to write instead", (fault) => {
    const issue = issueOf(withFault(`proxy: db, type: ${fault}`));
    expect(issue.code).toBe("wrong-layer");
    expect(issue.message).toMatch(/^websocket-\w+ acts on WebSockets, which begin as HTTP exchanges, and the proxy db passes bytes \(tcp:\/\/127\.0\.0\.1:5432\)$/);
    expect(issue.hint).toMatch(/^write http:\/\/ as upstream of db/);
  });

  test("say so on an HTTP/2 proxy too", () => {
    expect(issueOf(withFault("proxy: rpc, type: websocket-drop"))).toMatchObject({ code: "wrong-lane", hint: expect.stringContaining("write http:// as upstream of rpc") });
  });

  test.each([
    ["websocket-drop, attempt: 1", "attempt tells calls apart, and websocket-drop acts on messages of WebSockets"],
    ["websocket-close, afterSilence: 1s", "afterSilence tells calls apart, and websocket-close acts on WebSockets as a whole"],
  ])("%s is refused", (fault, message) => {
    expect(issueOf(withFault(`proxy: feed, type: ${fault}`))).toMatchObject({ code: "does-not-apply", message });
  });

  test.each([1004, 1005, 1006, 1015, 2000])("%s is no code that a Close frame may carry", (code) => {
    expect(issueOf(withFault(`proxy: feed, type: websocket-close, code: ${code}`)).message).toMatch(/^code: expected a code that a Close frame may carry: 1000 to 1003, 1007 to 1014, or 3000 to 4999.*, got \d+$/);
  });

  test("a reason has 123 bytes at most, however many characters", () => {
    expect(experimentOf(withFault(`proxy: feed, type: websocket-close, reason: ${"é".repeat(61)}`)).faults).toHaveLength(1);
    expect(issueOf(withFault(`proxy: feed, type: websocket-close, reason: ${"é".repeat(62)}`)).message).toMatch(/at most 123 bytes/);
  });

  test("say in the plan what they hit some of", () => {
    const said = (line: string): string => {
      const text = withFault(line);
      return explainPlan(plan(experimentOf(text), { file: "a.yaml", document: 0, chooseSeed: () => "s" }), 400);
    };
    expect(said("proxy: feed, type: websocket-drop, rate: 20%")).toContain("drops WebSocket messages, 20% of messages");
    expect(said("proxy: feed, type: websocket-close, rate: 50%, code: 1013")).toContain("closes WebSockets with 1013, 50% of WebSockets");
  });
});
