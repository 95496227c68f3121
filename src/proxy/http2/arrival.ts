import type { Env, Timer } from "../../model/env.ts";
import { FrameScanner, frameTypes } from "./frame-scanner.ts";
import type { FramePart } from "./frame-scanner.ts";
import type { Beginning } from "./refusals.ts";

/** What a caller says first (RFC 9113 §3.4). */
const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const endHeaders = 0x4;

/** `other`: nothing that we know; node:http2 will say what is wrong with it. */
export type Speech = "http2" | "http1" | "other";

export interface ArrivalOptions {
  readonly env: Env;
  /** A preface, and any head, may take so long. */
  readonly headMs: number;
  readonly late: (what: Beginning) => void;
}

/** Watches what comes from a caller: whether it speaks HTTP/2, and that what it has begun to say of a head is said in time. */
export class Arrival {
  /** Absent while that is not known. */
  speech: Speech | undefined;
  private readonly options: ArrivalOptions;
  private readonly frames = new FrameScanner((part) => this.followHead(part));
  private first: Buffer = Buffer.alloc(0);
  /** Frames of a head have begun to come, the last has not come whole. */
  private isInHead = false;
  private timer: Timer | undefined;

  constructor(options: ArrivalOptions) {
    this.options = options;
    this.wait();
  }

  /** Returns what of it is for the session: nothing before it is known what is spoken. */
  take(bytes: Buffer): Buffer | undefined {
    if (this.speech === "http2") {
      this.follow(bytes);
      return bytes;
    }
    if (this.speech !== undefined) return this.speech === "other" ? bytes : undefined;
    const first = this.first.length === 0 ? bytes : Buffer.concat([this.first, bytes]);
    this.first = first;
    this.speech = speechOf(first);
    if (this.speech === undefined) return undefined;
    this.first = Buffer.alloc(0);
    this.stop();
    if (this.speech === "http1") return undefined;
    if (this.speech === "http2") this.follow(first.subarray(preface.length));
    return first;
  }

  /** What has not come whole by now has as long again. */
  wait(): void {
    const { env, headMs, late } = this.options;
    this.timer ??= env.after(headMs, () => {
      this.timer = undefined;
      late(this.speech === undefined ? "preface" : "head");
    });
  }

  /** Nothing is waited for any more. */
  stop(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  private follow(bytes: Buffer): void {
    this.frames.scan(bytes);
    if (this.isInHead || this.frames.isInHead) this.wait();
    else this.stop();
  }

  private followHead({ type, flags, isLast }: FramePart): void {
    if (type !== frameTypes.headers && type !== frameTypes.continuation) this.isInHead = false;
    else this.isInHead = !isLast || (flags & endHeaders) === 0;
    // What begins behind it has its own time.
    if (!this.isInHead) this.stop();
  }
}

/** What the first bytes begin; undefined: that they do not say yet. */
function speechOf(first: Buffer): Speech | undefined {
  const { length } = preface;
  if (first.subarray(0, length).equals(preface.subarray(0, first.length))) return first.length < length ? undefined : "http2";
  // A method and the target behind it (RFC 9112 §3), or the beginning of a method.
  const text = first.subarray(0, 32).toString("latin1");
  return /^(?!PRI )[A-Z]+(?: \S| ?$)/.test(text) ? "http1" : "other";
}
