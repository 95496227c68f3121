import { describe, expect, test } from "vitest";
import type { Fault } from "../../src/model/experiment.ts";
import { experimentOf, issueOf, placesOf, read, textWith } from "./minimal.ts";

const proxies = "proxies:\n  payments: { upstream: http://127.0.0.1:8080, callers: 1 }\n  db: { upstream: tcp://127.0.0.1:5432, callers: 1 }";
const withFault = (fault: string): string => textWith({ proxies, faults: `faults:\n  - ${fault}` });
const faultOf = (fault: string): Fault => {
  const [only] = experimentOf(withFault(fault)).faults;
  if (only === undefined) throw new Error("no fault");
  return only;
};

describe("a fault", () => {
  test("has its parameters in base units and every default of its selection", () => {
    expect(faultOf("{ proxy: payments, type: latency, delay: 3s, at: response }")).toEqual({
      name: "latency-1",
      type: "latency",
      layer: "exchange",
      proxy: "payments",
      direction: "response",
      selection: { fromMs: 0, after: 0, every: 1, rateShare: 1, per: "fault" },
      params: { delayMs: 3000, jitterMs: 0, distribution: "uniform", at: "response" },
    });
  });

  test.each(["latency, layer: connection, delay: 1s", "down", "blackhole"])("of connections (%s) is the forward proxy's, not that of an edge behind it", (fault) => {
    const edges = "proxies:\n  payments: { upstream: http://127.0.0.1:8080 }\n  out: { upstream: forward, callers: 1 }\n  pay: { upstream: http://a, through: out }";
    const text = (proxy: string): string => textWith({ proxies: edges, faults: `faults:\n  - { proxy: ${proxy}, type: ${fault} }` });
    expect(issueOf(text("pay"))).toMatchObject({ code: "wrong-layer", message: expect.stringContaining("those on which calls go to pay are of out") as string, hint: expect.stringContaining("write proxy: out") as string });
    expect(experimentOf(text("out")).faults).toHaveLength(1);
  });

  test("has its whole selection parsed", () => {
    const { name, selection } = faultOf("{ name: x, proxy: payments, type: drop, from: 1s, for: 4s, flap: { on: 500ms, off: 1s }, after: 2, every: 3, first: 10, afterSilence: 1500ms, attempt: 1..2, rate: 20%, burstLength: 2.5, per: header X-Shop, match: { method: [post, PUT], host: API.Test, path: /a/*, headers: { X-A: b*, y: { regex: ^c } }, query: { q: { present: false } } } }");
    expect(name).toBe("x");
    expect(selection).toEqual({
      match: { methods: ["POST", "PUT"], host: { glob: "api.test" }, path: { glob: "/a/*" }, headers: { "x-a": { glob: "b*" }, y: { regex: "^c" } }, query: { q: { present: false } } },
      fromMs: 1000, forMs: 4000, flap: { onMs: 500, offMs: 1000 }, afterSilenceMs: 1500, after: 2, every: 3, first: 10, attempt: { min: 1, max: 2 }, rateShare: 0.2, burstLength: 2.5, per: { header: "x-shop" },
    });
  });

  test.each([
    ["{ proxy: db, type: blackhole }", "both"],
    ["{ proxy: db, type: blackhole, direction: response }", "response"],
    ["{ proxy: db, type: blackhole, direction: request }", "request"],
    ["{ proxy: db, type: bandwidth, throughput: 1KB/s }", "response"],
  ])("%s acts on the direction %s", (fault, direction) => {
    expect(faultOf(fault).direction).toBe(direction);
  });

  test("resets connections after a time, or after bytes, and not both", () => {
    expect(faultOf("{ proxy: db, type: reset, delay: 500ms }").params).toEqual({ at: "accept", delay: 500 });
    expect(issueOf(textWith({ proxies, faults: "faults:\n  - { proxy: db, type: reset, delay: 500ms, afterBytes: 1KiB }" }))).toMatchObject({ message: expect.stringContaining("expected delay alone") as string });
  });

  test("may ramp its rate", () => {
    expect(faultOf("{ proxy: payments, type: drop, ramp: { over: 10s } }").selection.ramp).toEqual({ fromShare: 0, toShare: 1, overMs: 10_000 });
  });

  test("is named after its type and number where it has no name", () => {
    const { faults } = experimentOf(textWith({ proxies, faults: "faults:\n  - { proxy: payments, type: drop }\n  - { proxy: payments, type: hang }\n  - { proxy: payments, type: drop }" }));
    expect(faults.map(({ name }) => name)).toEqual(["drop-1", "hang-1", "drop-2"]);
  });

  test("shares its name with no other", () => {
    expect(issueOf(textWith({ proxies, faults: "faults:\n  - { proxy: payments, type: drop }\n  - { name: drop-1, proxy: payments, type: hang }" }))).toMatchObject({ code: "duplicate-name", line: 14, column: 13 });
  });
});

describe("the layer of a fault", () => {
  test.each([
    ["{ proxy: payments, type: latency, delay: 1s }", "exchange"],
    ["{ proxy: db, type: latency, delay: 1s }", "connection"],
    ["{ proxy: payments, type: latency, delay: 1s, layer: connection }", "connection"],
    ["{ proxy: payments, type: down }", "connection"],
  ])("of %s is %s", (fault, layer) => {
    expect(faultOf(fault).layer).toBe(layer);
  });

  test.each([
    ["{ proxy: db, type: error }", "wrong-layer", /error acts on HTTP exchanges, and the proxy db passes bytes/],
    ["{ proxy: db, type: latency, delay: 1s, layer: exchange }", "wrong-layer", /passes bytes/],
    ["{ proxy: payments, type: drop, layer: connection }", "wrong-layer", /drop has no layer connection/],
    ["{ proxy: db, type: latency, delay: 1s, match: { path: /x } }", "does-not-apply", /match tells HTTP exchanges apart/],
    ["{ proxy: db, type: latency, delay: 1s, attempt: 1 }", "does-not-apply", /attempt tells HTTP exchanges apart/],
    ["{ proxy: db, type: latency, delay: 1s, afterSilence: 1s }", "does-not-apply", /afterSilence tells HTTP exchanges apart/],
    ["{ proxy: db, type: latency, delay: 1s, rate: 5%, burstLength: 3 }", "does-not-apply", /burstLength tells HTTP exchanges apart/],
    ["{ proxy: db, type: latency, delay: 1s, per: trace }", "does-not-apply", /per: fault, connection or caller/],
    ["{ proxy: payments, type: latency, delay: 1s, direction: request }", "does-not-apply", /latency acts on the call as a whole/],
    ["{ proxy: payments, type: drop, rate: 20%, ramp: { over: 1s } }", "does-not-apply", /rate or ramp, got both/],
  ])("refuses %s", (fault, code, message) => {
    const issue = issueOf(withFault(fault));
    expect(issue.code).toBe(code);
    expect(issue.message).toMatch(message);
  });
});

describe("bursts", () => {
  test.each([
    ["burstLength: 4", /^burstLength says how many calls in a row are hit, and without a rate all are$/],
    ["rate: 100%, burstLength: 4", /^burstLength says how many calls in a row are hit, and with rate 100% all are$/],
    ["rate: 0%, burstLength: 4", /^burstLength says how many calls in a row are hit, and with rate 0% none is$/],
    ["ramp: { over: 1s }, burstLength: 4", /^burstLength goes with a rate that stays, and a ramp moves it$/],
    ["rate: 90%, burstLength: 8", /^expected a burstLength of at least 9, got 8: with 90% hit there are no gaps between shorter bursts$/],
  ])("are refused as %s, at their place", (keys, message) => {
    const issue = issueOf(withFault(`{ proxy: payments, type: drop, ${keys} }`));
    expect(issue).toMatchObject({ code: "does-not-apply", line: 13, column: 36 + keys.indexOf("burstLength"), hint: expect.any(String) as string });
    expect(issue.message).toMatch(message);
  });

  test.each(["0.5", "x", "20000"])("of a length %s are refused", (length) => {
    expect(issueOf(withFault(`{ proxy: payments, type: drop, rate: 5%, burstLength: ${length} }`)).message).toMatch(/^burstLength: expected /);
  });

  test("may be as short as the gaps between them allow", () => {
    expect(faultOf("{ proxy: payments, type: drop, rate: 90%, burstLength: 9 }").selection.burstLength).toBe(9);
  });

  test("of other tools are named", () => {
    expect(issueOf(withFault("{ proxy: payments, type: drop, rate: 5%, burst: 4 }")).hint).toBe("write burstLength: 4");
  });
});

describe("waves of latency", () => {
  const wavy = (keys: string, proxy = "payments"): string => withFault(`{ proxy: ${proxy}, type: latency, ${keys} }`);

  test.each([["payments", { at: "request" }], ["db", {}]])("on %s have their parts in ms, and their middle as mean", (proxy, more) => {
    expect(faultOf(`{ proxy: ${proxy}, type: latency, wave: { shape: saw, period: 10s, from: 20ms, to: 500ms } }`).params).toEqual({ delayMs: 260, jitterMs: 0, distribution: "uniform", wave: { shape: "saw", periodMs: 10_000, fromMs: 20, toMs: 500 }, ...more });
  });

  test("begin at 0 and are sines unless told otherwise", () => {
    expect(faultOf("{ proxy: db, type: latency, wave: { period: 1m, to: 1s } }").params["wave"]).toEqual({ shape: "sine", periodMs: 60_000, fromMs: 0, toMs: 1000 });
  });

  test.each([
    ["delay: 1s, wave: { period: 1s, to: 1s }", "bad-value", /^wave: expected either delay or wave, got both/],
    ["wave: { period: 1s, from: 2s, to: 2s }", "bad-value", /^to: expected another delay than from/],
    ["wave: { to: 1s }", "missing-key", /^period is missing/],
    ["wave: { period: 0s, to: 1s }", "bad-value", /^period: expected a duration like .* above 0/],
    ["wave: { shape: triangle, period: 1s, to: 1s }", "bad-value", /^shape: expected one of "sine", "saw", "square"/],
    ["distribution: exponential, wave: { period: 1s, to: 1s }", "bad-value", /^jitter: expected jitter, the mean of the exponential part/],
    ["distribution: normal, wave: { period: 1s, to: 1s }", "bad-value", /^jitter: expected jitter, the standard deviation of normal/],
  ])("are refused as %s", (keys, code, message) => {
    for (const proxy of ["payments", "db"]) {
      const issue = issueOf(wavy(keys, proxy));
      expect(issue.code).toBe(code);
      expect(issue.message).toMatch(message);
    }
  });
});

describe("a fault of a process", () => {
  const services = "services:\n  checkout: { command: x, port: auto, replicas: 2 }\n  db: { command: y, port: auto }";
  const edges = 'proxies:\n  checkout: { upstream: "${services.checkout.url}", callers: 1 }\n  second: { upstream: "http://127.0.0.1:${services.checkout#2.port}", callers: 1 }\n  other: { upstream: "${services.db.url}", callers: 1 }';
  const text = (fault: string, more: Parameters<typeof textWith>[0] = {}): string => textWith({ services, proxies: edges, faults: `faults:\n  - ${fault}`, ...more });

  test("hits a service of the run, and is felt on the edges that lead to it", () => {
    expect(experimentOf(text("{ type: kill, service: checkout, from: 1s, restart: { after: 2s } }")).faults).toEqual([{
      name: "kill-1", type: "kill", layer: "process", service: "checkout", edges: [{ proxy: "checkout", replica: 1 }, { proxy: "second", replica: 2 }], direction: "response",
      selection: { fromMs: 1000, after: 0, every: 1, rateShare: 1, per: "fault" }, params: { signal: "SIGKILL", restart: { afterMs: 2000 } },
    }]);
  });

  test("may hit one replica", () => {
    expect(experimentOf(text("{ type: pause, service: checkout, replica: 2, flap: { on: 1s, off: 1s }, first: 2 }")).faults[0]).toMatchObject({ service: "checkout", replica: 2, edges: [{ proxy: "second", replica: 2 }], selection: { first: 2 } });
  });

  test("is what a hypothesis about such an edge speaks of", () => {
    const hypotheses = "hypotheses:\n  - { type: timeout, proxy: other, givesUp: <= 1s }\n  - { type: timeout, proxy: second, givesUp: <= 1s }";
    const faults = "faults:\n  - { name: a, type: pause, service: db }\n  - { name: b, type: pause, service: checkout, replica: 2 }";
    expect(experimentOf(text("", { faults, hypotheses })).hypotheses.map((one) => one.faults)).toEqual([["a"], ["b"]]);
  });

  test.each([
    ["{ type: kill }", "missing-key", /^service is missing: the process to which kill happens/],
    ["{ type: kill, service: chekout }", "unknown-service", /there is no service "chekout"/],
    ["{ type: pause, service: checkout, replica: 3 }", "unknown-replica", /checkout has 2 replicas, and no 3/],
    ["{ type: kill, service: db, match: { path: /x } }", "does-not-apply", /match does not apply to kill, which acts on a process as a whole/],
    ["{ type: restart, service: db, afterSilence: 1s }", "does-not-apply", /afterSilence does not apply to restart/],
    ["{ type: restart, service: db, rate: 20% }", "does-not-apply", /rate does not apply to restart/],
    ["{ type: pause, service: db, proxy: other }", "does-not-apply", /proxy does not apply to pause/],
    ["{ type: drop, service: db, proxy: other }", "does-not-apply", /service does not apply to drop, which acts on an edge/],
    ["{ type: kill, service: db, signal: SIGSTOP }", "bad-value", /signal/],
    ["{ type: kill, service: db, restart: soon }", "wrong-type", /restart/],
    ["{ type: kill, service: db, layer: connection }", "wrong-layer", /kill has no layer connection/],
    ["{ type: pause, service: db, from: 8s, for: 3s }", "outside-window", /its window ends 11s/],
  ])("is refused as %s", (fault, code, message) => {
    const issue = issueOf(text(fault));
    expect(issue.message).toMatch(message);
    expect(issue.code).toBe(code);
  });
});

describe("the window of a fault", () => {
  test.each([
    ["from: 10s", /begins 10s after the start of during, which lasts 10s/],
    ["from: 8s, for: 3s", /ends 11s after the start of during, which lasts 10s/],
    ["from: 5s, for: 2s, afterSilence: 8s", /no silence of 8s ends inside its window, which ends 7s after the start of during/],
    ["from: 8s, ramp: { over: 3s }", /ramp takes 3s, and its window lasts 2s/],
  ])("may not be %s in a during of 10s", (keys, message) => {
    const issue = issueOf(withFault(`{ proxy: payments, type: drop, ${keys} }`));
    expect(issue.code).toBe("outside-window");
    expect(issue.message).toMatch(message);
  });

  test("may end with during", () => {
    expect(faultOf("{ proxy: payments, type: drop, from: 8s, for: 2s }").selection).toMatchObject({ fromMs: 8000, forMs: 2000 });
  });
});

describe("words of other tools", () => {
  const hintOf = (fault: string): string | undefined => read(withFault(fault)).issues.find(({ code }) => code === "unknown-key" || code === "unknown-fault-type")?.hint;

  test.each([
    ["{ proxy: payments, type: latency, delay: 1s, toxicity: 0.2 }", "write rate: 20%"],
    ["{ proxy: payments, type: drop, probability: 0.05 }", "write rate: 5%"],
    ["{ proxy: payments, type: drop, percentage: 20 }", "write rate: 20%"],
    ["{ proxy: payments, type: drop, errorRate: 0.5 }", "write rate: 50%"],
    ["{ proxy: payments, type: latency, latency: 1000 }", "write delay: 1s"],
    ["{ proxy: payments, type: latency, delay_ms: 250 }", "write delay: 250ms"],
    ["{ proxy: payments, type: drop, duration: 5 }", "write for: 5s"],
    ["{ proxy: payments, type: error, statusCode: 503 }", "write status: 503"],
    ["{ proxy: db, type: latency, delay: 1s, stream: upstream }", "write direction: request"],
    ["{ proxy: payments, type: drop, path: /x }", "write match: { path: /x }"],
    ["{ proxy: payments, type: stale, max-age: 5s }", "write age: 5s"],
    ["{ proxy: payments, type: rewrite, patch: {} }", "write json: { /a/pointer: value }, or headers: { name: value }"],
  ])("%s", (fault, hint) => {
    expect(hintOf(fault)).toBe(hint);
  });

  test.each([["reset_peer", "reset"], ["timeout", "hang"], ["abort", "error"], ["delay", "latency"], ["latencyy", "latency"], ["replica-lag", "stale"], ["HTTPPatch", "rewrite"], ["resend", "duplicate"]])("the type %s is called %s here", (word, type) => {
    expect(hintOf(`{ proxy: payments, type: ${word} }`)).toMatch(new RegExp(`^did you mean "${type}"\\? known: latency, `));
  });

  test("a key of the namesake on another layer says which layer it goes with", () => {
    expect(issueOf(withFault("{ proxy: db, type: latency, delay: 1s, at: response }")).hint).toBe("at goes with layer: exchange, and this latency acts on the layer connection");
  });

  test("a bare number shows the unit that it needs", () => {
    expect(issueOf(withFault("{ proxy: payments, type: latency, delay: 1s, jitter: 100 }")).message).toBe('jitter: expected a duration like "250ms" or "2s", got the bare number 100: write its unit ("100ms" or "100s")');
    expect(issueOf(withFault("{ proxy: payments, type: drop, rate: 0.2 }")).message).toContain('write its unit ("20%")');
  });
});

describe("what is missing or wrong in a fault", () => {
  test.each([
    ["{ type: drop }", "missing-key", /^proxy is missing/],
    ["{ proxy: payments }", "missing-key", /^type is missing/],
    ["{ proxy: payments, type: latency }", "missing-key", /^delay is missing/],
    ["{ proxy: payment, type: drop }", "unknown-proxy", /there is no proxy "payment"/],
    ["{ proxy: payments, type: drop, attempt: 0 }", "bad-value", /attempt: expected at least 1, got 0/],
    ["{ proxy: payments, type: drop, attempt: 3..2 }", "bad-value", /"1\.\.2", got "3\.\.2"/],
    ["{ proxy: payments, type: drop, match: { path: charges } }", "bad-value", /path that begins with \/ or \*, got "charges"/],
    ["{ proxy: payments, type: drop, match: { path: { regex: '(' } } }", "bad-value", /regular expression, got "\("/],
    ["{ proxy: payments, type: drop, match: {} , every: 1.5 }", "wrong-type", /every: expected a whole number, got 1.5/],
    ["{ proxy: payments, type: drop, per: user }", "bad-value", /header x/],
    ["drop", "wrong-type", /faults\[0\]: expected a map of keys and values, got "drop"/],
  ])("%s is told in one sentence", (fault, code, message) => {
    const issue = issueOf(withFault(fault));
    expect(issue.code).toBe(code);
    expect(issue.message).toMatch(message);
  });

  test("does not hide what is wrong beside it", () => {
    expect(placesOf(withFault("{ proxy: nowhere, type: latency, delay: x, rate: y, bogus: 1 }")).map((place) => place.split(" ")[1])).toEqual(["unknown-proxy", "bad-value", "bad-value", "unknown-key"]);
  });
});
