import { BodyData } from "./body-data.ts";
import type { Framing } from "./framing.ts";

/** How long a body is: on the wire, and its data alone. */
export interface BodySize {
  readonly wireBytes: number;
  readonly dataBytes: number;
}

/** What is held to learn the length of a body that does not say it. Of a longer one this much counts as the whole. */
const mostHeldBytes = 64 * 1024;

/** Tells the size of a body before its first byte goes on; one that does not say it is held until it is there, as far as that goes. */
export class Sizing {
  heldBytes = 0;
  private readonly known: BodySize | undefined;
  private readonly data: BodyData;
  private listeners: ((size: BodySize) => void)[] = [];
  private held: Buffer[] = [];

  constructor(framing: Framing, length: number) {
    if (framing === "length") this.known = { wireBytes: length, dataBytes: length };
    else if (framing === "none") this.known = { wireBytes: 0, dataBytes: 0 };
    this.data = new BodyData(framing);
  }

  /** Calls back when the size is known: at once, or from `take` or `conclude`. */
  ask(listener: (size: BodySize) => void): void {
    if (this.known === undefined) this.listeners.push(listener);
    else listener(this.known);
  }

  /** Takes bytes of the body in, and gives those that may go on. */
  take(bytes: Buffer, done: boolean): readonly Buffer[] {
    if (this.listeners.length === 0) return [bytes];
    this.held.push(bytes);
    this.heldBytes += bytes.length;
    return done || this.heldBytes >= mostHeldBytes ? this.conclude() : [];
  }

  /** What has come is taken for all. */
  conclude(): readonly Buffer[] {
    const { listeners, held, heldBytes } = this;
    if (listeners.length === 0) return [];
    this.listeners = [];
    this.held = [];
    this.heldBytes = 0;
    const spans = held.flatMap((bytes) => this.data.spans(bytes));
    const dataBytes = spans.reduce((sum, offset, i) => (i % 2 === 0 ? sum - offset : sum + offset), 0);
    for (const listener of listeners) listener({ wireBytes: heldBytes, dataBytes });
    return held;
  }
}
