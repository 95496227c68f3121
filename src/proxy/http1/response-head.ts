import { SP, readsAs } from "./bytes.ts";
import { listHas } from "./field-values.ts";
import { findHeader } from "./find-header.ts";
import { FramingFields, walkHeaders } from "./framing.ts";
import type { Framing } from "./framing.ts";
import { httpMinor } from "./request-head.ts";

const nothing: Buffer = Buffer.alloc(0);

/** What the lane needs to know of a response head; read anew for each response. */
export class ResponseHead {
  status = 0;
  framing: Framing = "none";
  /** Of the body, when framed by length. */
  length = 0;
  retryAfter: string | undefined;

  private bytes = nothing;
  private base = 0;
  private lines: readonly number[] = [];
  private keep = true;
  private close = false;
  private readonly fields = new FramingFields();

  /** Reads the head at `base` as the answer to a request of this method (RFC 9112 §6.3); false when it is malformed or its framing is in doubt. */
  read(bytes: Buffer, base: number, lines: readonly number[], method: string): boolean {
    this.bytes = bytes;
    this.base = base;
    this.lines = lines;
    const start = base + lines[0]!;
    const minor = this.readStatusLine(start, base + lines[2]!);
    if (minor < 0) return false;
    this.fields.reset();
    this.retryAfter = undefined;
    this.keep = minor > 0;
    this.close = false;
    if (!walkHeaders(bytes, base, lines, this.take)) return false;
    this.length = 0;
    if (this.status === 101) {
      this.framing = "close";
      return true;
    }
    if (method === "HEAD" || this.status < 200 || this.status === 204 || this.status === 304) {
      this.framing = "none";
      return true;
    }
    if (method === "CONNECT" && this.status < 300) {
      this.framing = "close";
      return true;
    }
    const framing = this.fields.framing(minor, "close", "response");
    if (framing === undefined) return false;
    this.framing = framing;
    if (framing === "length") this.length = this.fields.length;
    return true;
  }

  /** Upstream keeps the connection after the answer. */
  get keepAlive(): boolean {
    return this.keep && !this.close && this.framing !== "close";
  }

  /** By lower-case name, of the head read last; to be asked while it is being told. */
  readonly header = (name: string): string | undefined => findHeader(this.bytes, this.base, this.lines, name);

  /** Not to keep the bytes of a head that nobody will ask again. */
  release(): void {
    this.bytes = nothing;
  }

  /** Minor version, or -1 when the line is not `HTTP/1.0|1.1 SP 3DIGIT [SP reason]` (RFC 9112 §4). */
  private readStatusLine(start: number, end: number): number {
    const bytes = this.bytes;
    if (end - start < 12 || bytes[start + 8] !== SP || (end - start > 12 && bytes[start + 12] !== SP)) return -1;
    let status = 0;
    for (let i = start + 9; i < start + 12; i++) {
      const digit = bytes[i]! - 48;
      if (digit < 0 || digit > 9) return -1;
      status = status * 10 + digit;
    }
    this.status = status;
    return status < 100 ? -1 : httpMinor(bytes, start);
  }

  private readonly take = (start: number, colon: number, from: number, to: number): void => {
    const bytes = this.bytes;
    switch (colon - start) {
      case 10:
        if (!readsAs(bytes, start, colon, "connection")) return;
        if (listHas(bytes, from, to, "close")) this.close = true;
        else if (listHas(bytes, from, to, "keep-alive")) this.keep = true;
        return;
      case 11:
        if (readsAs(bytes, start, colon, "retry-after")) this.retryAfter = bytes.toString("latin1", from, to);
        return;
      case 14:
      case 17:
        this.fields.take(bytes, start, colon, from, to);
        return;
      default:
    }
  };
}
