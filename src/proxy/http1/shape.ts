import type { Env } from "../../model/env.ts";
import type { Effect } from "../../model/effect.ts";
import { Line } from "../tcp/line.ts";
import { PieceStage } from "../tcp/piece-stage.ts";
import type { Pacer } from "../tcp/piece-stage.ts";
import { Slicer } from "../tcp/slicer.ts";
import type { Chunk, Stage } from "../tcp/stage.ts";
import { Wire } from "../tcp/wire.ts";
import { CR, LF } from "./bytes.ts";
import { DataEdits } from "./data-edits.ts";
import type { FaultDraft } from "./exchange.ts";
import type { Framing } from "./framing.ts";
import { malform } from "./malformation.ts";
import { Sizing } from "./sizing.ts";
import { telling } from "./telling.ts";

type Malformed = Extract<Effect, { kind: "malformed" }>;

/** Effects that change when the bytes of a message pass, and which. */
export type ShapeEffect = Malformed | Extract<Effect, { kind: "throttle" | "slice" | "spread" | "corrupt" | "truncate" }>;

export interface ShapeOptions {
  readonly env: Env;
  readonly framing: Framing;
  /** Of the body, when framed by length. */
  readonly length: number;
  /** A tunnel may begin with the message: what comes behind it goes the same way, until `end`. */
  readonly mayTunnel?: boolean;
  /** Bytes leave; with `cut` nothing of the message may follow them. */
  readonly out: (bytes: Buffer, cut: boolean) => void;
  /** Something has left by itself, when its time had come. */
  readonly moved: () => void;
}

/**
 * The bytes of one message on their way through the effects on them:
 *
 *     in ──▶ sizing (body) ──▶ malformed (head) ──▶ throttle ──▶ slice, spread (body) ──▶ corrupt, truncate (data) ──▶ out
 *
 * Time comes before content, so that content changes at the moment that the caller sees it. Of each kind, several go in the order added.
 */
export class Shape {
  /** The last byte has left. */
  finished = false;
  /** What was added and still acts. */
  added: readonly { readonly effect: ShapeEffect; readonly fault: FaultDraft }[] = [];
  private readonly options: ShapeOptions;
  private readonly sizing: Sizing;
  private readonly edits: DataEdits;
  private readonly whole = new Line((chunk) => this.leaveWhole(chunk));
  private readonly body = new Line((chunk) => this.leaveBody(chunk));
  private stages: { readonly line: Line; readonly stage: Stage; readonly fault: FaultDraft }[] = [];
  private readonly slicers: Slicer[] = [];
  private readonly paces: FaultDraft[] = [];
  private malformed: { readonly part: Malformed["part"]; readonly fault: FaultDraft } | undefined;
  private headCame = false;
  /** Bytes of the head that have not come through the throttle. */
  private headLeft = 0;
  /** No more is taken in. */
  private closed = false;
  /** Someone sends bytes in or lets them go, and will see to what follows from it. */
  private isDriven = false;

  constructor(options: ShapeOptions) {
    this.options = options;
    this.sizing = new Sizing(options.framing, options.length);
    this.edits = new DataEdits(options.framing);
  }

  /** Bytes held, with something for each piece. */
  get heldWeight(): number {
    return this.whole.heldWeight + this.body.heldWeight + this.sizing.heldBytes;
  }

  /** Before any bytes come. */
  add(effect: ShapeEffect, fault: FaultDraft): void {
    this.added = [...this.added, { effect, fault }];
    switch (effect.kind) {
      case "throttle":
        return this.pace(this.whole, new Wire(effect.bytesPerSecond), fault);
      case "slice": {
        const slicer = new Slicer({ bytes: effect.bytes, everyMs: effect.everyMs, variationBytes: 0 }, () => 0);
        this.slicers.push(slicer);
        return this.pace(this.body, slicer, fault);
      }
      case "spread": {
        let wire = new Wire(Number.POSITIVE_INFINITY);
        this.sizing.ask(({ wireBytes }) => {
          if (wireBytes > 0) wire = new Wire((wireBytes / effect.overMs) * 1000);
        });
        return this.pace(this.body, { next: (leftBytes, arrivedMs) => wire.next(leftBytes, arrivedMs) }, fault);
      }
      case "corrupt":
        return this.edits.corrupt(effect, fault);
      case "truncate":
        return this.edits.truncate(effect, this.options.framing, this.sizing);
      case "malformed":
        this.malformed = { part: effect.part, fault };
        return;
      default:
        return effect satisfies never;
    }
  }

  /** Bytes of the message, its head whole in the first of them; `done` with its last. */
  take(bytes: Buffer, done: boolean): void {
    this.drive(() => {
      const bodyAt = this.headCame || bytes.length === 0 ? 0 : this.takeHead(bytes);
      for (const piece of this.sizing.take(bytes.subarray(bodyAt), done)) this.send(piece);
      if (done && this.options.mayTunnel !== true) this.sendEnd();
    });
  }

  /** Nothing comes behind the message. */
  end(): void {
    this.drive(() => this.sendEnd());
  }

  /** Nothing comes any more, though it is not whole: what has come is all. */
  conclude(): void {
    this.drive(() => {
      for (const piece of this.sizing.conclude()) this.send(piece);
    });
  }

  /** The faults are gone, or `gone` of them: what they hold leaves, what comes goes on at once. What was to become of the data stays. */
  letGo(now: boolean, gone?: ReadonlySet<string>): void {
    const isOver = ({ fault }: FaultDraft): boolean => gone === undefined || gone.has(fault);
    this.drive(() => {
      this.added = this.added.filter(({ effect: { kind }, fault }) => !isOver(fault) || kind === "corrupt" || kind === "truncate" || kind === "malformed");
      const isSizeAsked = gone !== undefined && this.added.some(({ effect: { kind } }) => kind === "spread" || kind === "truncate");
      if (!isSizeAsked) for (const piece of this.sizing.conclude()) this.send(piece);
      for (const { line, stage, fault } of this.stages) if (isOver(fault)) line.remove(stage, now);
      this.stages = this.stages.filter(({ fault }) => !isOver(fault));
    });
  }

  /** Nothing of it is wanted any more. */
  drop(): void {
    this.closed = true;
    this.sizing.conclude();
    this.whole.drop();
    this.body.drop();
  }

  private pace(line: Line, pacer: Pacer, fault: FaultDraft): void {
    const { env } = this.options;
    this.paces.push(fault);
    this.stages.push({ line, fault, stage: line.add((give) => new PieceStage(env, telling(pacer, fault, env), give)) });
  }

  private drive(action: () => void): void {
    this.isDriven = true;
    action();
    this.isDriven = false;
  }

  private takeHead(bytes: Buffer): number {
    this.headCame = true;
    const bodyAt = headEndOf(bytes);
    const head = bytes.subarray(0, bodyAt);
    const broken = this.malformed === undefined ? undefined : malform(this.malformed.part, head, this.options.framing);
    if (broken === undefined) this.malformed = undefined;
    this.headLeft = (broken?.head ?? head).length;
    this.send(broken?.head ?? head);
    if (broken?.body !== undefined) {
      this.send(broken.body);
      this.sendEnd();
    }
    return bodyAt;
  }

  private send(bytes: Buffer): void {
    if (!this.closed && bytes.length > 0) this.whole.take({ bytes, atMs: this.options.env.nowMs() });
  }

  private sendEnd(): void {
    if (this.closed) return;
    this.closed = true;
    this.whole.take({ end: "fin", atMs: this.options.env.nowMs() });
  }

  /** Behind the throttle: the head leaves, the body goes on. */
  private leaveWhole(chunk: Chunk): void {
    if (!("bytes" in chunk) || this.headLeft === 0) return this.body.take(chunk);
    const bytes = asBuffer(chunk.bytes);
    const head = bytes.subarray(0, this.headLeft);
    this.headLeft -= head.length;
    if (this.headLeft > 0) return this.emit(head, false);
    const nowMs = this.options.env.nowMs();
    for (const slicer of this.slicers) slicer.gone(nowMs);
    if (this.malformed !== undefined && this.malformed.part !== "chunk") this.malformed.fault.actedMs ??= nowMs;
    this.emit(head, this.edits.isSpent);
    if (head.length < bytes.length) this.body.take({ bytes: bytes.subarray(head.length), atMs: chunk.atMs });
  }

  private leaveBody(chunk: Chunk): void {
    if (!("bytes" in chunk)) {
      this.finished = true;
      return this.emit(this.edits.end(), this.malformed !== undefined);
    }
    const nowMs = this.options.env.nowMs();
    if (this.malformed?.part === "chunk") this.malformed.fault.actedMs ??= nowMs;
    const bytes = this.edits.apply(asBuffer(chunk.bytes), nowMs);
    this.emit(bytes, this.edits.isSpent);
  }

  private emit(bytes: Buffer, cut: boolean): void {
    this.options.out(bytes, cut);
    if (this.heldWeight === 0) for (const fault of this.paces) if (fault.actedMs !== undefined) fault.releasedMs = this.options.env.nowMs();
    if (cut) this.drop();
    if (!this.isDriven) this.options.moved();
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Behind the empty line that ends a head. Empty lines may stand before it (RFC 9112 §2.2). */
function headEndOf(bytes: Buffer): number {
  let start = 0;
  while (bytes[start] === CR || bytes[start] === LF) start++;
  return bytes.indexOf("\r\n\r\n", start) + 4;
}
