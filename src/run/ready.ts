import { get } from "node:http";
import { get as getSecured } from "node:https";
import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import type { Env } from "../model/env.ts";
import { ChaosError } from "../model/error.ts";
import type { Ready } from "../model/experiment.ts";
import { format } from "../units/format.ts";
import { sleepUntil, unlessAborted } from "./abortable.ts";
import type { ServiceProcess } from "./service-process.ts";

const pollMs = 50;
const attemptMs = 1_000;

/**
 * Resolves when a service that was just started is ready; `ready.target` is no template any more, and a `log` has been sought since before the start.
 * Throws ChaosError `service-not-ready` (its time is over) or `service-exited` (it ended first), with its last lines; rejects with the signal's reason.
 */
export async function untilReady(service: ServiceProcess, ready: Ready, logged: Promise<void>, { env, signal }: { readonly env: Env; readonly signal: AbortSignal }): Promise<void> {
  const finished = new AbortController();
  const stop = AbortSignal.any([signal, finished.signal]);
  const found = ready.kind === "log" ? logged : poll(ready, env, stop);
  const exited = service.exited.then((exit) => {
    const how = exit.signal ?? (exit.code === undefined ? "unknown" : `exit code ${exit.code}`);
    throw new ChaosError("service-exited", `service ${service.name} ended before it was ready (${how})${service.lastWords()}`, { hint: "run its command by hand to see why" });
  });
  const late = sleepUntil(env, env.nowMs() + ready.withinMs, stop).then(() => {
    throw new ChaosError("service-not-ready", `service ${service.name} was not ready within ${format("duration", ready.withinMs)}: ${sought(ready)}${service.lastWords()}`, { hint: "check that it listens where ready looks, or give it longer with ready.within" });
  });
  // Whoever comes late in the race is not heard.
  for (const loser of [found, exited, late]) loser.catch(() => undefined);
  try {
    await unlessAborted(signal, Promise.race([found, exited, late]));
  } finally {
    finished.abort(new Error("over"));
  }
}

function sought({ kind, target }: Ready): string {
  return kind === "log" ? `"${target}" did not come in its output` : kind === "http" ? `${target} did not answer 2xx` : `${target} accepted no connection`;
}

async function poll({ kind, target }: Ready, env: Env, signal: AbortSignal): Promise<void> {
  while (!(await (kind === "http" ? answersWell(target) : accepts(target)))) await sleepUntil(env, env.nowMs() + pollMs, signal);
}

function answersWell(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const answered = (response: IncomingMessage): void => {
      const status = response.statusCode ?? 0;
      resolve(status >= 200 && status < 300);
      response.destroy();
    };
    const options = { agent: false, timeout: attemptMs } as const;
    // Whether it is up is asked here, not whether it is to be trusted.
    const request = url.startsWith("https:") ? getSecured(url, { ...options, rejectUnauthorized: false }, answered) : get(url, options, answered);
    request.on("timeout", () => request.destroy()).on("error", () => resolve(false)).on("close", () => resolve(false));
  });
}

/** `host:port`, or a URL that has both. */
function accepts(target: string): Promise<boolean> {
  const { hostname, port } = new URL(target.includes("://") ? target : `tcp://${target}`);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname.replaceAll(/[[\]]/g, ""), port: Number(port), timeout: attemptMs });
    const settle = (isUp: boolean): void => {
      socket.destroy();
      resolve(isUp);
    };
    socket.once("connect", () => settle(true)).once("error", () => settle(false)).once("timeout", () => settle(false));
  });
}
