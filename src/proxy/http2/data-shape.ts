import type { Env } from "../../model/env.ts";
import type { Effect } from "../../model/effect.ts";
import { DataEdits } from "../http1/data-edits.ts";
import type { FaultDraft } from "../http1/exchange.ts";
import { Sizing } from "../http1/sizing.ts";
import { Line } from "../tcp/line.ts";
import { PieceStage } from "../tcp/piece-stage.ts";
import type { Pacer } from "../tcp/piece-stage.ts";
import { Slicer } from "../tcp/slicer.ts";
import type { Chunk, Stage } from "../tcp/stage.ts";
import { Wire } from "../tcp/wire.ts";
import { telling } from "../http1/telling.ts";

/** Effects that change when the data of a message pass, and which. */
export type ShapeEffect = Extract<Effect, { kind: "throttle" | "slice" | "spread" | "corrupt" | "truncate" }>;

export interface DataShapeOptions {
  readonly env: Env;
  /** Of the data, where its head says it. */
  readonly length: number | undefined;
  /** Data leave; with `cut` nothing of the message may follow them. */
  readonly out: (bytes: Buffer, cut: boolean) => void;
  /** The last of them has left. */
  readonly ended: () => void;
}

/**
 * The data of one message on their way through the effects on them:
 *
 *     in ──▶ sizing ──▶ throttle, slice, spread ──▶ corrupt, truncate ──▶ out
 *
 * Time comes before content, so that content changes at the moment that the caller sees it. Of each kind, several go in the order added.
 */
export class DataShape {
  private readonly options: DataShapeOptions;
  private readonly framing: "length" | "close";
  private readonly sizing: Sizing;
  private readonly edits: DataEdits;
  private readonly line = new Line((chunk) => this.leave(chunk));
  private stages: { readonly stage: Stage; readonly fault: FaultDraft }[] = [];
  private isCutBySize = false;
  private readonly paces: FaultDraft[] = [];

  constructor(options: DataShapeOptions) {
    this.options = options;
    this.framing = options.length === undefined ? "close" : "length";
    this.sizing = new Sizing(this.framing, options.length ?? 0);
    this.edits = new DataEdits(this.framing);
  }

  /** Bytes held, with something for each piece. */
  get heldWeight(): number {
    return this.line.heldWeight + this.sizing.heldBytes;
  }

  /** Before any data come. */
  add(effect: ShapeEffect, fault: FaultDraft): void {
    switch (effect.kind) {
      case "throttle":
        return this.pace(new Wire(effect.bytesPerSecond), fault);
      case "slice": {
        const slicer = new Slicer({ bytes: effect.bytes, everyMs: effect.everyMs, variationBytes: 0 }, () => 0);
        // The first piece comes so long after the head as the others after each other.
        slicer.gone(this.options.env.nowMs());
        return this.pace(slicer, fault);
      }
      case "spread": {
        let wire = new Wire(Number.POSITIVE_INFINITY);
        this.sizing.ask(({ wireBytes }) => (wire = new Wire((wireBytes / effect.overMs) * 1000)));
        return this.pace({ next: (leftBytes, arrivedMs) => wire.next(leftBytes, arrivedMs) }, fault);
      }
      case "corrupt":
        return this.edits.corrupt(effect, fault);
      case "truncate":
        this.isCutBySize = true;
        return this.edits.truncate(effect, this.framing, this.sizing);
      default:
        return effect satisfies never;
    }
  }

  take(bytes: Buffer): void {
    for (const piece of this.sizing.take(bytes, false)) this.send(piece);
  }

  end(): void {
    for (const piece of this.sizing.conclude()) this.send(piece);
    this.line.take({ end: "fin", atMs: this.options.env.nowMs() });
  }

  /** The faults are gone, or `gone` of them: what they hold leaves, what comes goes on at once. What was to become of the data stays. */
  letGo(now: boolean, gone?: ReadonlySet<string>): void {
    const over = this.stages.filter(({ fault: { fault } }) => gone === undefined || gone.has(fault));
    this.stages = this.stages.filter((one) => !over.includes(one));
    const isSizeAsked = gone !== undefined && (this.isCutBySize || this.stages.length > 0);
    if (!isSizeAsked) for (const piece of this.sizing.conclude()) this.send(piece);
    for (const { stage } of over) this.line.remove(stage, now);
  }

  /** Nothing of it is wanted any more. */
  drop(): void {
    this.line.drop();
  }

  private pace(pacer: Pacer, fault: FaultDraft): void {
    const { env } = this.options;
    this.paces.push(fault);
    this.stages.push({ fault, stage: this.line.add((give) => new PieceStage(env, telling(pacer, fault, env), give)) });
  }

  private send(bytes: Buffer): void {
    if (bytes.length > 0) this.line.take({ bytes, atMs: this.options.env.nowMs() });
  }

  private leave(chunk: Chunk): void {
    const nowMs = this.options.env.nowMs();
    if ("bytes" in chunk) {
      const bytes = this.edits.apply(Buffer.from(chunk.bytes.buffer, chunk.bytes.byteOffset, chunk.bytes.byteLength), nowMs);
      const { isSpent } = this.edits;
      this.options.out(bytes, isSpent);
      if (isSpent) this.drop();
    }
    if (this.heldWeight === 0) for (const fault of this.paces) if (fault.actedMs !== undefined) fault.releasedMs = nowMs;
    if (!("bytes" in chunk)) this.options.ended();
  }
}
