import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startControlStack } from "./control-stack.ts";
import { differences } from "./toxiproxy-wire/differences.ts";
import { keyOf, oddities, play, portsBeside, titleOf } from "./toxiproxy-wire/play.ts";
import type { Recording, Side } from "./toxiproxy-wire/play.ts";
import { scenarios } from "./toxiproxy-wire/requests.ts";
import { serve } from "./wire.ts";

const recording = JSON.parse(readFileSync(new URL("./toxiproxy-wire/answers.json", import.meta.url), "utf8")) as Recording;

/** Recorded by test/optional/toxiproxy.test.ts. */
describe(`the control API answers as Toxiproxy ${recording.version} did`, () => {
  const undo: (() => unknown)[] = [];
  const used = new Set<string>();
  let side: Side;

  beforeAll(async () => {
    const taken = await serve(() => undefined);
    undo.push(() => taken.close());
    const stack = await startControlStack();
    undo.push(() => stack.close());
    side = { port: stack.port, ports: await portsBeside(taken.port), isOlder: false };
  });
  afterAll(async () => {
    for (const action of undo.splice(0).reverse()) await action();
  });

  it.each(scenarios.map((scenario) => [titleOf(scenario), scenario] as const))("%s", async (_title, scenario) => {
    const real = recording.scenarios[keyOf(scenario)]?.flatMap((number) => recording.answers[number] ?? []) ?? [];
    expect(real, "not recorded: RECORD_TOXIPROXY=1 npm run test:optional -- test/optional/toxiproxy.test.ts").toHaveLength(scenario.steps.length);
    const odd = oddities(scenario, real, await play(scenario, side), differences, used);
    expect(odd, odd.join("\n")).toEqual([]);
  });

  it("differs in everything that is said to differ", () => {
    expect(differences.map(({ what }) => what).filter((what) => !used.has(what))).toEqual([]);
  });
});
