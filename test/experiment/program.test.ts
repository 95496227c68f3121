import { describe, expect, test } from "vitest";
import { explainPlan, plan } from "../../src/experiment/index.ts";
import { experimentOf, issueOf, placesOf, textWith } from "./minimal.ts";

const where = { file: "a.yaml", document: 0 };
const shaped = (keys = "", changes: Readonly<Record<string, string>> = {}): string =>
  textWith({ phases: "phases: { during: 24s }", hypotheses: `hypotheses:\n  - { type: timeout, proxy: payments, givesUp: "400ms..650ms", shapes: [hang, headers-hang, drip, slow]${keys} }`, ...changes });

describe("shapes of a timeout", () => {
  test("are faults of the plan like any other, one after the other with a pause between and a rest behind", () => {
    const { faults, hypotheses } = experimentOf(shaped());
    expect(faults.map(({ name, type, selection: { fromMs, forMs } }) => [name, type, fromMs, forMs])).toEqual([
      ["timeout-1-hang", "hang", 0, 5125], ["timeout-1-headers-hang", "hang", 5775, 5125], ["timeout-1-drip", "slow-body", 11_550, 5125], ["timeout-1-slow", "latency", 17_325, 5125],
    ]);
    expect(faults.map(({ params }) => params)).toMatchObject([{ headers: false }, { headers: true }, { size: 1, spacing: 80 }, { delayMs: 1950, at: "response" }]);
    expect(hypotheses[0]?.faults).toEqual(faults.map(({ name }) => name));
    expect(placesOf(shaped(), {})).toEqual([]);
  });

  test("stand in the plan's sentences, its timeline and its digest", () => {
    const made = plan(experimentOf(shaped()), { ...where, seed: "s" });
    const text = explainPlan(made);
    expect(text).toContain("timeout-1-drip on payments: lets bodies drip, 1B every 80ms");
    expect(text).toMatch(/^timeout-1-headers-hang +█/m);
    expect(text.replaceAll(/\s+/g, " ")).toContain("in each of the shapes hang, headers-hang, drip, slow");
    expect(plan(experimentOf(shaped().replace(", slow]", "]")), { ...where, seed: "s" }).digest).not.toBe(made.digest);
  });

  test("that a fault of the author's has already are that fault's, and the others take the time that it leaves", () => {
    const faults = "faults:\n  - { name: silence, type: hang, proxy: payments, for: 6s }";
    const { faults: all, hypotheses } = experimentOf(shaped("", { faults }));
    expect(all.map(({ name }) => name)).toEqual(["silence", "timeout-1-headers-hang", "timeout-1-drip", "timeout-1-slow"]);
    expect(all[1]?.selection.fromMs).toBe(6650);
    expect(hypotheses[0]?.faults).toEqual(["silence", "timeout-1-headers-hang", "timeout-1-drip", "timeout-1-slow"]);
    expect(experimentOf(shaped(", fault: silence", { faults })).hypotheses[0]?.faults).toEqual(["silence", "timeout-1-headers-hang", "timeout-1-drip", "timeout-1-slow"]);
  });

  test("are seen by the other hypotheses on the edge, the earlier ones too", () => {
    const hypotheses = 'hypotheses:\n  - { type: fallback, probe: checkout, expect: available, share: ">= 95%" }\n  - { type: timeout, proxy: payments, givesUp: 500ms, shapes: [hang] }';
    expect(experimentOf(textWith({ phases: "phases: { during: 12s }", hypotheses })).hypotheses[0]?.faults).toEqual(["timeout-1-hang"]);
  });

  test("two hypotheses on one edge share", () => {
    const hypotheses = "hypotheses:\n  - { type: timeout, proxy: payments, givesUp: 500ms, shapes: [hang, drip] }\n  - { type: timeout, proxy: payments, closesConnection: true, shapes: [hang, drip] }";
    const { faults, hypotheses: both } = experimentOf(textWith({ phases: "phases: { during: 16s }", hypotheses }));
    expect(faults.map(({ name }) => name)).toEqual(["timeout-1-hang", "timeout-1-drip"]);
    expect(both[1]?.faults).toEqual(both[0]?.faults);
  });

  test("that get too few calls are a warning, and with no time at all an error, each with the length that would do", () => {
    const short = (during: string, faults = ""): string => shaped("", { phases: `phases: { during: ${during} }`, faults });
    expect(issueOf(short("12s"))).toMatchObject({ code: "shapes-too-short", severity: "warning", hint: "make phases.during at least 20s long, or the load 47/s" });
    expect(placesOf(short("20s"))).toEqual([]);
    expect(issueOf(short("3s"))).toMatchObject({ code: "shapes-do-not-fit", severity: "error", line: 13, hint: "make phases.during at least 20s long" });
    expect(issueOf(short("20s", "faults:\n  - { type: error, status: 503, proxy: payments }"))).toMatchObject({ code: "shapes-do-not-fit", hint: expect.stringContaining("give the other faults a window of their own (from, for)") });
  });

  test("that the lane of the proxy cannot have are an error at the shapes", () => {
    expect(issueOf(shaped("", { proxies: "proxies:\n  payments: { upstream: tcp://127.0.0.1:8080 }" }).replace("[hang, headers-hang, drip, slow]", "[hang]"))).toMatchObject({ code: "wrong-layer", line: 13 });
  });
});

test("a library that nothing is known of is a warning with the one that was meant", () => {
  const named = (library: string): string => textWith({ faults: "faults:\n  - { type: hang, proxy: payments }", phases: "phases: { during: 20s }", hypotheses: `hypotheses:\n  - { type: timeout, proxy: payments, givesUp: 500ms, library: ${library} }` });
  expect(issueOf(named("axois"))).toMatchObject({ code: "unknown-library", severity: "warning", hint: 'did you mean "axios"?' });
  expect(placesOf(named("Axios"))).toEqual([]);
  expect(explainPlan(plan(experimentOf(named("axios")), where)).replaceAll(/\s+/g, " ")).toContain("axios bounds silence on the socket, not the whole call: a body that drips is waited for.");
});
