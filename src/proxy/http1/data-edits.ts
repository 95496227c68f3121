import type { Effect } from "../../model/effect.ts";
import { keyedRandom } from "../../math/random.ts";
import { BodyData } from "./body-data.ts";
import { Corruption } from "./corruption.ts";
import type { FaultDraft } from "./exchange.ts";
import type { Framing } from "./framing.ts";
import type { Sizing } from "./sizing.ts";

type Corrupt = Extract<Effect, { kind: "corrupt" }>;
type Truncate = Extract<Effect, { kind: "truncate" }>;

/** What happens to the data of a body as it leaves: some of its bytes change, or it is cut off. */
export class DataEdits {
  private readonly data: BodyData;
  private readonly corruptions: { readonly corruption: Corruption; readonly fault: FaultDraft }[] = [];
  private isToBeCut = false;
  /** Data that still leaves before the cut. */
  private left = Number.POSITIVE_INFINITY;
  /** There is more data than that. */
  private isLonger = false;
  /** What came behind the last of them and is no data: it leaves when nothing else comes. */
  private rest: Buffer[] = [];

  constructor(framing: Framing) {
    this.data = new BodyData(framing);
  }

  corrupt({ share, seed }: Corrupt, fault: FaultDraft): void {
    this.corruptions.push({ corruption: new Corruption(share, keyedRandom("corrupt", seed)), fault });
  }

  /** A body that is no longer than that is not cut. Where its length is not known, the cut comes with the first data beyond. */
  truncate({ after }: Truncate, framing: Framing, sizing: Sizing): void {
    this.isToBeCut = true;
    const setLeft = (bytes: number, dataBytes: number): void => {
      if (bytes >= dataBytes) return;
      this.left = bytes;
      this.isLonger = true;
    };
    if ("share" in after) sizing.ask(({ dataBytes }) => setLeft(Math.floor(after.share * dataBytes), dataBytes));
    else if (framing === "length" || framing === "none") sizing.ask(({ dataBytes }) => setLeft(after.bytes, dataBytes));
    else this.left = after.bytes;
  }

  /** Nothing more may leave. */
  get isSpent(): boolean {
    return this.left === 0 && this.isLonger;
  }

  apply(bytes: Buffer, nowMs: number): Buffer {
    if (!this.isToBeCut && this.corruptions.length === 0) return bytes;
    const spans = this.data.spans(bytes);
    let out = bytes;
    for (const { corruption, fault } of this.corruptions) {
      const changed = corruption.apply(out, spans);
      if (changed !== out) fault.actedMs ??= nowMs;
      out = changed;
    }
    return this.left === Number.POSITIVE_INFINITY ? out : this.upToCut(out, spans);
  }

  /** The body is over: what was kept back of it. */
  end(): Buffer {
    return Buffer.concat(this.rest);
  }

  private upToCut(bytes: Buffer, spans: readonly number[]): Buffer {
    let dataEnd = 0;
    for (let i = 0; i < spans.length && !this.isSpent; i += 2) {
      const [from = 0, to = 0] = spans.slice(i, i + 2);
      const taken = Math.min(this.left, to - from);
      this.left -= taken;
      this.isLonger ||= taken < to - from;
      if (taken > 0) dataEnd = from + taken;
    }
    if (this.left > 0) return bytes;
    if (!this.isSpent) this.rest.push(bytes.subarray(dataEnd));
    return bytes.subarray(0, dataEnd);
  }
}
