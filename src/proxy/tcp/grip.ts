import type { Effect } from "../../model/effect.ts";
import { drawDelayMs } from "../../math/distribution.ts";
import { keyedRandom } from "../../math/random.ts";
import type { LaneContext } from "../lane.ts";
import { DelayStage } from "./delay-stage.ts";
import { FaultLedger } from "./fault-ledger.ts";
import type { Line } from "./line.ts";

type Lines = Readonly<Record<"request" | "response", Line>>;
type Undo = (now: boolean) => void;

/** A reset that waits for its moment: after so many more bytes of the answer, or at the next byte of the request. */
interface PendingReset {
  readonly fault: string;
  readonly at: "request" | "response";
  bytesLeft: number;
}

/** The faults' grip on one connection: takes hold when a window opens, lets go when it closes or the set is lifted. */
export class Grip {
  readonly ledger = new FaultLedger();
  readonly #context: LaneContext;
  readonly #lines: Lines;
  readonly #sever: () => void;
  /** What each fault that holds the connection has to take back. */
  readonly #holds = new Map<string, readonly Undo[]>();
  readonly #resets = new Set<PendingReset>();
  #holdsSoFar = 0;

  /** `sever` resets the connection at once. */
  constructor(context: LaneContext, lines: Lines, sever: () => void) {
    this.#context = context;
    this.#lines = lines;
    this.#sever = sever;
  }

  /** Asks the faults in force: at accept, and whenever one of their windows opened or closed. */
  ask(): void {
    const { conn, caller, env } = this.#context;
    const decided = this.#context.selector().connection({ conn, caller }, env.nowMs());
    this.ledger.note(decided);
    for (const { fault, decision, effects } of decided) {
      if (decision !== "applied") this.#letGo(fault, false);
      else if (!this.#holds.has(fault)) this.#holds.set(fault, effects.map((effect) => this.#carryOut(fault, effect)));
    }
  }

  /** The set of faults is lifted: delays run out, or end `now`. */
  letGoAll(now: boolean): void {
    for (const fault of this.#holds.keys()) this.#letGo(fault, now);
  }

  /** Whether these bytes of the request bring a reset; it is carried out. */
  resetsRequest(): boolean {
    const pending = this.#pending("request");
    if (pending !== undefined) this.reset(pending.fault);
    return pending !== undefined;
  }

  /** Counts bytes of the answer that are about to be written. When a reset is due in them: after how many, and by which fault. */
  cutsAnswer(length: number): { readonly after: number; readonly fault: string } | undefined {
    if (this.#resets.size === 0) return undefined;
    const pending = this.#pending("response");
    if (pending !== undefined && pending.bytesLeft <= length) return { after: pending.bytesLeft, fault: pending.fault };
    for (const reset of this.#resets) reset.bytesLeft -= length;
    return undefined;
  }

  reset(fault: string): void {
    this.ledger.acted(fault, "reset", this.#context.env.nowMs());
    this.#sever();
  }

  /** The pending reset that comes first. */
  #pending(at: PendingReset["at"]): PendingReset | undefined {
    let first: PendingReset | undefined;
    for (const reset of this.#resets) if (reset.at === at && (first === undefined || reset.bytesLeft < first.bytesLeft)) first = reset;
    return first;
  }

  #letGo(fault: string, now: boolean): void {
    const undos = this.#holds.get(fault);
    if (undos === undefined) return;
    this.#holds.delete(fault);
    for (const undo of undos) undo(now);
    this.ledger.released(fault, this.#context.env.nowMs());
  }

  #carryOut(fault: string, effect: Effect): Undo {
    switch (effect.kind) {
      case "delay-bytes":
        return this.#delayBytes(fault, effect);
      case "reset":
        return this.#resetLater(fault, effect);
      case "delay":
      case "respond":
      case "close":
      case "hang":
      case "throttle":
      case "slice":
      case "spread":
      case "truncate":
      case "corrupt":
      case "malformed":
      case "lose":
      case "hold-end":
      case "limit":
      case "silence":
      case "admit":
      case "refuse":
        // Of exchanges and listeners; no fault decides them for a connection.
        return nothingToUndo;
      default:
        return effect satisfies never;
    }
  }

  #delayBytes(fault: string, { direction, delay }: Extract<Effect, { kind: "delay-bytes" }>): Undo {
    const { env, seed, conn } = this.#context;
    this.#holdsSoFar += 1;
    const directions = direction === "both" ? (["request", "response"] as const) : [direction];
    const undos = directions.map((direction): Undo => {
      const random = keyedRandom(seed, "bytes", fault, conn, direction, this.#holdsSoFar);
      const drawMs = (): number => {
        this.ledger.acted(fault, "delay-bytes", env.nowMs());
        return drawDelayMs(delay, random);
      };
      const line = this.#lines[direction];
      const stage = line.add((give) => new DelayStage(env, drawMs, give));
      return (now) => line.remove(stage, now);
    });
    return (now) => undos.forEach((undo) => undo(now));
  }

  #resetLater(fault: string, { at, afterBytes }: Extract<Effect, { kind: "reset" }>): Undo {
    if (at === "accept") {
      this.reset(fault);
      return nothingToUndo;
    }
    const pending = { fault, at, bytesLeft: afterBytes ?? 0 };
    this.#resets.add(pending);
    return () => this.#resets.delete(pending);
  }
}

function nothingToUndo(): void {
  // What was done cannot be taken back, or nothing was.
}
