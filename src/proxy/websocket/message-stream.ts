import type { Env } from "../../model/env.ts";
import { DelayStage } from "../tcp/delay-stage.ts";
import { Line } from "../tcp/line.ts";
import { FrameScanner } from "./frame-scanner.ts";
import type { ScannerOptions } from "./frame-scanner.ts";

/** What becomes of a message. */
export interface Fate {
  readonly delayMs: number;
  readonly isDropped: boolean;
}

export const passes: Fate = { delayMs: 0, isDropped: false };

export interface StreamOptions extends ScannerOptions {
  readonly env: Env;
  /** The first frame of a message has begun: asks what is to become of it. `isCompressed`: by itself, or together with those before it. */
  readonly judge: (nth: number, isCompressed: boolean) => Fate;
  /** The last frame of a message has come whole. */
  readonly ended: () => void;
  /** What comes is no frame: from there on bytes pass unseen. */
  readonly invalid: () => void;
  /** Bytes leave; `end`: those were the last. */
  readonly out: (bytes: Buffer, end: boolean) => void;
  /** Something has left by itself, when its time had come. */
  readonly moved: () => void;
}

/**
 * One direction of a WebSocket. While nothing is to become of messages, bytes pass as they came and only the boundaries of frames are noted;
 * else each frame goes the way of its message, and control frames keep their place between them:
 *
 *     in ──▶ scanner ──▶ (drop) ──▶ line (delay) ──▶ out
 */
export class MessageStream {
  /** Messages are judged. */
  isWatched = false;
  private readonly options: StreamOptions;
  private readonly scanner: FrameScanner;
  private readonly line = new Line((chunk) => this.leave("bytes" in chunk ? asBuffer(chunk.bytes) : undefined));
  private stage: DelayStage | undefined;
  /** Of what goes into the line. */
  private delayMs = 0;
  /** Of the message under way. */
  private fate = passes;
  /** Of the frame under way: that of its message, or, of a control frame, to pass. */
  private frameFate = passes;
  /** The beginning of a header, kept back until it tells what it is. */
  private carry: Buffer = nothing;
  /** A Close frame that waits for the end of a frame. */
  private closing: { readonly frame: Buffer; readonly sent: () => void } | undefined;
  /** `blind`: bytes pass unseen. `sealed`: a Close frame of ours was the last; nothing goes behind it. */
  private state: "open" | "blind" | "sealed" = "open";
  /** Someone sends bytes in or lets them go, and will see to what follows from it. */
  private isDriven = false;
  private isDropped = false;

  constructor(options: StreamOptions) {
    this.options = options;
    this.scanner = new FrameScanner(options);
  }

  /** Bytes held, with something for each piece. */
  get heldWeight(): number {
    return this.line.heldWeight;
  }

  /** Bytes as they came; those before `from` are no frames. */
  take(bytes: Buffer, from = 0): void {
    this.drive(() => {
      if (this.state === "sealed" || this.isDropped) return;
      if (this.state === "blind") this.send(bytes, passes);
      else if (this.isWatched || this.fate.isDropped || this.closing !== undefined) this.sort(bytes, from);
      else this.follow(bytes, from);
    });
  }

  /** The source has closed; its end keeps its place behind what is held. */
  end(): void {
    this.drive(() => {
      this.sendCarry(this.fate);
      if (this.line.open) this.options.out(nothing, true);
      else this.line.take({ end: "fin", atMs: this.options.env.nowMs() });
    });
  }

  /** A Close frame goes out as soon as a frame does not stand in its way; false when there is one already, or frames are not seen. `sent` when it has gone. */
  close(frame: Buffer, sent: () => void): boolean {
    if (this.state !== "open" || this.closing !== undefined) return false;
    this.closing = { frame, sent };
    const isBetweenFrames = this.scanner.payloadLeft === 0 && (!this.scanner.isInHeader || this.carry.length > 0);
    // While bytes are being sorted, those before it are not all sent: it goes out at the end of their frame.
    if (isBetweenFrames && !this.isDriven) this.drive(() => this.seal());
    return true;
  }

  /** No Close frame is to go out any more, if it has not yet. */
  keepOpen(): void {
    this.closing = undefined;
  }

  /** What was judged of messages that pass holds no more; what is held leaves when it is due, or `now`. */
  letGo(now: boolean): void {
    if (!this.fate.isDropped) this.fate = passes;
    if (!this.frameFate.isDropped) this.frameFate = passes;
    const { stage } = this;
    if (!now || stage === undefined) return;
    this.stage = undefined;
    this.drive(() => this.line.remove(stage, true));
  }

  /** The connection is gone. */
  drop(): void {
    this.isDropped = true;
    this.line.drop();
  }

  /** Passes bytes on as they came, and looks where the frames are. */
  private follow(bytes: Buffer, from: number): void {
    this.sendCarry(passes);
    let at = from;
    while (at < bytes.length && this.state === "open") {
      const step = this.scanner.step(bytes, at);
      at = this.scanner.end;
      if (step === "invalid") this.goBlind(true);
      else if (step !== "more" && this.scanner.payloadLeft === 0 && this.scanner.isClose) this.goBlind(false);
    }
    this.fate = passes;
    this.frameFate = passes;
    this.send(bytes, passes);
    if (this.stage?.idle === true) {
      this.line.remove(this.stage, false);
      this.stage = undefined;
    }
  }

  /** Sends each frame the way of its message. */
  private sort(bytes: Buffer, from: number): void {
    const { scanner } = this;
    /** From here on bytes go the way of the frame under way. */
    let run = 0;
    let at = from;
    while (at < bytes.length && this.state === "open") {
      const hasBegun = scanner.isInHeader && this.carry.length === 0;
      const step = scanner.step(bytes, at);
      const { end } = scanner;
      if (step === "more" && !hasBegun) {
        this.send(bytes.subarray(run, at), this.frameFate);
        this.carry = Buffer.concat([this.carry, bytes.subarray(at, end)]);
        run = end;
      } else if (step === "invalid") {
        this.send(bytes.subarray(run, at), this.frameFate);
        run = at;
        this.goBlind(true);
      } else if (step === "header") {
        const fate = this.fateOfFrame(hasBegun);
        if (fate !== this.frameFate) {
          this.send(bytes.subarray(run, at), this.frameFate);
          run = at;
          this.frameFate = fate;
        }
        this.sendCarry(fate);
      }
      at = end;
      if (step !== "more" && step !== "invalid" && scanner.payloadLeft === 0 && this.frameEnds()) {
        this.send(bytes.subarray(run, at), this.frameFate);
        run = at;
        if (scanner.isClose) this.goBlind(false);
        else this.seal();
      }
    }
    if (this.state !== "sealed") this.send(bytes.subarray(run), this.state === "blind" ? passes : this.frameFate);
  }

  private fateOfFrame(hasBegun: boolean): Fate {
    const { scanner } = this;
    if (scanner.isControl) return passes;
    // Of a header that has gone already, in part, the rest goes too.
    if (scanner.isFirst) this.fate = hasBegun ? passes : this.options.judge(scanner.messages, scanner.isCompressed);
    return this.fate;
  }

  /** Whether it was the last one to be sorted: a Close frame, or one behind which ours goes out. */
  private frameEnds(): boolean {
    if (this.scanner.isLast) {
      this.fate = passes;
      this.options.ended();
    }
    return this.scanner.isClose || this.closing !== undefined;
  }

  private seal(): void {
    if (this.closing === undefined) return;
    const { frame, sent } = this.closing;
    this.state = "sealed";
    this.carry = nothing;
    this.closing = undefined;
    this.send(frame, passes);
    sent();
  }

  private goBlind(isInvalid: boolean): void {
    this.state = "blind";
    this.closing = undefined;
    this.frameFate = passes;
    this.fate = passes;
    this.sendCarry(passes);
    if (isInvalid) this.options.invalid();
  }

  private sendCarry(fate: Fate): void {
    const { carry } = this;
    this.carry = nothing;
    this.send(carry, fate);
  }

  private send(bytes: Buffer, { delayMs, isDropped }: Fate): void {
    if (isDropped || this.isDropped || bytes.length === 0) return;
    const { env } = this.options;
    if (delayMs > 0) this.stage ??= this.line.add((give) => new DelayStage(env, () => this.delayMs, give));
    if (this.line.open) return this.options.out(bytes, false);
    this.delayMs = delayMs;
    this.line.take({ bytes, atMs: env.nowMs() });
    this.delayMs = 0;
  }

  private leave(bytes: Buffer | undefined): void {
    if (this.isDropped) return;
    this.options.out(bytes ?? nothing, bytes === undefined);
    if (!this.isDriven) this.options.moved();
  }

  private drive(action: () => void): void {
    const wasDriven = this.isDriven;
    this.isDriven = true;
    action();
    this.isDriven = wasDriven;
  }
}

const nothing: Buffer = Buffer.alloc(0);

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
