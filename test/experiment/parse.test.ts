import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseVars } from "../../src/experiment/index.ts";
import { experimentOf, issueOf, placesOf, read, textWith } from "./minimal.ts";

describe("a valid file", () => {
  test("is an experiment with every default filled in", () => {
    expect(experimentOf(textWith())).toEqual({
      version: 1,
      title: "Checkout survives",
      tags: [],
      confidence: 0.99,
      secrets: {},
      services: [{ name: "checkout", command: ["node", "checkout.mjs"], shell: false, port: "auto", env: { PAYMENTS_URL: "${proxies.payments.url}" }, ready: { kind: "tcp", target: "127.0.0.1:${services.checkout.port}", withinMs: 10_000 }, replicas: 1, stopWithinMs: 5000 }],
      proxies: [{ name: "payments", upstream: "http://127.0.0.1:8080", lane: "http1", listen: { host: "127.0.0.1", port: 0 }, host: "keep", correlate: { by: "trace" } }],
      probes: [{
        name: "checkout",
        type: "http",
        params: { url: "${services.checkout.url}/checkout", expect: { status: "200-299" }, trace: true },
        timeoutMs: 5000,
        load: { kind: "open", rates: { warmup: 25, before: 25, during: 25, after: 25 }, burst: 1, arrivals: "even", pauseMs: 0, inFlight: 1000, connections: "reuse" },
      }],
      steadyState: [{ probe: "checkout", claims: [{ metric: "success", bound: { text: ">= 99%", min: 0.99 } }], during: [], settleMs: 0 }],
      phases: { warmupMs: 2000, beforeMs: 5000, duringMs: 10_000, afterMs: 10_000, epochs: 1 },
      faults: [],
      hypotheses: [],
      guards: [],
    });
    expect(read(textWith()).issues).toEqual([]);
  });

  test("may be JSON", () => {
    const json = JSON.stringify({ version: 1, title: "t", seed: 7, probes: { a: { type: "http", url: "http://127.0.0.1:1/" } }, steadyState: [{ probe: "a", success: ">= 99%" }] }, null, 2);
    expect(experimentOf(json)).toMatchObject({ title: "t", seed: "7" });
  });

  test("may hold several documents, numbered from 0, each with its own issues; an empty last one does not count", () => {
    const { documents, issues } = read(`${textWith()}---\n${textWith({ title: "titel: x" })}---\n`);
    expect(documents.map(({ document, experiment, issues }) => [document, experiment !== undefined, issues.length])).toEqual([[0, true, 0], [1, false, 2]]);
    expect(issues).toHaveLength(2);
    expect(issues[0]?.line).toBeGreaterThan(10);
  });

  test("may repeat itself by anchors and merges", () => {
    const probes = "probes:\n  checkout: &base { type: http, url: http://127.0.0.1:1/, load: 25/s }\n  slow: { <<: *base, timeout: 9s, load: 1/s }";
    const { probes: [, slow] } = experimentOf(textWith({ probes }));
    expect(slow).toMatchObject({ name: "slow", type: "http", timeoutMs: 9000, load: { rates: { during: 1 } } });
  });

  const folder = new URL("../../experiments/", import.meta.url);
  test.each(readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".yaml")))("%s of the project is valid", (file) => {
    const { issues, documents } = read(readFileSync(new URL(file, folder), "utf8"), { file });
    expect(issues.filter(({ severity }) => severity === "error").map(({ message, line }) => `${line ?? 0}: ${message}`)).toEqual([]);
    expect(documents).toHaveLength(1);
  });
});

describe("what is no experiment", () => {
  test.each([["", "empty"], ["# only words\n", "empty"], ["- a\n- b\n", "wrong-type"], ["just words", "wrong-type"], ["null", "wrong-type"]])("%j is said to be none", (text, code) => {
    expect(issueOf(text)).toMatchObject({ code, severity: "error", line: 1, column: 1 });
  });

  test("a Chaos Toolkit experiment is recognised, and nothing else is said of it", () => {
    expect(issueOf('{ "title": "x", "method": [], "steady-state-hypothesis": {} }').message).toBe("a Chaos Toolkit experiment: `chaos import a.yaml`");
  });

  test("neither steadyState nor hypotheses is an error", () => {
    expect(issueOf(textWith({ steadyState: "" }))).toMatchObject({ code: "nothing-claimed", severity: "error" });
    expect(issueOf(textWith({ steadyState: "steadyState: []" })).code).toBe("nothing-claimed");
  });

  test("text that is not YAML is told where it breaks, with the line", () => {
    const { issues, documents } = read("version: 1\ntitle: [a, b\nseed: 3\n");
    expect(documents[0]?.experiment).toBeUndefined();
    expect(issues[0]).toMatchObject({ code: "not-yaml", line: 3 });
    expect(issues[0]?.frame).toContain("^");
  });

  test("of what a slip makes of the rest of the text only the slip is told", () => {
    expect(placesOf(textWith({ probes: 'probes:\n  checkout: { type: http, url: http://a }" }' }))).toEqual(["8:42 not-yaml"]);
    expect(placesOf(textWith({ title: "title: a\ntitle: b", seed: "seed: [1" }))).toEqual(["3:1 duplicate-key", "13:1 not-yaml"]);
  });

  test("a key that stands twice, an alias of nothing, a value without meaning", () => {
    expect(placesOf(textWith({ title: "title: a\ntitle: b" }))).toEqual(["3:1 duplicate-key"]);
    expect(placesOf(textWith({ title: "title: *nothing" }))).toContain("2:8 yaml-feature");
    expect(placesOf(textWith({ seed: "seed: .inf" }))).toContain("11:7 yaml-feature");
    expect(placesOf(textWith({ vars: "vars: { __proto__: 1 }" }))).toEqual(["11:9 yaml-feature"]);
  });

  test("a bomb of aliases is refused, not unfolded", () => {
    const levels = Array.from({ length: 12 }, (_, i) => `  l${i + 1}: &l${i + 1} [${Array.from({ length: 10 }, () => `*l${i}`).join(", ")}]`).join("\n");
    const { issues } = read(textWith({ vars: `vars:\n  l0: &l0 lol\n${levels}` }));
    expect(issues.map(({ message }) => message)).toEqual(["more than 50000 values, or nested deeper than 64"]);
  });
});

describe("issues", () => {
  test("come all at once, in the order of the file, with file, line, column and a frame", () => {
    const text = textWith({
      proxies: "proxies:\n  payments: { upstream: gopher://x }",
      faults: "faults:\n  - { type: latncy, proxy: payments }\n  - { type: latency, proxy: paymets, delay: 1000, toxicity: 0.2 }",
      phases: "phases: { during: 5 }",
    });
    expect(placesOf(text)).toEqual(["6:25 bad-value", "12:13 unknown-fault-type", "13:29 unknown-proxy", "13:45 bad-value", "13:51 unknown-key", "14:19 bad-value"]);
    expect(read(text).issues[2]).toEqual({
      code: "unknown-proxy",
      severity: "error",
      message: 'there is no proxy "paymets"',
      hint: 'did you mean "payments"?',
      file: "a.yaml",
      line: 13,
      column: 29,
      frame: [
        "  12 |   - { type: latncy, proxy: payments }",
        "> 13 |   - { type: latency, proxy: paymets, delay: 1000, toxicity: 0.2 }",
        "     |                             ^^^^^^^",
        "  14 | phases: { during: 5 }",
      ].join("\n"),
    });
  });

  test("a missing key names what it is for", () => {
    expect(issueOf(textWith({ title: "" }))).toMatchObject({ code: "missing-key", message: "title is missing: what is claimed, in one line" });
    expect(issueOf(textWith({ version: "" }))).toMatchObject({ code: "missing-key", hint: "write version: 1" });
    expect(issueOf(textWith({ proxies: "proxies:\n  payments: {}" })).message).toMatch(/^upstream is missing: what stands behind it/);
  });

  test.each([
    ["steadystate", "steadyState"],
    ["hypothesis", "hypotheses"],
    ["fault", "faults"],
    ["tittle", "title"],
    ["max_duration", "maxDuration"],
  ])("an unknown key %s reminds of %s", (wrong, right) => {
    expect(issueOf(textWith({ [wrong]: `${wrong}: 1` }))).toMatchObject({ code: "unknown-key", hint: `did you mean "${right}"?` });
  });

  test("a wrong version, a wrong list and a wrong map say what was expected and got", () => {
    expect(issueOf(textWith({ version: "version: 2" })).message).toBe("version: expected 1, got 2");
    expect(read(textWith({ faults: "faults: { type: latency }" })).issues[0]).toMatchObject({ message: "faults: expected a list" });
    expect(read(textWith({ services: "services: [a]", steadyState: "steadyState: 3" })).issues.map(({ message }) => message)).toEqual(
      expect.arrayContaining(["services: expected a map of names", "steadyState: expected a list, got 3"]));
    expect(issueOf(textWith({ tags: "tags: [a, 3]" })).message).toBe("tags[1]: expected a text, got 3");
  });

  test("a name that cannot stand in a placeholder is refused where it stands", () => {
    expect(issueOf(textWith({ guards: "guards: []", vars: "vars: { a: 1 }", proxies: "proxies:\n  payments: { upstream: http://a }\n  pay ments: { upstream: http://b, callers: 1 }" }))).toMatchObject({ code: "bad-name", line: 7, column: 3 });
  });
});

describe("variables of a file", () => {
  test("are read from YAML or JSON", () => {
    expect(parseVars("retries: off\nn: 3\n", "v.yaml")).toEqual({ retries: "off", n: 3 });
    expect(parseVars("", "v.yaml")).toEqual({});
  });

  test("are refused with file, line and column when they are none", () => {
    expect(() => parseVars("a: [1\n", "v.yaml")).toThrow(/^v\.yaml:\d+:\d+: not YAML/);
    expect(() => parseVars("- a\n", "v.yaml")).toThrow("v.yaml: expected a map of variables, got a list");
  });
});
