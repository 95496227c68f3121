import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { header, send } from "../../proxy/api/raw-http.ts";
import type { Answered, Difference } from "./differences.ts";
import type { Scenario, Step } from "./requests.ts";

/** A server of the API, with ports of its own for the proxies of scenarios. */
export interface Side {
  readonly port: number;
  /** By the names that stand for them: `PORT1`, `PORT2`, `TAKEN`. */
  readonly ports: Readonly<Record<string, number>>;
  /** Before 2.6.0: its version is a word, and updates are POST only. */
  readonly isOlder: boolean;
}

/** What Toxiproxy answered when it was asked. */
export interface Recording {
  readonly version: string;
  /** Each different answer once. */
  readonly answers: readonly Answered[];
  /** Of each scenario, by its key, which answer each of its steps had. */
  readonly scenarios: Readonly<Record<string, readonly number[]>>;
}

/** Names a scenario by what is sent. */
export function keyOf(scenario: Scenario): string {
  return createHash("sha256").update(JSON.stringify(scenario.steps)).digest("hex").slice(0, 12);
}

export async function portsBeside(taken: number): Promise<Side["ports"]> {
  // An odd and an even one: never the same.
  return { PORT1: await quietPort(1), PORT2: await quietPort(0), TAKEN: taken };
}

/** A free one below those that the system gives away by itself, so that no other listener gets it meanwhile. */
async function quietPort(odd: 0 | 1): Promise<number> {
  for (;;) {
    const port = 20_000 + 2 * Math.floor(Math.random() * 5_000) + odd;
    const server = createServer().listen(port, "127.0.0.1");
    const isFree = await new Promise<boolean>((resolve) => server.on("listening", () => resolve(true)).on("error", () => resolve(false)));
    if (!isFree) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}

/** Sends the steps of a scenario to a server whose proxies are removed first. */
export async function play(scenario: Scenario, side: Side): Promise<readonly Answered[]> {
  const names = Object.keys(JSON.parse((await send(side.port, { path: "/proxies" })).body) as object);
  for (const name of names) await send(side.port, { method: "DELETE", path: `/proxies/${encodeURIComponent(name)}` });
  const answers: Answered[] = [];
  for (const step of scenario.steps) answers.push(answered(await send(side.port, requestOf(step, side)), side));
  return answers;
}

/** Steps that were answered otherwise than by Toxiproxy, and not for a reason that is known; what is known is added to `used`. */
export function oddities(scenario: Scenario, real: readonly Answered[], ours: readonly Answered[], known: readonly Difference[], used: Set<string>): readonly string[] {
  return scenario.steps.flatMap((step, i) => {
    const [a, b] = [real[i], ours[i]];
    if (a === undefined || b === undefined || JSON.stringify(a) === JSON.stringify(b)) return [];
    const line = step.raw?.split("\r\n")[0] ?? `${step.method} ${step.path}`;
    const found = known.filter(({ is }) => is({ scenario: scenario.title, step: line, real: a, ours: b }));
    for (const { what } of found) used.add(what);
    return found.length > 0 ? [] : [`${i} ${line}\n  real ${JSON.stringify(a)}\n  ours ${JSON.stringify(b)}`];
  });
}

/** A title that fits on a line. */
export function titleOf({ title }: Scenario): string {
  return title.length > 150 ? `${title.slice(0, 150)}… (${title.length} characters)` : title;
}

function requestOf(step: Step, side: Side): Parameters<typeof send>[1] {
  if (step.raw !== undefined) return step.raw;
  const fill = (text: string): string => text.replaceAll(/PORT\d|TAKEN/g, (name) => String(side.ports[name]));
  const method = step.method === "PATCH" && side.isOlder && /^\/proxies\/[^/]+(\/toxics\/[^/]+)?$/.test(step.path) ? "POST" : step.method;
  return { method, path: fill(step.path), headers: step.headers ?? {}, ...(step.body === undefined ? {} : { body: fill(step.body) }) };
}

function answered(response: Awaited<ReturnType<typeof send>>, side: Side): Answered {
  const [type, location] = [header(response, "content-type"), header(response, "location")];
  return {
    status: response.status,
    ...(type !== undefined && { type }),
    nosniff: header(response, "x-content-type-options") === "nosniff",
    id: header(response, "x-toxiproxy-request-id")?.length === 20,
    ...(location !== undefined && { location }),
    body: normal(response.body, side),
  };
}

/** Ports by their names, any other that listens as `SOME`, without the `Logger` that is shown by accident, and without what a resolver says, which differs by machine. */
function normal(body: string, side: Side): string {
  const names = new Map(Object.entries(side.ports).map(([name, port]) => [String(port), name]));
  return body
    .replaceAll('"Logger":{},', "")
    .replaceAll(/(lookup nowhere\.invalid)[^"]*/g, "$1: …")
    .replaceAll(/:(\d{4,5})(?=\D)/g, (text, port: string) => (names.has(port) ? `:${names.get(port)}` : text))
    .replaceAll(/"listen":"((?:127\.0\.0\.1|\[::1?\])):\d+"/g, '"listen":"$1:SOME"');
}
