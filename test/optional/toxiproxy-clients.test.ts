import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { serveProxy } from "../../src/run/index.ts";
import { freePort } from "../support/toxiproxy.ts";
import { clientName, languages, prepareClient, prepareToxiproxy } from "./client-programs.ts";
import type { Language, Prepared } from "./client-programs.ts";
import { expectedRound, rows } from "./client-rounds.ts";
import type { Expected } from "./client-rounds.ts";
import { runProgram, startServer } from "./servers.ts";

const lineEnd = 10;
const messages = ["proxy already exists", "proxy not found", "toxic not found", "invalid toxic type", "stream was invalid, can be either upstream or downstream"];

const real = await prepareToxiproxy();
const clients: (readonly [string, Language, Prepared])[] = [];
for (const language of languages) clients.push([clientName(language), language, await prepareClient(language)]);

const undo: (() => unknown)[] = [];
let upstreamPort: number;

beforeAll(async () => {
  // Sends back what comes, and ends the connection after a line's end.
  const echo = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (bytes) => {
      socket.write(bytes);
      if (bytes.at(-1) === lineEnd) socket.end();
    });
  });
  echo.listen(0, "127.0.0.1");
  await once(echo, "listening");
  const address = echo.address();
  upstreamPort = address === null || typeof address === "string" ? 0 : address.port;
  undo.push(() => echo.close());
});
afterAll(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

const stop: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const action of stop.splice(0)) await action();
});

// A busy machine is asked again: who is late by accident is not late three times.
describe.each(clients)("a whole round with %s", { retry: 2 }, (_name, language, client) => {
  it.skipIf("why" in client)(`is served by chaos proxy${whyOf(client)}`, async () => {
    const port = await freePort();
    const served = await serveProxy({ host: "127.0.0.1", port, seed: randomBytes(4).toString("hex") });
    stop.push(() => served.close());
    const [seen, expected] = [await round(client, port), expectedRound(language, "ours")];
    expect(seen.map(stepAndFacts)).toEqual(expected.map(stepAndFacts));
    expect(outOfBounds(seen, expected)).toEqual([]);
  });

  it.skipIf("why" in client || "why" in real)(`is the same with Toxiproxy itself, but for what is said to differ${whyOf(client) || whyOf(real)}`, async () => {
    const port = await freePort();
    const server = await startServer(commandOf(real)[0], ["-host", "127.0.0.1", "-port", String(port)], port);
    stop.push(server.stop);
    const [seen, expected] = [await round(client, port), expectedRound(language, "Toxiproxy")];
    expect(seen.map(stepAndFacts)).toEqual(expected.map(stepAndFacts));
    expect(outOfBounds(seen, expected)).toEqual([]);
  });
});

interface Seen {
  readonly step: string;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly times: Readonly<Record<string, number>>;
}

/** Runs a program of a client; what it saw, line by line. */
async function round(client: Prepared, port: number): Promise<readonly Seen[]> {
  const [command, ...args] = commandOf(client);
  const out = await runProgram(command, [...args, String(port), String(upstreamPort), JSON.stringify(rows)]);
  return out.toString().trimEnd().split("\n").map((line) => {
    const { step, ...rest }: { readonly step: string; readonly [name: string]: unknown } = JSON.parse(line);
    const times = Object.fromEntries(Object.entries(rest).filter((pair): pair is [string, number] => typeof pair[1] === "number" && pair[0].endsWith("Ms")));
    const facts = Object.fromEntries(Object.entries(rest).filter(([name]) => !(name in times)).map(([name, value]) => [name, name === "error" ? messageIn(String(value)) : value]));
    return { step, facts, times };
  });
}

function stepAndFacts({ step, facts }: Pick<Seen, "step" | "facts">): Pick<Seen, "step" | "facts"> {
  return { step, facts };
}

function outOfBounds(seen: readonly Seen[], expected: readonly Expected[]): readonly string[] {
  const bounds = new Map(expected.map(({ step, times }) => [step, times]));
  return seen.flatMap(({ step, times }) => Object.entries(times).flatMap(([name, ms]) => {
    const [fromMs, underMs] = bounds.get(step)?.[name] ?? [0, 0];
    return ms >= fromMs && ms < underMs ? [] : [`${step}: ${name} ${ms}, expected ${fromMs} to ${underMs}`];
  }));
}

/** The server's own words, which each client wraps in another way. */
function messageIn(text: string): string {
  return messages.find((message) => text.includes(message)) ?? text;
}

function commandOf(prepared: Prepared): readonly [string, ...string[]] {
  if ("why" in prepared) throw new Error(prepared.why);
  return prepared.command;
}

function whyOf(prepared: Prepared): string {
  return "why" in prepared ? `, ${prepared.why}` : "";
}
