import { describe, expect, test } from "vitest";
import { explainPlan, plan } from "../../src/experiment/index.ts";
import { experimentOf, textWith } from "./minimal.ts";

const where = { file: "a.yaml", document: 0 };

describe("a plan", () => {
  const experiment = experimentOf(textWith({ seed: "seed: s", phases: "phases: { epochs: 3 }" }));

  test("is the same for the same experiment and seed, and survives as JSON", () => {
    const once = plan(experiment, where);
    expect(plan(experimentOf(textWith({ seed: "seed: s", phases: "phases: { epochs: 3 }" })), where)).toEqual(once);
    expect(JSON.parse(JSON.stringify(once))).toEqual(once);
    expect(once.digest).toMatch(/^[0-9a-f]{64}$/);
  });

  test("has another digest for another seed, phase or word, and the same for another file", () => {
    const { digest } = plan(experiment, where);
    expect(plan(experiment, { ...where, seed: "t" }).digest).not.toBe(digest);
    expect(plan({ ...experiment, phases: { ...experiment.phases, afterMs: 1 } }, where).digest).not.toBe(digest);
    expect(plan({ ...experiment, title: "other" }, where).digest).not.toBe(digest);
    expect(plan(experiment, { file: "b.yaml", document: 3 }).digest).toBe(digest);
  });

  test("takes the warnings of its document along, which are no part of its digest", () => {
    const warning = { code: "unused-probe", severity: "warning", message: "nothing is claimed", hint: "claim something", line: 3, column: 5 } as const;
    const warned = plan(experiment, { ...where, issues: [{ ...warning, file: "a.yaml", frame: "> 3 | x" }] });
    expect(warned.issues).toEqual([warning]);
    expect(warned.digest).toBe(plan(experiment, where).digest);
    expect(plan(experiment, { ...where, issues: [] })).toEqual(plan(experiment, where));
  });

  test("does not depend on the order of keys", () => {
    const reversed = Object.fromEntries(Object.entries(experiment).toReversed()) as unknown as typeof experiment;
    expect(plan(reversed, where).digest).toBe(plan(experiment, where).digest);
  });

  test("takes the seed given, else the experiment's, else one that is chosen", () => {
    const { seed: _seed, ...without } = experiment;
    expect(plan(experiment, { ...where, seed: "t" })).toMatchObject({ seed: "t", seedGiven: true });
    expect(plan(experiment, where)).toMatchObject({ seed: "s", seedGiven: true });
    expect(plan(without, { ...where, chooseSeed: () => "chosen" })).toMatchObject({ seed: "chosen", seedGiven: false });
    expect(plan(without, where)).toMatchObject({ seed: plan(without, where).seed, seedGiven: false });
  });
});

describe("the schedule", () => {
  const scheduleOf = (phases: string, seed = "s"): readonly (readonly [string, number, number, number])[] =>
    plan(experimentOf(textWith({ phases: `phases: ${phases}` })), { ...where, seed }).schedule.map(({ name, epoch, startMs, endMs }) => [name, epoch, startMs, endMs]);

  test("is warmup, before, during, after, one at the other's end", () => {
    expect(scheduleOf("{}")).toEqual([["warmup", 1, 0, 2000], ["before", 1, 2000, 7000], ["during", 1, 7000, 17_000], ["after", 1, 17_000, 27_000]]);
  });

  test("leaves out phases of no length", () => {
    expect(scheduleOf("{ warmup: 0s, after: 0s, before: 1s, during: 1s }")).toEqual([["before", 1, 0, 1000], ["during", 1, 1000, 2000]]);
  });

  test("repeats during and after per epoch, with a pause between whose length the seed decides", () => {
    const schedule = scheduleOf("{ epochs: 3 }");
    expect(schedule.map(([name, epoch]) => `${name}${epoch}`)).toEqual(["warmup1", "before1", "during1", "after1", "pause1", "during2", "after2", "pause2", "during3", "after3"]);
    const pauses = schedule.filter(([name]) => name === "pause").map(([, , startMs, endMs]) => endMs - startMs);
    for (const pauseMs of pauses) expect(pauseMs).toBeGreaterThanOrEqual(1000);
    for (const pauseMs of pauses) expect(pauseMs).toBeLessThanOrEqual(3000);
    expect(pauses[0]).not.toBe(pauses[1]);
    expect(scheduleOf("{ epochs: 3 }")).toEqual(schedule);
    expect(scheduleOf("{ epochs: 3 }", "t")).not.toEqual(schedule);
    schedule.slice(1).forEach(([, , startMs], index) => { expect(startMs).toBe(schedule[index]?.[3]); });
  });
});

describe("hypotheses that ask for epochs", () => {
  const planned = (hypotheses: string, phases = "{}") => plan(experimentOf(textWith({ phases: `phases: ${phases}`, hypotheses: `hypotheses:\n${hypotheses}` })), { ...where, seed: "s" });
  const claim = (more: string): string => `  - { type: claim, probe: checkout, phase: before, success: ">= 50%"${more} }`;
  const epochsOf = ({ schedule }: ReturnType<typeof plan>): readonly string[] => schedule.map(({ name, epoch, ifViolated }) => `${name}${epoch}${ifViolated === true ? "?" : ""}`);

  test("get as many as the largest wants, if phases has no more", () => {
    expect(epochsOf(planned(`${claim(", epochs: 3")}\n${claim(", epochs: 2")}`))).toEqual(["warmup1", "before1", "during1", "after1", "pause1", "during2", "after2", "pause2", "during3", "after3"]);
    expect(planned(claim(", epochs: 2"), "{ epochs: 4 }").experiment.phases.epochs).toBe(4);
  });

  test("get one more, to be run if violated, where they ask to be confirmed", () => {
    const once = planned(claim(", confirm: true"));
    expect(epochsOf(once)).toEqual(["warmup1", "before1", "during1", "after1", "pause1", "during2?", "after2?"]);
    expect(once.experiment.phases.epochs).toBe(1);
    expect(explainPlan(once, 200)).toMatch(/\nLasts [\d.]+s, once the services are ready\. [\d.]+s where an epoch is repeated to confirm a violation\. Seed s/);
    expect(epochsOf(planned(claim(", confirm: false")))).not.toContain("during2?");
  });
});

describe("the listeners of a proxy", () => {
  const listenersOf = (proxies: string, services: string): readonly string[] =>
    plan(experimentOf(textWith({ proxies: `proxies:\n  ${proxies}`, services: `services:\n  ${services}`, probes: "probes:\n  checkout: { type: http, url: http://a }" })), { ...where, seed: "s" }).listeners.map(({ proxy, caller }) => `${proxy} ${caller}`);

  test("are the default and one per service replica that mentions it", () => {
    expect(listenersOf("payments: { upstream: http://a }\n  stock: { upstream: http://b, callers: 1 }", 'checkout: { command: "x ${proxies.payments.url}", replicas: 2 }\n  audit: { command: x, env: { U: "${proxies.payments.host}" } }\n  other: { command: "x $${proxies.payments.url} ${services.other.host}" }')).toEqual([
      "payments default", "payments checkout", "payments checkout#2", "payments audit", "stock default",
    ]);
  });

  test("are the default alone where the port is fixed", () => {
    expect(listenersOf('payments: { upstream: http://a, listen: "127.0.0.1:8080" }', 'checkout: { command: "x ${proxies.payments.url}" }')).toEqual(["payments default"]);
  });
});
