import { once } from "node:events";
import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startControlStack } from "../integration/control-stack.ts";
import { freePort, serve } from "../integration/wire.ts";
import { header, send } from "../proxy/api/raw-http.ts";
import { findProgram, missing, startServer } from "./servers.ts";
import { differences, sinceOlder } from "./toxiproxy-differences.ts";
import type { Answered, Difference } from "./toxiproxy-differences.ts";
import { scenarios } from "./toxiproxy-requests.ts";
import type { Scenario, Step } from "./toxiproxy-requests.ts";

const why = missing(["toxiproxy-server"], "toxiproxy");

/** One of the two, with ports of its own. */
interface Side {
  readonly port: number;
  readonly ports: Readonly<Record<string, number>>;
  /** Before 2.6.0: its version is a word, and updates are POST only. */
  readonly isOlder: boolean;
}

describe.skipIf(why !== undefined)(`the control API beside the real Toxiproxy${why === undefined ? "" : `, ${why}`}`, () => {
  const undo: (() => unknown)[] = [];
  let real: Side;
  let ours: Side;
  const used = new Set<string>();
  const known = (): readonly Difference[] => (real.isOlder ? [...sinceOlder, ...differences] : differences);

  beforeAll(async () => {
    const taken = await serve(() => undefined);
    undo.push(() => taken.close());
    const ports = async (): Promise<Record<string, number>> => ({ PORT1: await quietPort(), PORT2: await quietPort(), TAKEN: taken.port });
    const port = await freePort();
    const server = await startServer(findProgram("toxiproxy-server") ?? "", ["-host", "127.0.0.1", "-port", String(port)], port);
    undo.push(server.stop);
    const version = (await send(port, { path: "/version" })).body;
    real = { port, ports: await ports(), isOlder: !version.includes("version") };
    const stack = await startControlStack();
    undo.push(() => stack.close());
    ours = { port: stack.port, ports: await ports(), isOlder: false };
  });
  afterAll(async () => {
    for (const action of undo.splice(0).reverse()) await action();
  });

  it.each(scenarios.map((scenario) => [shorten(scenario.title), scenario] as const))("%s", async (_title, scenario) => {
    const [theirs, mine] = await Promise.all([play(scenario, real), play(scenario, ours)]);
    const odd = scenario.steps.flatMap((step, i) => {
      const [a, b] = [theirs[i], mine[i]];
      if (a === undefined || b === undefined || JSON.stringify(a) === JSON.stringify(b)) return [];
      const line = step.raw?.split("\r\n")[0] ?? `${step.method} ${step.path}`;
      const found = known().filter(({ is }) => is({ scenario: scenario.title, step: line, real: a, ours: b }));
      for (const { what } of found) used.add(what);
      return found.length > 0 ? [] : [`${i} ${line}\n  real ${JSON.stringify(a)}\n  ours ${JSON.stringify(b)}`];
    });
    expect(odd, odd.join("\n")).toEqual([]);
  });

  it("differs in everything that is said to differ", () => {
    expect(known().map(({ what }) => what).filter((what) => !used.has(what))).toEqual([]);
  });
});

/** A free one below those that the system gives away by itself, so that no other listener gets it meanwhile. */
async function quietPort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const server = createServer().listen(port, "127.0.0.1");
    const isFree = await new Promise<boolean>((resolve) => server.on("listening", () => resolve(true)).on("error", () => resolve(false)));
    if (!isFree) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}

/** From a server without proxies on. */
async function play(scenario: Scenario, side: Side): Promise<readonly Answered[]> {
  const names = Object.keys(JSON.parse((await send(side.port, { path: "/proxies" })).body) as object);
  // A name with a slash, or a dot alone, is in no path: such a proxy goes when another takes its place by populate, or never.
  for (const name of names) await send(side.port, { method: "DELETE", path: `/proxies/${encodeURIComponent(name)}` });
  const answers: Answered[] = [];
  for (const step of scenario.steps) answers.push(answered(await send(side.port, requestOf(step, side)), side));
  return answers;
}

function requestOf(step: Step, side: Side): Parameters<typeof send>[1] {
  if (step.raw !== undefined) return step.raw;
  const fill = (text: string): string => text.replaceAll(/PORT\d|TAKEN/g, (name) => String(side.ports[name]));
  const method = step.method === "PATCH" && side.isOlder && /^\/proxies\/[^/]+(\/toxics\/[^/]+)?$/.test(step.path) ? "POST" : step.method;
  return { method, path: fill(step.path), headers: step.headers ?? {}, ...(step.body === undefined ? {} : { body: fill(step.body) }) };
}

function answered(response: Awaited<ReturnType<typeof send>>, side: Side): Answered {
  return {
    status: response.status,
    type: header(response, "content-type"),
    nosniff: header(response, "x-content-type-options") === "nosniff",
    id: header(response, "x-toxiproxy-request-id")?.length === 20,
    location: header(response, "location"),
    body: normal(response.body, side),
  };
}

/** Ports by their names, any other that listens as `SOME`, and without the `Logger` that is shown by accident. */
function normal(body: string, side: Side): string {
  const names = new Map(Object.entries(side.ports).map(([name, port]) => [String(port), name]));
  return body
    .replaceAll('"Logger":{},', "")
    .replaceAll(/:(\d{4,5})(?=\D)/g, (text, port: string) => (names.has(port) ? `:${names.get(port)}` : text))
    .replaceAll(/"listen":"((?:127\.0\.0\.1|\[::1?\])):\d+"/g, '"listen":"$1:SOME"');
}

function shorten(title: string): string {
  return title.length > 150 ? `${title.slice(0, 150)}… (${title.length} characters)` : title;
}
