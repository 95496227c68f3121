import type { Effect, EffectKind } from "../../model/effect.ts";
import type { Part, Way } from "./part.ts";

/** An end of a connection that waits for its moment: after so many bytes of a direction, counted from when the fault took hold. */
export interface PendingEnd {
  readonly fault: string;
  readonly effect: EffectKind;
  readonly way: Way;
  readonly how: "fin" | "rst";
  readonly bytes: number;
}

/** An end that is due within bytes about to be written: after how many of them. */
export interface Cut extends Pick<PendingEnd, "fault" | "effect" | "how"> {
  readonly after: number;
}

/** The ends that one connection may come to: the first that is reached is its end. */
export class PendingEnds {
  readonly #ends = new Set<{ end: PendingEnd; bytesLeft: number }>();

  /** `effect`: what asks for it. */
  add(end: PendingEnd, effect: Effect): Part {
    const pending = { end, bytesLeft: end.bytes };
    this.#ends.add(pending);
    return {
      effect,
      letGo: () => void this.#ends.delete(pending),
      become: (next) => {
        const before = pending.end;
        const bytes = next.kind === "limit" ? next.bytes : next.kind === "reset" ? next.afterBytes ?? 0 : before.bytes;
        pending.bytesLeft = Math.max(0, pending.bytesLeft + bytes - before.bytes);
        pending.end = { ...before, bytes, how: next.kind === "limit" ? next.how : before.how };
      },
    };
  }

  /** Counts bytes that are about to be written. */
  cuts(way: Way, length: number): Cut | undefined {
    let first: { readonly end: PendingEnd; readonly bytesLeft: number } | undefined;
    for (const pending of this.#ends) if (pending.end.way === way && (first === undefined || pending.bytesLeft < first.bytesLeft)) first = pending;
    if (first !== undefined && first.bytesLeft <= length) {
      const { fault, effect, how } = first.end;
      return { fault, effect, how, after: first.bytesLeft };
    }
    for (const pending of this.#ends) if (pending.end.way === way) pending.bytesLeft -= length;
    return undefined;
  }
}
