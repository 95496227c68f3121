import { isDeepStrictEqual } from "node:util";
import type { Effect } from "../../model/effect.ts";
import { keyedRandom } from "../../math/random.ts";
import type { FaultsChange, LaneContext } from "../lane.ts";
import { Alarm } from "./alarm.ts";
import { FaultLedger } from "./fault-ledger.ts";
import { heldReset } from "./held-reset.ts";
import type { Reset } from "./held-reset.ts";
import type { Line } from "./line.ts";
import { LossStage } from "./loss-stage.ts";
import { isOnStage, oneWay, placeOf, wayOf } from "./part.ts";
import type { Part, Way } from "./part.ts";
import { PendingEnds } from "./pending-ends.ts";
import type { Cut, PendingEnd } from "./pending-ends.ts";
import type { Chunk, Stage } from "./stage.ts";
import { stageOf } from "./stage-of.ts";
import type { StageEffect } from "./stage-of.ts";
import { Wire } from "./wire.ts";

type Lines = Readonly<Record<Way, Line>>;

/** What a lane does to a connection as a whole, beside resetting it. */
export interface Seals {
  /** Ends both sides by FIN, behind what has been written. */
  close(): void;
  /** Nothing is written to either side any more; what they send is taken and lost (`read`), or left with them. Returns what ends the silence, and the connection. */
  silence(read: boolean): () => void;
}

/** What a fault does to the connection, since when. */
interface Hold {
  readonly sinceMs: number;
  /** Since it began. */
  readonly isNew: boolean;
  parts: readonly Part[];
}

/** The faults' grip on one connection: takes hold when a window opens, lets go when it closes or the set is lifted. */
export class Grip {
  readonly ledger = new FaultLedger();
  readonly #context: LaneContext;
  readonly #lines: Lines;
  readonly #sever: () => void;
  readonly #seals: Seals | undefined;
  /** By fault; none until one holds the connection: most live without, and a map is large. */
  #holds: Map<string, Hold> | undefined;
  #ends: PendingEnds | undefined;
  #lossy: Set<Way> | undefined;
  #stagesSoFar = 0;
  /** Asked for the first time: the connection has just begun. */
  #isNew = true;

  /** `sever` resets the connection at once; a lane without `seals` carries out no effect that needs them. */
  constructor(context: LaneContext, lines: Lines, sever: () => void, seals?: Seals) {
    this.#context = context;
    this.#lines = lines;
    this.#sever = sever;
    this.#seals = seals;
  }

  /** Asks the faults in force: at accept, whenever one of their windows opened or closed, and when others are in force, `changed` of them otherwise than before. */
  ask(changed?: ReadonlySet<string>): void {
    const { conn, nth, caller, env } = this.#context;
    const selector = this.#context.selector();
    const isNew = this.#isNew;
    this.#isNew = false;
    if (selector.faults.length === 0) return;
    const nowMs = env.nowMs();
    const decided = selector.connection({ conn, nth, caller }, nowMs);
    this.ledger.note(decided, selector.set, isNew ? undefined : nowMs);
    for (const { fault, decision, effects } of decided) {
      const hold = this.#holds?.get(fault);
      const isChanged = changed?.has(fault) === true;
      if (decision !== "applied") this.#letGo(fault, isChanged);
      else if (hold === undefined) this.#takeHold(fault, effects, isNew);
      else if (isChanged) hold.parts = this.#carryOutAll(fault, effects, hold);
    }
  }

  /** Lets go of what is not in force any more. */
  lift({ lifted, release, replaced }: FaultsChange): void {
    for (const fault of replaced?.gone ?? []) this.#letGo(fault, true);
    if (lifted) for (const fault of this.#holds?.keys() ?? []) this.#letGo(fault, release);
  }

  /** The connection is gone: nothing waits for its moment any more. */
  drop(): void {
    for (const { parts } of this.#holds?.values() ?? []) for (const part of parts) part.drop?.();
  }

  /** What goes that way is lost, its end too. */
  loses(way: Way): boolean {
    return this.#lossy?.has(way) === true;
  }

  /** Counts bytes of the answer that are about to be written. */
  cutsAnswer(length: number): Cut | undefined {
    return this.#ends?.cuts("response", length);
  }

  /** Counts bytes of the request that are about to be written. */
  cutsRequest(length: number): Cut | undefined {
    return this.#ends?.cuts("request", length);
  }

  /** The bytes before it have been written: ends the connection. */
  carryOutCut({ fault, effect, how }: Cut): void {
    this.ledger.acted(fault, effect, this.#context.env.nowMs());
    if (how === "rst") this.#sever();
    else this.#seals?.close();
  }

  #takeHold(fault: string, effects: readonly Effect[], isNew: boolean): void {
    const hold: Hold = { sinceMs: this.#context.env.nowMs(), isNew, parts: [] };
    (this.#holds ??= new Map()).set(fault, hold);
    hold.parts = this.#carryOutAll(fault, effects, hold);
  }

  #letGo(fault: string, now: boolean): void {
    const hold = this.#holds?.get(fault);
    if (hold === undefined) return;
    this.#holds?.delete(fault);
    for (const part of hold.parts) part.letGo(now);
    this.ledger.released(fault, this.#context.env.nowMs());
  }

  /** Of what the fault did before, that goes on which it still does. */
  #carryOutAll(fault: string, effects: readonly Effect[], hold: Hold): readonly Part[] {
    const left = [...hold.parts];
    const parts = effects.flatMap(oneWay).map((effect) => {
      const index = left.findIndex((part) => placeOf(part.effect) === placeOf(effect));
      const [same] = index < 0 ? [] : left.splice(index, 1);
      if (same === undefined) return this.#carryOut(fault, effect, hold);
      if (!isDeepStrictEqual(same.effect, effect)) same.become?.(effect);
      same.effect = effect;
      return same;
    });
    for (const part of left) part.letGo(true);
    return parts;
  }

  #carryOut(fault: string, effect: Effect, { sinceMs, isNew }: Pick<Hold, "sinceMs" | "isNew">): Part {
    switch (effect.kind) {
      case "delay-bytes":
      case "throttle":
      case "slice":
      case "lose":
      case "hold-end":
        return this.#addStage(fault, effect);
      case "reset":
        if (effect.at === "accept") return this.#reset(fault, effect, sinceMs, isNew);
        return this.#endLater(fault, effect, { way: effect.at, how: "rst", bytes: effect.afterBytes ?? 0 });
      case "limit":
        if ((effect.how === "fin" && this.#seals === undefined) || effect.direction === "both") return this.#refuse(effect);
        return this.#endLater(fault, effect, { way: effect.direction, how: effect.how, bytes: effect.bytes });
      case "silence":
        return this.#seals === undefined ? this.#refuse(effect) : this.#silence(fault, effect, sinceMs, this.#seals);
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

  #addStage(fault: string, effect: StageEffect): Part {
    const line = this.#lines[wayOf(effect)];
    let stage = line.add(this.#stageMaker(fault, effect));
    return {
      effect,
      letGo: (now) => line.remove(stage, now),
      become: (next) => {
        if (isOnStage(next)) stage = line.replace(stage, this.#stageMaker(fault, next));
      },
    };
  }

  #stageMaker(fault: string, effect: StageEffect): (give: (chunk: Chunk, more?: boolean) => void) => Stage {
    const { env, seed, nth } = this.#context;
    const direction = wayOf(effect);
    const nowMs = env.nowMs();
    this.#stagesSoFar += 1;
    const options = {
      env,
      random: keyedRandom(seed, "bytes", fault, nth, direction, this.#stagesSoFar),
      wire: (bytesPerSecond: number) => (effect.kind === "throttle" && effect.shared ? this.#sharedWire(`${direction} ${fault}`, bytesPerSecond) : new Wire(bytesPerSecond, nowMs)),
      acted: () => this.ledger.acted(fault, effect.kind, env.nowMs()),
    };
    return (give) => stageOf(effect, options, give);
  }

  /** One for all connections, until the rate is another. */
  #sharedWire(name: string, bytesPerSecond: number): Wire {
    const wires = this.#context.sharedWires();
    const known = wires.get(name);
    const wire = known?.bytesPerSecond === bytesPerSecond ? known : new Wire(bytesPerSecond, this.#context.env.nowMs());
    wires.set(name, wire);
    return wire;
  }

  #reset(fault: string, effect: Reset, sinceMs: number, isNew: boolean): Part {
    const { env } = this.#context;
    const acted = (): void => this.ledger.acted(fault, "reset", env.nowMs());
    const carryOut = (): void => {
      acted();
      this.#sever();
    };
    if (effect.holds !== undefined) return heldReset(effect, { env, lines: this.#lines, isNew, acted, carryOut });
    const alarm = new Alarm(env, sinceMs, carryOut);
    if (effect.afterMs === undefined) carryOut();
    else alarm.set(effect.afterMs);
    const cancel = (): void => alarm.set(undefined);
    return {
      effect, letGo: cancel, drop: cancel,
      become: (next) => alarm.set(next.kind === "reset" ? next.afterMs ?? 0 : undefined),
    };
  }

  #silence(fault: string, effect: Silence, sinceMs: number, seals: Seals): Part {
    const { env } = this.#context;
    const end = effect.direction === "both" ? this.#muteBoth(fault, effect.read, seals) : this.#lose(fault, effect.direction, seals);
    const alarm = new Alarm(env, sinceMs, () => (effect.direction === "both" ? seals.close() : end()));
    alarm.set(effect.closeAfterMs);
    const cancel = (): void => alarm.set(undefined);
    return {
      effect, drop: cancel,
      letGo: () => {
        cancel();
        end();
      },
      become: (next) => {
        if (next.kind === "silence") alarm.set(next.closeAfterMs);
      },
    };
  }

  #muteBoth(fault: string, read: boolean, seals: Seals): () => void {
    this.ledger.acted(fault, "silence", this.#context.env.nowMs());
    return seals.silence(read);
  }

  /** Returns what ends the connection: what was lost cannot be made good. */
  #lose(fault: string, way: Way, seals: Seals): () => void {
    const line = this.#lines[way];
    const lossy = (this.#lossy ??= new Set());
    lossy.add(way);
    const stage = line.add(() => new LossStage((chunk) => {
      this.ledger.acted(fault, "silence", this.#context.env.nowMs());
      line.lost(chunk);
    }));
    return () => {
      lossy.delete(way);
      line.remove(stage, true);
      seals.close();
    };
  }

  #endLater(fault: string, effect: Effect, end: Omit<PendingEnd, "fault" | "effect">): Part {
    return (this.#ends ??= new PendingEnds()).add({ fault, effect: effect.kind, ...end }, effect);
  }

  #refuse(effect: Effect): Part {
    const { env, proxy } = this.#context;
    this.#context.record({ kind: "witness-issue", atMs: env.nowMs(), proxy: proxy.name, code: "unsupported-effect", message: `the effect "${effect.kind}" cannot be carried out on a connection of the lane ${proxy.lane}` });
    return { effect, letGo: () => undefined };
  }
}

type Silence = Extract<Effect, { kind: "silence" }>;
