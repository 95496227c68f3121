import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startControlStack } from "../integration/control-stack.ts";
import { differences, sinceOlder } from "../integration/toxiproxy-wire/differences.ts";
import type { Answered, Difference } from "../integration/toxiproxy-wire/differences.ts";
import { keyOf, oddities, play, portsBeside, titleOf } from "../integration/toxiproxy-wire/play.ts";
import type { Recording, Side } from "../integration/toxiproxy-wire/play.ts";
import { scenarios } from "../integration/toxiproxy-wire/requests.ts";
import { serve } from "../integration/wire.ts";
import { freePort } from "../support/toxiproxy.ts";
import { send } from "../proxy/api/raw-http.ts";
import { findProgram, missing, startServer } from "./servers.ts";

const why = missing(["toxiproxy-server"], "toxiproxy");
/** With RECORD_TOXIPROXY=1 its answers become those that the suite without it compares with; of a release only, which knows its version. */
const recordTo = process.env["RECORD_TOXIPROXY"] === "1" ? new URL("../integration/toxiproxy-wire/answers.json", import.meta.url) : undefined;

describe.skipIf(why !== undefined)(`the control API beside the real Toxiproxy${why === undefined ? "" : `, ${why}`}`, () => {
  const undo: (() => unknown)[] = [];
  let real: Side;
  let ours: Side;
  let version = "";
  const used = new Set<string>();
  const heard = new Map<string, readonly Answered[]>();
  const known = (): readonly Difference[] => (real.isOlder ? [...sinceOlder, ...differences] : differences);

  beforeAll(async () => {
    const taken = await serve(() => undefined);
    undo.push(() => taken.close());
    const port = await freePort();
    const server = await startServer(findProgram("toxiproxy-server") ?? "", ["-host", "127.0.0.1", "-port", String(port)], port);
    undo.push(server.stop);
    version = /"version": "(\d+\.\d+\.\d+)"/.exec((await send(port, { path: "/version" })).body)?.[1] ?? "";
    real = { port, ports: await portsBeside(taken.port), isOlder: version === "" };
    const stack = await startControlStack();
    undo.push(() => stack.close());
    ours = { port: stack.port, ports: await portsBeside(taken.port), isOlder: false };
  });
  afterAll(async () => {
    for (const action of undo.splice(0).reverse()) await action();
    if (recordTo !== undefined && version !== "") writeFileSync(recordTo, recordingText(version, heard));
  });

  it.each(scenarios.map((scenario) => [titleOf(scenario), scenario] as const))("%s", async (_title, scenario) => {
    const [theirs, mine] = await Promise.all([play(scenario, real), play(scenario, ours)]);
    heard.set(keyOf(scenario), theirs);
    const odd = oddities(scenario, theirs, mine, known(), used);
    expect(odd, odd.join("\n")).toEqual([]);
  });

  it("differs in everything that is said to differ", () => {
    expect(known().map(({ what }) => what).filter((what) => !used.has(what))).toEqual([]);
  });
});

/** Each different answer once, a line each. */
function recordingText(version: string, heard: ReadonlyMap<string, readonly Answered[]>): string {
  const numbers = new Map<string, number>();
  const scenarios: Record<string, readonly number[]> = {};
  for (const [key, answers] of heard) {
    scenarios[key] = answers.map((answer) => {
      const text = JSON.stringify(answer);
      const number = numbers.get(text) ?? numbers.size;
      numbers.set(text, number);
      return number;
    });
  }
  const recording: Recording = { version, answers: [], scenarios };
  return JSON.stringify(recording)
    .replace('"answers":[]', `"answers":[\n${[...numbers.keys()].join(",\n")}\n]`)
    .replace('"scenarios":{', '"scenarios":{\n')
    .replaceAll(/\],"/g, '],\n"')
    .concat("\n");
}
