import type { Direction, Effect, EffectKind } from "../../model/effect.ts";
import { keyedRandom } from "../../math/random.ts";
import type { LaneContext } from "../lane.ts";
import { FaultLedger } from "./fault-ledger.ts";
import type { Line } from "./line.ts";
import { stageOf } from "./stage-of.ts";
import type { StageEffect } from "./stage-of.ts";
import { Wire } from "./wire.ts";

type Lines = Readonly<Record<"request" | "response", Line>>;
type Undo = (now: boolean) => void;

/** What a lane does to a connection as a whole, beside resetting it. */
export interface Seals {
  /** Ends both sides by FIN, behind what has been written. */
  close(): void;
  /** Nothing is written to either side any more; what they send is taken and lost (`read`), or left with them. Returns what ends the silence, and the connection. */
  silence(read: boolean, closeAfterMs: number | undefined): () => void;
}

/** An end that waits for its moment: after so many more bytes of a direction. */
interface PendingEnd {
  readonly fault: string;
  readonly effect: EffectKind;
  readonly direction: keyof Lines;
  readonly how: "fin" | "rst";
  bytesLeft: number;
}

/** An end that is due within bytes about to be written: after how many of them. */
export interface Cut extends Pick<PendingEnd, "fault" | "effect" | "how"> {
  readonly after: number;
}

/** The faults' grip on one connection: takes hold when a window opens, lets go when it closes or the set is lifted. */
export class Grip {
  readonly ledger = new FaultLedger();
  readonly #context: LaneContext;
  readonly #lines: Lines;
  readonly #sever: () => void;
  readonly #seals: Seals | undefined;
  /** What each fault that holds the connection has to take back; none until one does: most connections live without, and a map is large. */
  #holds: Map<string, readonly Undo[]> | undefined;
  #ends: Set<PendingEnd> | undefined;
  #holdsSoFar = 0;

  /** `sever` resets the connection at once; a lane without `seals` carries out no effect that needs them. */
  constructor(context: LaneContext, lines: Lines, sever: () => void, seals?: Seals) {
    this.#context = context;
    this.#lines = lines;
    this.#sever = sever;
    this.#seals = seals;
  }

  /** Asks the faults in force: at accept, and whenever one of their windows opened or closed. */
  ask(): void {
    const { conn, caller, env } = this.#context;
    const selector = this.#context.selector();
    if (selector.faults.length === 0) return;
    const decided = selector.connection({ conn, caller }, env.nowMs());
    this.ledger.note(decided);
    for (const { fault, decision, effects } of decided) {
      if (decision !== "applied") this.#letGo(fault, false);
      else if (this.#holds?.has(fault) !== true) (this.#holds ??= new Map()).set(fault, effects.map((effect) => this.#carryOut(fault, effect)));
    }
  }

  /** The set of faults is lifted: delays run out, or end `now`. */
  letGoAll(now: boolean): void {
    for (const fault of this.#holds?.keys() ?? []) this.#letGo(fault, now);
  }

  /** Counts bytes of the answer that are about to be written. */
  cutsAnswer(length: number): Cut | undefined {
    return this.#ends === undefined ? undefined : this.#cuts("response", length);
  }

  /** Counts bytes of the request that are about to be written. */
  cutsRequest(length: number): Cut | undefined {
    return this.#ends === undefined ? undefined : this.#cuts("request", length);
  }

  /** The bytes before it have been written: ends the connection. */
  carryOutCut({ fault, effect, how }: Cut): void {
    this.ledger.acted(fault, effect, this.#context.env.nowMs());
    if (how === "rst") this.#sever();
    else this.#seals?.close();
  }

  #cuts(direction: PendingEnd["direction"], length: number): Cut | undefined {
    let first: PendingEnd | undefined;
    for (const end of this.#ends ?? []) if (end.direction === direction && (first === undefined || end.bytesLeft < first.bytesLeft)) first = end;
    if (first !== undefined && first.bytesLeft <= length) return { fault: first.fault, effect: first.effect, how: first.how, after: first.bytesLeft };
    for (const end of this.#ends ?? []) if (end.direction === direction) end.bytesLeft -= length;
    return undefined;
  }

  #letGo(fault: string, now: boolean): void {
    const undos = this.#holds?.get(fault);
    if (undos === undefined) return;
    this.#holds?.delete(fault);
    for (const undo of undos) undo(now);
    this.ledger.released(fault, this.#context.env.nowMs());
  }

  #carryOut(fault: string, effect: Effect): Undo {
    switch (effect.kind) {
      case "delay-bytes":
      case "throttle":
      case "slice":
      case "lose":
      case "hold-end":
        return this.#addStages(fault, effect);
      case "reset":
        if (effect.at === "accept") return this.#resetNow(fault);
        return this.#endLater({ fault, effect: "reset", direction: effect.at, how: "rst", bytesLeft: effect.afterBytes ?? 0 });
      case "limit":
        if (effect.how === "fin" && this.#seals === undefined) return this.#refuse(effect);
        return together(directionsOf(effect.direction).map((direction) => this.#endLater({ fault, effect: "limit", direction, how: effect.how, bytesLeft: effect.bytes })));
      case "silence":
        if (this.#seals === undefined) return this.#refuse(effect);
        this.ledger.acted(fault, "silence", this.#context.env.nowMs());
        return this.#seals.silence(effect.read, effect.closeAfterMs);
      case "delay":
      case "respond":
      case "close":
      case "hang":
      case "spread":
      case "truncate":
      case "corrupt":
      case "malformed":
      case "grpc-status":
      case "stream-reset":
      case "goaway":
      case "rewrite":
      case "duplicate":
      case "replay":
      case "remember":
      case "delay-message":
      case "drop-message":
      case "close-frame":
      case "handshake":
      case "admit":
      case "refuse":
        // Of exchanges, messages, handshakes and listeners; no fault decides them for a connection.
        return this.#refuse(effect);
      default:
        return effect satisfies never;
    }
  }

  #addStages(fault: string, effect: StageEffect): Undo {
    const { env, seed, conn } = this.#context;
    this.#holdsSoFar += 1;
    return together(directionsOf(effect.direction).map((direction): Undo => {
      const line = this.#lines[direction];
      const options = {
        env,
        random: keyedRandom(seed, "bytes", fault, conn, direction, this.#holdsSoFar),
        wire: (bytesPerSecond: number) => (effect.kind === "throttle" && effect.shared ? this.#sharedWire(`${fault} ${direction}`, bytesPerSecond) : new Wire(bytesPerSecond)),
        acted: () => this.ledger.acted(fault, effect.kind, env.nowMs()),
      };
      const stage = line.add((give) => stageOf(effect, options, give));
      return (now) => line.remove(stage, now);
    }));
  }

  #sharedWire(name: string, bytesPerSecond: number): Wire {
    const wires = this.#context.sharedWires();
    const wire = wires.get(name) ?? new Wire(bytesPerSecond);
    wires.set(name, wire);
    return wire;
  }

  #resetNow(fault: string): Undo {
    this.ledger.acted(fault, "reset", this.#context.env.nowMs());
    this.#sever();
    return nothingToUndo;
  }

  #endLater(end: PendingEnd): Undo {
    const ends = (this.#ends ??= new Set());
    ends.add(end);
    return () => ends.delete(end);
  }

  #refuse({ kind }: Effect): Undo {
    const { env, proxy } = this.#context;
    this.#context.record({ kind: "witness-issue", atMs: env.nowMs(), proxy: proxy.name, code: "unsupported-effect", message: `the effect "${kind}" cannot be carried out on a connection of the lane ${proxy.lane}` });
    return nothingToUndo;
  }
}

function directionsOf(direction: Direction): readonly (keyof Lines)[] {
  return direction === "both" ? ["request", "response"] : [direction];
}

function together(undos: readonly Undo[]): Undo {
  return (now) => undos.forEach((undo) => undo(now));
}

function nothingToUndo(): void {
  // What was done cannot be taken back, or nothing was.
}
