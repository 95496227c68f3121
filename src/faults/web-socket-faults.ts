import type { Direction } from "../model/effect.ts";
import type { Subject } from "../model/fault-type.ts";
import { decideEligible } from "./loaded-fault.ts";
import type { LoadedFault } from "./loaded-fault.ts";
import type { Decided } from "./subject.ts";
import { isOpenAt } from "./window.ts";

/** A fault that acts inside WebSockets, and what it makes of the request that asked for this one. */
export interface InsideFault {
  readonly loaded: LoadedFault;
  readonly matches: boolean;
  /** What its messages are numbered with. */
  readonly counter: string | number;
}

interface Options {
  readonly seed: string;
  readonly epoch: number;
  /** Number of the connection, which a WebSocket has to itself, on its proxy. */
  readonly nth: number;
  readonly faults: readonly InsideFault[];
}

/** What a fault is asked about; `number` counts it, once it is eligible. */
interface Asked {
  readonly subject: Subject;
  readonly number: () => number;
  readonly key: readonly (string | number)[];
}

/** The faults of one set that act inside one WebSocket. Draws are keyed by connection, direction and the message's number in it. */
export class WebSocketFaults {
  readonly epoch: number;
  readonly #options: Options;
  readonly #onMessages: readonly InsideFault[];
  readonly #onWhole: readonly InsideFault[];

  constructor(options: Options) {
    this.epoch = options.epoch;
    this.#options = options;
    this.#onMessages = options.faults.filter(({ loaded }) => loaded.type.on === "message");
    this.#onWhole = options.faults.filter(({ loaded }) => loaded.type.on === "websocket");
  }

  /** One entry per fault on messages of this direction; `nth` counts the messages of the direction from 1. */
  message(direction: Exclude<Direction, "both">, nth: number, nowMs: number): readonly Decided[] {
    const { nth: conn } = this.#options;
    return this.#onMessages
      .filter(({ loaded: { fault } }) => fault.direction === direction || fault.direction === "both")
      .map((inside) => this.#decide(inside, { subject: { kind: "message", direction, nth }, number: () => inside.loaded.tally.next(inside.counter), key: ["message", conn, direction, nth] }, nowMs));
  }

  /** One entry per fault on WebSockets as a whole. One that is asked again keeps its number, and so its fate. */
  whole(nowMs: number): readonly Decided[] {
    const { nth: conn } = this.#options;
    return this.#onWhole.map((inside) => this.#decide(inside, { subject: { kind: "websocket", conn }, number: () => numberOf(inside, conn), key: ["websocket", conn] }, nowMs));
  }

  #decide({ loaded, matches, counter }: InsideFault, { subject, number, key }: Asked, nowMs: number): Decided {
    const { silence, fault } = loaded;
    const sinceMs = nowMs - loaded.startMs;
    if (!matches) return loaded.missedMatch;
    const endsSilence = silence?.isEndedAt(counter, sinceMs);
    if (!isOpenAt(fault.selection, sinceMs)) return loaded.missedWindow;
    const n = number();
    const ordinal = silence === undefined ? n : endsSilence === true ? silence.next(counter) : 0;
    return decideEligible(loaded, subject, this.#options.seed, { n, ordinal, attempt: 1, sinceMs, counter, key });
  }
}

/** The number that a WebSocket was given when it was first eligible. */
function numberOf({ loaded: { tally }, counter }: InsideFault, conn: number): number {
  const key = `websocket ${conn}`;
  const known = tally.get(key);
  if (known > 0) return known;
  const n = tally.next(counter);
  tally.set(key, n);
  return n;
}
