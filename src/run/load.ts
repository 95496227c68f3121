import { randomBytes } from "node:crypto";
import type { Env } from "../model/env.ts";
import type { RunEvent, SampleRecord } from "../model/event.ts";
import type { Probe } from "../model/experiment.ts";
import type { Plan } from "../model/plan.ts";
import type { RunScope } from "../experiment/interpolate.ts";
import { dueTimes } from "../math/pacer.ts";
import { keyedRandom } from "../math/random.ts";
import { encodeRequestKey, requestId } from "../math/request-key.ts";
import { questionsOf } from "./ask.ts";
import { ProbeLoad } from "./probe-load.ts";
import type { ProbeLoadOptions } from "./probe-load.ts";
import { createCaller } from "./probes/index.ts";
import type { Caller } from "./probes/index.ts";
import { spawnSupervisor } from "./spawn.ts";

export interface LoadOptions {
  readonly env: Env;
  readonly plan: Plan;
  readonly tracePrefix: string;
  /** What placeholders stand for; `request` is added for each request. */
  readonly scope: RunScope;
  readonly baseDir: string;
  /** Environment of commands. */
  readonly environment: Readonly<Record<string, string>>;
  readonly record: (fact: SampleRecord | RunEvent) => void;
}

/** The load of all probes. It is made before it starts, so that nothing is left to do when the first request is due. */
export class Load {
  readonly #options: LoadOptions;
  readonly #callers: readonly Caller[];
  readonly #asks: readonly ProbeLoadOptions["ask"][];
  readonly #letGo: () => void;
  #running: readonly ProbeLoad[] = [];

  constructor(options: LoadOptions) {
    const { plan, scope, tracePrefix } = options;
    this.#options = options;
    this.#asks = plan.experiment.probes.map((probe, index) => askerOf(probe, index, plan.seed, tracePrefix, scope));
    const calls = this.#asks.map((ask) => ask(1).call);
    const supervisor = calls.some(({ kind }) => kind === "command") ? spawnSupervisor() : undefined;
    const setting = {
      baseDir: options.baseDir, env: options.environment,
      watch: (pid: number) => supervisor?.send({ kind: "watch", pid }),
      forget: (pid: number) => supervisor?.send({ kind: "forget", pid }),
    };
    this.#callers = plan.experiment.probes.flatMap(({ load }, i) => {
      const call = calls[i];
      return call === undefined ? [] : [createCaller(call, load, setting)];
    });
    this.#letGo = () => supervisor?.send({ kind: "stop" });
  }

  start(startMs: number): void {
    const { env, plan, record } = this.#options;
    const endMs = startMs + (plan.schedule.at(-1)?.endMs ?? 0);
    this.#running = plan.experiment.probes.flatMap((probe, i) => {
      const [ask, caller] = [this.#asks[i], this.#callers[i]];
      if (ask === undefined || caller === undefined) return [];
      const dues = dueTimes(probe.load, plan.schedule, keyedRandom(plan.seed, "arrivals", probe.name))[Symbol.iterator]();
      return [new ProbeLoad({ env, probe, dues, startMs, endMs, ask, caller, record })];
    });
  }

  /** Resolves when every request has been sent and answered, or ended by its timeout. */
  async drained(): Promise<void> {
    await Promise.all(this.#running.map((load) => load.drained()));
  }

  /** Sends no more, though more was planned. */
  end(): void {
    for (const load of this.#running) load.end();
  }

  pending(): readonly SampleRecord[] {
    return this.#running.flatMap((load) => load.pending());
  }

  /** Sends no more, ends what is unfinished, and lets go of connections and commands. */
  async stop(): Promise<void> {
    for (const load of this.#running) load.stop();
    await Promise.all(this.#callers.map((caller) => caller.close()));
    this.#letGo();
  }
}

function askerOf(probe: Probe, index: number, seed: string, tracePrefix: string, scope: RunScope): ProbeLoadOptions["ask"] {
  const question = questionsOf(probe, scope);
  return (n) => {
    const ask = question({ id: requestId(probe.name, n, tracePrefix), n });
    const { call } = ask;
    const isTraced = call.kind === "http" && call.trace;
    return { ...ask, headers: isTraced ? { traceparent: `00-${tracePrefix}${encodeRequestKey(seed, index, n)}-${spanId()}-01` } : {} };
  };
}

/** Random, as the specification wants it; all zeros would be invalid. W3C Trace Context §3.2.2.4. */
function spanId(): string {
  return (randomBytes(8).readBigUInt64BE() | 1n).toString(16).padStart(16, "0");
}
