import { describe, expect, test } from "vitest";
import type { Effect } from "../../src/model/effect.ts";
import type { Layer } from "../../src/model/fault-type.ts";
import type { Json } from "../../src/model/json.ts";
import { findFaultType } from "../../src/faults/index.ts";
import { keyedRandom } from "../../src/math/random.ts";

type EdgeLayer = Exclude<Layer, "process">;

const find = (name: string, layer: EdgeLayer) => {
  const type = findFaultType(name, layer);
  if (type === undefined) throw new Error(`no fault ${layer}/${name}`);
  return type;
};
/** What a fault with these parameters, as an author writes them, does to one subject. */
const effects = (name: string, params: object = {}, layer: EdgeLayer = "exchange"): readonly Effect[] => {
  const type = find(name, layer);
  const outcome = type.decide(type.params.parse(params), { kind: "exchange", method: "GET", path: "/" }, { n: 1, attempt: 1, sinceWindowMs: 0, direction: "both" }, keyedRandom("effects"));
  return "memory" in outcome ? outcome.effects : outcome;
};
const explained = (name: string, params: object = {}, layer: EdgeLayer = "exchange"): string => find(name, layer).explain(find(name, layer).params.parse(params));
const problems = (name: string, params: object, layer: EdgeLayer = "exchange"): readonly string[] =>
  find(name, layer).params.safeParse(params).error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) ?? [];

describe("latency", () => {
  test("holds the request, or the response, for its delay", () => {
    expect(effects("latency", { delay: "3s" })).toEqual([{ kind: "delay", at: "request", ms: 3000 }]);
    expect(effects("latency", { delay: "3s", at: "response" })).toEqual([{ kind: "delay", at: "response", ms: 3000 }]);
  });

  test("with jitter draws each delay around it", () => {
    const [effect] = effects("latency", { delay: "100ms", jitter: "50ms" });
    expect(effect).toMatchObject({ kind: "delay", ms: expect.toSatisfy((ms: number) => ms >= 50 && ms < 150 && ms !== 100) });
  });

  test("refuses a distribution without a spread, except the one that has its own", () => {
    expect(problems("latency", { delay: "1s", distribution: "normal" })).toEqual(['jitter: expected jitter, the standard deviation of normal, such as "200ms", got none']);
    expect(find("latency", "exchange").params.parse({ delay: "1s", distribution: "exponential" })).toMatchObject({ delayMs: 1000, jitterMs: 1000 });
  });

  test("refuses a delay without a unit, of 0, or none", () => {
    expect(problems("latency", { delay: 1000 })[0]).toContain('"1s"');
    expect(problems("latency", { delay: "0ms" })[0]).toContain("above 0");
    expect(problems("latency", {})).toHaveLength(1);
  });

  test("says how long, and how spread", () => {
    expect(explained("latency", { delay: "3s", at: "response" })).toBe("holds answers back for 3s");
    expect(explained("latency", { delay: "1s", jitter: "200ms" })).toBe("holds calls back for 1s ± 200ms");
    expect(explained("latency", { delay: "1s", jitter: "200ms", distribution: "lognormal" })).toBe("holds calls back for 1s on average (lognormal, deviation 200ms)");
  });

  test("in waves takes its delay from the time since the window began", () => {
    const of = find("latency", "exchange");
    const params = of.params.parse({ wave: { shape: "sine", period: "8s", from: "100ms", to: "500ms" } });
    const at = (sinceWindowMs: number): unknown => of.decide(params, { kind: "exchange", method: "GET", path: "/" }, { n: 1, attempt: 1, sinceWindowMs, direction: "both" }, keyedRandom("effects"));
    expect([0, 4000, 8000].map(at)).toEqual([100, 500, 100].map((ms) => [{ kind: "delay", at: "request", ms }]));
    expect(explained("latency", { wave: { shape: "square", period: "8s", to: "500ms" } })).toBe("holds calls back for 0ms to 500ms in square waves of 8s");
  });

  test("on connections hands its wave to the lane, with how far it has come", () => {
    const of = find("latency", "connection");
    const effect = of.decide(of.params.parse({ wave: { period: "8s", to: "500ms" } }), { kind: "connection", id: 1 }, { n: 1, attempt: 1, sinceWindowMs: 3000, direction: "both" }, keyedRandom("effects"));
    expect(effect).toMatchObject([{ kind: "delay-bytes", sinceWindowMs: 3000, delay: { delayMs: 250, wave: { shape: "sine", periodMs: 8000, fromMs: 0, toMs: 500 } } }]);
  });

  test("on connections hands its distribution to the lane, which draws for each chunk", () => {
    expect(effects("latency", { delay: "2s", jitter: "1s" }, "connection")).toEqual([{ kind: "delay-bytes", direction: "both", delay: { delayMs: 2000, jitterMs: 1000, distribution: "uniform" } }]);
  });
});

describe("error", () => {
  test("is a bare 503 unless told otherwise", () => {
    expect(effects("error")).toEqual([{ kind: "respond", status: 503, headers: {}, body: "" }]);
  });

  test("sends text as text and structure as JSON", () => {
    expect(effects("error", { status: 500, body: "out of order" })).toEqual([{ kind: "respond", status: 500, headers: { "content-type": "text/plain; charset=utf-8" }, body: "out of order" }]);
    expect(effects("error", { body: { error: "maintenance", codes: [1, null] } })).toEqual([{ kind: "respond", status: 503, headers: { "content-type": "application/json" }, body: '{"error":"maintenance","codes":[1,null]}' }]);
    expect(effects("error", { body: [] })).toMatchObject([{ body: "[]" }]);
  });

  test("takes the author's headers over its own, whatever their letters", () => {
    expect(effects("error", { body: "<p>", headers: { "Content-Type": "text/html", "X-Fault": "yes" } })).toMatchObject([{ headers: { "content-type": "text/html", "x-fault": "yes" } }]);
  });

  test("sends Retry-After in whole seconds, rounded up", () => {
    expect(effects("error", { status: 429, retryAfter: "1500ms" })).toMatchObject([{ headers: { "retry-after": "2" } }]);
    expect(explained("error", { status: 429, retryAfter: "2m" })).toBe("answers 429 in upstream's place, to be retried after 2m");
    expect(explained("error", { headers: { "Retry-After": "Wed, 21 Oct 2065 07:28:00 GMT" } })).toContain("to be retried after Wed");
  });

  test("refuses what would break the framing of its answer", () => {
    expect(problems("error", { status: 101 })).toHaveLength(1);
    expect(problems("error", { status: 204, body: "x" })).toEqual(["body: expected no body with the status 204, which has none (RFC 9110 §6.4.1)"]);
    expect(problems("error", { headers: { "Content-Length": "3" } })).toHaveLength(1);
    expect(problems("error", { headers: { "x y": "3" } })).toHaveLength(1);
    expect(problems("error", { headers: { x: "a\r\nset-cookie: b" } })).toHaveLength(1);
    expect(problems("error", { headers: { x: "日" } })).toHaveLength(1);
  });
});

test("drop closes the connection", () => {
  expect(effects("drop")).toEqual([{ kind: "close" }]);
});

describe("reset", () => {
  test("comes when the request has come, or where it is said", () => {
    expect(effects("reset")).toEqual([{ kind: "reset", at: "request" }]);
    expect(effects("reset", { at: "accept" })).toEqual([{ kind: "reset", at: "accept" }]);
    expect(effects("reset", { at: "response" })).toEqual([{ kind: "reset", at: "response" }]);
    expect(effects("reset", { afterBytes: "1KiB" })).toEqual([{ kind: "reset", at: "response", afterBytes: 1024 }]);
  });

  test("after bytes of the answer cannot be before the answer", () => {
    expect(problems("reset", { at: "request", afterBytes: "1KiB" })).toEqual(['at: expected at: response (or no at) beside afterBytes, which counts the bytes of the answer, got "request"']);
  });

  test("of connections comes at accept, or after bytes to the caller", () => {
    expect(effects("reset", {}, "connection")).toEqual([{ kind: "reset", at: "accept" }]);
    expect(effects("reset", { afterBytes: "4KiB" }, "connection")).toEqual([{ kind: "reset", at: "response", afterBytes: 4096 }]);
    expect(problems("reset", { at: "accept", afterBytes: "4KiB" }, "connection")).toHaveLength(1);
    expect(explained("reset", { afterBytes: "4KiB" }, "connection")).toBe("resets connections after 4KiB to the caller");
  });
});

test("hang answers nothing, or the head and then nothing", () => {
  expect(effects("hang")).toEqual([{ kind: "hang", headersFirst: false }]);
  expect(effects("hang", { headers: true })).toEqual([{ kind: "hang", headersFirst: true }]);
});

test("down refuses, and cuts what is open unless told to keep it", () => {
  expect(effects("down", {}, "connection")).toEqual([{ kind: "refuse", keepOpen: false }]);
  expect(effects("down", { keepOpen: true }, "connection")).toEqual([{ kind: "refuse", keepOpen: true }]);
});

describe("bandwidth, slow-body, truncate, corrupt and malformed", () => {
  test("say what they do to bytes", () => {
    expect(effects("bandwidth", { throughput: "100KB/s" })).toEqual([{ kind: "throttle", direction: "both", bytesPerSecond: 100_000 }]);
    expect(effects("slow-body", { spacing: "100ms" })).toEqual([{ kind: "slice", direction: "both", bytes: 1, everyMs: 100 }]);
    expect(effects("slow-body", { over: "10s" })).toEqual([{ kind: "spread", direction: "both", overMs: 10_000 }]);
    expect(effects("truncate")).toEqual([{ kind: "truncate", after: { share: 0.5 }, end: "close" }]);
    expect(effects("truncate", { afterBytes: "1KiB", end: "reset" })).toEqual([{ kind: "truncate", after: { bytes: 1024 }, end: "reset" }]);
    expect(effects("malformed", { kind: "length" })).toEqual([{ kind: "malformed", part: "length" }]);
    expect(effects("corrupt")).toEqual([{ kind: "corrupt", direction: "both", share: 0.01, seed: expect.toSatisfy(Number.isInteger) }]);
  });

  test("refuse two ways of saying one thing, and none", () => {
    expect(problems("slow-body", {})).toEqual(["spacing: expected either spacing or over, got neither"]);
    expect(problems("slow-body", { spacing: "1s", over: "2s" })).toEqual(["spacing: expected either spacing or over, got both"]);
    expect(problems("slow-body", { size: "4B", over: "2s" })).toHaveLength(1);
    expect(problems("truncate", { share: "10%", afterBytes: "4B" })).toEqual(["share: expected either afterBytes or share, got both"]);
  });
});

describe("rate-limit", () => {
  const type = find("rate-limit", "exchange");
  /** The calls, by when they came (ms), that are answered 429. */
  const limited = (written: object, ...timesMs: readonly number[]): readonly number[] => {
    let memory: Json | undefined;
    return timesMs.filter((sinceWindowMs, i) => {
      const facts = { n: i + 1, attempt: 1, sinceWindowMs, direction: "both" as const };
      const outcome = type.decide(type.params.parse(written), { kind: "exchange", method: "GET", path: "/" }, memory === undefined ? facts : { ...facts, memory }, keyedRandom("r"));
      if (!("memory" in outcome)) throw new Error("expected it to remember");
      ({ memory } = outcome);
      return outcome.effects.length > 0;
    });
  };

  test("spares a burst, then as many as the rate refills", () => {
    expect(limited({ limit: "10/s", burst: 2 }, 0, 1, 2, 3, 90, 101, 102, 205)).toEqual([2, 3, 90, 102]);
    expect(limited({ limit: "10/s", burst: 2 }, 0, 10_000, 10_000, 10_000)).toEqual([10_000]);
  });

  test("takes nothing from the bucket for what it refuses", () => {
    expect(limited({ limit: "1/s" }, 0, 500, 900, 999, 1000)).toEqual([500, 900, 999]);
  });
});

test("error with reachUpstream answers when upstream has", () => {
  expect(effects("error", { reachUpstream: true })).toEqual([{ kind: "respond", status: 503, headers: {}, body: "", at: "response" }]);
  expect(explained("error", { reachUpstream: true })).toBe("answers 503 when upstream has done the work");
});

describe("error with retryAfter", () => {
  test("says it in seconds, or as a date that the lane writes", () => {
    expect(effects("error", { retryAfter: "1500ms" })).toEqual([{ kind: "respond", status: 503, headers: { "retry-after": "2" }, body: "" }]);
    expect(effects("error", { retryAfter: "1500ms", retryAfterAs: "http-date" })).toEqual([{ kind: "respond", status: 503, headers: {}, body: "", retryAfterDateMs: 1500 }]);
    expect(explained("error", { retryAfter: "1500ms", retryAfterAs: "http-date" })).toBe("answers 503 in upstream's place, to be retried after 2s");
  });

  test("contradicts a header of that name", () => {
    expect(problems("error", { retryAfter: "9s", headers: { "Retry-After": "soon" } })).toEqual(["headers.Retry-After: expected either retryAfter or this header, got both"]);
    expect(effects("error", { headers: { "Retry-After": "soon" } })).toEqual([{ kind: "respond", status: 503, headers: { "retry-after": "soon" }, body: "" }]);
  });

  test("is needed beside the word for how it is written", () => {
    expect(problems("error", { retryAfterAs: "seconds" })).toEqual(['retryAfterAs: expected retryAfter beside it, such as "2s": how long, of which this says how it is written']);
  });
});

describe("rewrite", () => {
  const maxBytes = 8 * 1024 * 1024;

  test("changes answers unless told otherwise, in the ways it was told", () => {
    expect(effects("rewrite", { status: 202, headers: { ETag: null, "X-A": "1" } })).toEqual([{ kind: "rewrite", at: "response", status: 202, headers: { etag: null, "x-a": "1" }, maxBytes }]);
    expect(effects("rewrite", { at: "request", json: { "/a": null }, removeJson: ["/b"], maxBody: "1KiB" })).toEqual([{ kind: "rewrite", at: "request", headers: {}, body: { set: { "/a": null }, remove: ["/b"] }, maxBytes: 1024 }]);
    expect(effects("rewrite", { removeJson: ["/b"] })).toMatchObject([{ body: { set: {}, remove: ["/b"] } }]);
    expect(effects("rewrite", { body: "text" })).toMatchObject([{ headers: {}, body: { text: "text" } }]);
    expect(effects("rewrite", { body: [1] })).toMatchObject([{ headers: { "content-type": "application/json" }, body: { text: "[1]" } }]);
    expect(effects("rewrite", { body: {}, headers: { "Content-Type": "x/y" } })).toMatchObject([{ headers: { "content-type": "x/y" }, body: { text: "{}" } }]);
  });

  test("refuses to change nothing, two bodies, a status of a request, and a body where none can be", () => {
    expect(problems("rewrite", {})).toEqual(["headers: expected something to change: status, headers, json, removeJson or body, got nothing"]);
    expect(problems("rewrite", { body: "a", json: { "/a": 1 } })).toEqual(["body: expected either body or json and removeJson, got both"]);
    expect(problems("rewrite", { at: "request", status: 200 })).toEqual(["status: expected no status beside at: request: requests have none"]);
    expect(problems("rewrite", { status: 204, body: "a" })).toEqual(["status: expected another status beside a body: 204 has none (RFC 9110 §6.4.1)"]);
  });

  test("refuses what is no JSON pointer, and headers that frame the message", () => {
    expect(problems("rewrite", { json: { a: 1 } })).toEqual(["json.a: Invalid key in record"]);
    expect(problems("rewrite", { removeJson: ["/~2"] })).toHaveLength(1);
    expect(problems("rewrite", { removeJson: [""] })[0]).toContain("expected a JSON pointer to something inside the body");
    expect(problems("rewrite", { headers: { "Content-Length": "1" } })).toEqual(["headers.Content-Length: Invalid key in record"]);
    expect(problems("rewrite", { headers: { "x-a": "a\nb" } })).toHaveLength(1);
  });

  test("says what it changes", () => {
    expect(explained("rewrite", { status: 500, headers: { "x-a": "1", etag: null }, json: { "/a": "b", "": [] }, removeJson: ["/c"] })).toBe('changes answers: status 500, x-a: 1, no etag, /a = "b", the whole JSON = [], no /c');
    expect(explained("rewrite", { at: "request", body: "x" })).toBe("changes requests on their way to upstream: another body");
  });
});

test("duplicate sends once more, at once, unless told otherwise", () => {
  expect(effects("duplicate")).toEqual([{ kind: "duplicate", copies: 1, afterMs: 0, maxBytes: 8 * 1024 * 1024 }]);
  expect(explained("duplicate", { copies: 2, delay: "1s" })).toBe("sends calls to upstream 2 times more, 1s later");
  expect(explained("duplicate")).toBe("sends calls to upstream a second time");
});

describe("stale", () => {
  const type = find("stale", "exchange");
  const keyOf = (params: object, headers: Readonly<Record<string, string>>, path = "/"): unknown => {
    const [effect] = type.decide(type.params.parse(params), { kind: "exchange", method: "GET", path, headers }, { n: 1, attempt: 1, sinceWindowMs: 0, direction: "both" }, () => 0) as readonly Effect[];
    return effect?.kind === "replay" ? effect.key : undefined;
  };

  test("tells calls apart by method, host, target and the headers that it varies by", () => {
    expect(type.headers?.(type.params.parse({ vary: ["X-Tenant"] }))).toEqual(["host", "x-tenant"]);
    const keys = [keyOf({}, { host: "a" }), keyOf({}, { host: "b" }), keyOf({}, { host: "a", accept: "x" }), keyOf({}, { host: "a" }, "/b")];
    expect(new Set(keys).size).toBe(4);
    expect(keyOf({ vary: [] }, { host: "a", accept: "x" })).toBe(keyOf({ vary: [] }, { host: "a" }));
  });

  test("learns under the same key from the calls that it does not hit", () => {
    const params = type.params.parse({ age: "5s" });
    const subject = { kind: "exchange" as const, method: "GET", path: "/a", headers: { host: "h" } };
    const [effect] = type.decide(params, subject, { n: 1, attempt: 1, sinceWindowMs: 0, direction: "both" }, () => 0) as readonly Effect[];
    expect(type.learn?.(params, subject)).toEqual([{ kind: "remember", key: effect?.kind === "replay" ? effect.key : "", ageMs: 5000 }]);
  });

  test("says how old its answers are", () => {
    expect(explained("stale")).toBe("gives an earlier answer again, without asking upstream");
    expect(explained("stale", { age: "5s", reachUpstream: true })).toBe("gives answers of at least 5s ago again, when upstream has done the work");
  });
});
