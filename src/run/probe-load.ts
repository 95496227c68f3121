import type { Due } from "../math/pacer.ts";
import type { Env, Timer } from "../model/env.ts";
import type { RunEvent, SampleRecord } from "../model/event.ts";
import type { Probe } from "../model/experiment.ts";
import type { ProbeAnswer } from "../model/probe-type.ts";
import type { Ask } from "./ask.ts";
import { failureWord } from "./probes/index.ts";
import type { Caller, Flight } from "./probes/index.ts";

export interface ProbeLoadOptions {
  readonly env: Env;
  readonly probe: Probe;
  /** Of an open load, ms from the start of the load. */
  readonly dues: Iterator<Due>;
  /** When the load starts and ends. */
  readonly startMs: number;
  readonly endMs: number;
  readonly ask: (n: number) => Ask & { readonly headers: Readonly<Record<string, string>> };
  readonly caller: Caller;
  readonly record: (fact: SampleRecord | RunEvent) => void;
}

interface InFlight {
  readonly dueMs: number;
  readonly sentMs: number;
  readonly flight: Flight;
  readonly timeout: Timer;
}

/**
 * Sends the requests of one probe when they are due. Open: due times are fixed in advance, no answer delays the next request.
 * Serial: the next is due `pauseMs` after an answer. A request that is not answered within the probe's timeout, counted from its due time, is ended.
 */
export class ProbeLoad {
  readonly #options: ProbeLoadOptions;
  readonly #inFlight = new Map<number, InFlight>();
  #n = 0;
  #timer: Timer | undefined;
  #next: number | undefined;
  #isStopped = false;
  #isEnded = false;
  #isCapped = false;
  #whenIdle: (() => void) | undefined;

  constructor(options: ProbeLoadOptions) {
    this.#options = options;
    this.#next = options.probe.load.kind === "serial" ? options.startMs : this.#nextDue();
    this.#arm();
  }

  /** Resolves when the last request has been sent and answered (or ended by its timeout). */
  async drained(): Promise<void> {
    if (this.#isIdle()) return;
    await new Promise<void>((resolve) => {
      this.#whenIdle = resolve;
    });
  }

  /** Sends no more; what is unfinished is waited for. */
  end(): void {
    this.#timer?.cancel();
    this.#next = undefined;
    this.#isEnded = true;
    if (this.#isIdle()) this.#whenIdle?.();
  }

  /** Sends no more and ends what is unfinished, which is recorded as pending. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    for (const [n, { dueMs, sentMs, flight, timeout }] of this.#inFlight) {
      this.#inFlight.delete(n);
      timeout.cancel();
      this.#record({ n, dueMs, sentMs, grade: "pending", atMs: this.#options.env.nowMs() });
      flight.abort("ended");
    }
    this.#whenIdle?.();
  }

  /** Requests that are unfinished now, as they would be recorded. */
  pending(): readonly SampleRecord[] {
    const atMs = this.#options.env.nowMs();
    return [...this.#inFlight].map(([n, { dueMs, sentMs }]) => ({ kind: "sample", probe: this.#options.probe.name, n, dueMs, sentMs, grade: "pending", atMs }));
  }

  #isIdle(): boolean {
    return this.#isStopped || (this.#next === undefined && this.#inFlight.size === 0);
  }

  #nextDue(): number | undefined {
    const next = this.#options.dues.next();
    return next.done === true ? undefined : this.#options.startMs + next.value.dueMs;
  }

  #arm(): void {
    const { env } = this.#options;
    if (this.#next !== undefined && !this.#isStopped) this.#timer = env.after(this.#next - env.nowMs(), () => this.#sendDue());
  }

  /** Sends all that is due by now: a timer may be late for several. */
  #sendDue(): void {
    const { env, probe } = this.#options;
    while (this.#next !== undefined && this.#next <= env.nowMs()) {
      const dueMs = this.#next;
      this.#next = probe.load.kind === "serial" ? undefined : this.#nextDue();
      this.#send(dueMs);
    }
    this.#arm();
  }

  #send(dueMs: number): void {
    const { env, probe, ask } = this.#options;
    const n = (this.#n += 1);
    if (this.#inFlight.size >= probe.load.inFlight) return this.#capped(n, dueMs);
    this.#isCapped = false;
    const { call, headers, ...question } = ask(n);
    const sentMs = env.nowMs();
    let early: ProbeAnswer | undefined;
    const flight = this.#call(call, headers, (answer) => {
      if (this.#inFlight.has(n)) this.#answered(n, answer, question);
      else early = answer;
    });
    const timeout = env.after(dueMs + probe.timeoutMs - sentMs, () => flight.abort("timeout"));
    this.#inFlight.set(n, { dueMs, sentMs, flight, timeout });
    // A call can fail before it has begun.
    if (early !== undefined) this.#answered(n, early, question);
  }

  /** What cannot be called at all, such as a URL that is none, is a failed request and no end of the run. */
  #call(...[call, headers, answered]: Parameters<Caller["call"]>): Flight {
    try {
      return this.#options.caller.call(call, headers, answered);
    } catch (error) {
      answered({ failure: failureWord(error) });
      return { abort: () => undefined };
    }
  }

  #answered(n: number, answer: ProbeAnswer, { grade, blame, capture }: Pick<Ask, "grade" | "blame" | "capture">): void {
    const found = this.#inFlight.get(n);
    if (found === undefined) return;
    const endMs = this.#options.env.nowMs();
    this.#inFlight.delete(n);
    found.timeout.cancel();
    const { dueMs, sentMs } = found;
    const graded = grade(answer);
    this.#record({
      n, dueMs, sentMs, endMs, grade: graded, atMs: endMs,
      ...(answer.status === undefined ? {} : { status: answer.status }),
      ...(answer.failure === undefined ? {} : { failure: answer.failure }),
      ...(graded === "bad" ? { blame: blame(answer) } : {}),
      ...capture(answer),
    });
    if (this.#options.probe.load.kind === "serial") this.#follow(endMs);
    if (this.#isIdle()) this.#whenIdle?.();
  }

  /** Serial: the next request follows an answer. */
  #follow(endMs: number): void {
    const next = endMs + this.#options.probe.load.pauseMs;
    this.#next = next < this.#options.endMs && !this.#isEnded ? next : undefined;
    this.#arm();
  }

  /** Recorded once for each stretch at the cap. */
  #capped(n: number, dueMs: number): void {
    const { env, probe, record } = this.#options;
    const atMs = env.nowMs();
    if (!this.#isCapped) record({ kind: "in-flight-cap", atMs, probe: probe.name, limit: probe.load.inFlight });
    this.#isCapped = true;
    this.#record({ n, dueMs, grade: "unsent", atMs });
  }

  #record(sample: Omit<SampleRecord, "kind" | "probe">): void {
    this.#options.record({ kind: "sample", probe: this.#options.probe.name, ...sample });
  }
}
