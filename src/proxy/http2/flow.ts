import { constants } from "node:http2";
import type { Http2Stream, IncomingHttpHeaders } from "node:http2";
import type { DataShape } from "./data-shape.ts";
import { sensitiveIn, toSend, weightOf } from "./fields.ts";
import type { Fields } from "./fields.ts";
import { sendHead } from "./send-head.ts";
import { endOf, watchEnd } from "./stream-end.ts";

export interface FlowOptions {
  /** Held before the source is made to wait. */
  readonly heldBytes: number;
  /** The first data have come, or the end has. */
  readonly begun: () => void;
  /** All has come. */
  readonly ended: () => void;
  /** Nothing more is let through: what was to be cut off is. */
  readonly spent: () => void;
  /** The last has been written, trailers included. */
  readonly written: (trailers: Fields) => void;
  /** The reset that the source ended with has been passed on. */
  readonly failed: (code: number) => void;
}

/** Says where to cut data that are about to leave: an offset, or -1 to let them pass. */
export type Cutter = (bytes: Buffer) => number;

/** What a message ends with: trailers, or with none of them, a reset. */
type End = { readonly trailers: Fields } | { readonly code: number };

/**
 * One direction of an exchange: data and trailers of a message, from one stream to another. They are held until there is somewhere to
 * write to, go through the effects on them, and wait where the target takes no more; then the source waits too.
 *
 *     source ──▶ held ──▶ shape ──▶ cutter ──▶ target
 */
export class Flow {
  /** What has come, and what has been written: data, and the characters of trailers. */
  cameBytes = 0;
  writtenBytes = 0;
  /** Effects on the data; to be set before the gate is opened. */
  shape: DataShape | undefined;
  cutter: Cutter | undefined;
  private readonly options: FlowOptions;
  private source: Http2Stream | undefined;
  private target: Http2Stream | undefined;
  private gate: "held" | "open" | "sink" = "held";
  private held: Buffer[] = [];
  private heldBytes = 0;
  private trailers: Fields = [];
  private sensitive: readonly string[] = [];
  private end: End | undefined;
  private hasBegun = false;
  private hasEnded = false;
  private isPaused = false;
  private unsent = 0;
  private whenAllSent: (() => void) | undefined;

  constructor(options: FlowOptions) {
    this.options = options;
  }

  /** All has come. */
  get isWhole(): boolean {
    return this.hasEnded;
  }

  get begun(): boolean {
    return this.hasBegun;
  }

  /** Begins to take what comes from a stream. */
  read(source: Http2Stream): void {
    this.source = source;
    watchEnd(source);
    source.on("data", this.onData);
    source.on("trailers", this.onTrailers);
    source.on("end", this.onEnd);
  }

  /** What comes of the source is not wanted any more; something else takes its place. */
  replaceSource(): void {
    this.forget();
    this.held = [];
    this.heldBytes = 0;
    this.trailers = [];
    this.end = undefined;
    this.hasEnded = false;
  }

  /** Takes data that come from no stream. */
  feed(bytes: Buffer): void {
    if (bytes.length > 0) this.take(bytes);
  }

  feedEnd(trailers: Fields): void {
    this.trailers = trailers;
    this.finish({ trailers });
  }

  /** What has come of the source is all that comes, and then it was reset. */
  fail(code: number): void {
    if (this.hasEnded) return;
    this.forget();
    this.finish({ code });
  }

  /** From now on all goes to this stream. */
  open(target: Http2Stream): void {
    this.target = target;
    this.gate = "open";
    target.on("drain", this.controlFlow);
    const { held } = this;
    this.held = [];
    this.heldBytes = 0;
    for (const bytes of held) this.pass(bytes);
    if (this.end !== undefined) this.passEnd(this.end);
    this.controlFlow();
  }

  /** From now on all is thrown away. */
  sink(): void {
    this.gate = "sink";
    this.held = [];
    this.heldBytes = 0;
    this.shape?.drop();
    this.controlFlow();
  }

  /** Ends the target's half behind what has been written, with trailers or without. */
  endTarget(fields: Fields, sensitive: readonly string[] = []): void {
    const { target } = this;
    if (target === undefined || target.destroyed || target.closed) return;
    target.once("wantTrailers", () => {
      if (target.destroyed || target.closed) return;
      const problem = sendHead(toSend(fields, sensitive), (trailers) => target.sendTrailers(trailers));
      if (problem !== undefined) return this.options.failed(constants.NGHTTP2_INTERNAL_ERROR);
      this.writtenBytes += weightOf(fields);
      this.options.written(fields);
    });
    target.end();
  }

  /** Calls back when all that was written is on its way: a reset overtakes what is not. */
  whenSent(action: () => void): void {
    if (this.unsent === 0) action();
    else this.whenAllSent = action;
  }

  letGo(now: boolean, gone?: ReadonlySet<string>): void {
    this.shape?.letGo(now, gone);
    this.controlFlow();
  }

  /** Nothing of it is wanted any more. */
  drop(): void {
    this.shape?.drop();
    this.forget();
    this.gate = "sink";
    this.held = [];
  }

  /** Data leave the effects on them. */
  readonly leave = (bytes: Buffer, cut: boolean): void => {
    if (this.gate !== "open") return;
    const at = this.cutter?.(bytes) ?? -1;
    this.write(at < 0 ? bytes : bytes.subarray(0, at));
    if (at < 0 && !cut) return this.controlFlow();
    this.sink();
    this.options.spent();
  };

  /** The last data have left them. */
  readonly leaveEnd = (): void => {
    if (this.gate === "open" && this.end !== undefined) this.writeEnd(this.end);
  };

  private readonly onData = (bytes: Buffer): void => {
    this.cameBytes += bytes.length;
    this.take(bytes);
  };

  private readonly onTrailers = (headers: IncomingHttpHeaders, _flags: number, fields: Fields = []): void => {
    this.trailers = fields;
    this.sensitive = sensitiveIn(headers);
    this.cameBytes += weightOf(fields);
  };

  private readonly onEnd = (): void => {
    // node:http2 ends a stream that was reset too; its close will say so.
    if (this.source?.rstCode === 0 && endOf(this.source) !== "cut") this.finish({ trailers: this.trailers });
  };

  private finish(end: End): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.end = end;
    this.begin();
    this.options.ended();
    if (this.gate === "open") this.passEnd(end);
  }

  private begin(): void {
    if (this.hasBegun) return;
    this.hasBegun = true;
    this.options.begun();
  }

  private take(bytes: Buffer): void {
    if (this.gate === "open") this.pass(bytes);
    else if (this.gate === "held") {
      this.held.push(bytes);
      this.heldBytes += bytes.length;
    }
    this.begin();
    this.controlFlow();
  }

  private pass(bytes: Buffer): void {
    if (this.shape === undefined) this.leave(bytes, false);
    else if (this.gate === "open") this.shape.take(bytes);
  }

  private passEnd(end: End): void {
    if (this.gate !== "open") return;
    if (this.shape === undefined) this.writeEnd(end);
    else this.shape.end();
  }

  private write(bytes: Buffer): void {
    const { target } = this;
    if (bytes.length === 0 || target === undefined || target.destroyed || target.closed) return;
    this.writtenBytes += bytes.length;
    this.unsent += 1;
    target.write(bytes, this.sent);
  }

  private writeEnd(end: End): void {
    if ("trailers" in end) this.endTarget(end.trailers, this.sensitive);
    else this.whenSent(() => this.options.failed(end.code));
  }

  private readonly sent = (): void => {
    this.unsent -= 1;
    const { whenAllSent } = this;
    if (this.unsent > 0 || whenAllSent === undefined) return;
    this.whenAllSent = undefined;
    whenAllSent();
  };

  private readonly controlFlow = (): void => {
    const { source, target } = this;
    if (source === undefined) return;
    const isFull = this.gate === "open" && target !== undefined && !target.destroyed && target.writableNeedDrain;
    const pause = isFull || this.heldBytes + (this.shape?.heldWeight ?? 0) > this.options.heldBytes;
    if (pause === this.isPaused) return;
    this.isPaused = pause;
    if (pause) source.pause();
    else source.resume();
  };

  private forget(): void {
    const { source } = this;
    if (source === undefined) return;
    source.off("data", this.onData);
    source.off("trailers", this.onTrailers);
    source.off("end", this.onEnd);
    // What still comes is read and lost: unread, it would hold the stream open.
    source.resume();
    this.source = undefined;
  }
}
