import { SP, isToken, readsAs } from "./bytes.ts";
import { listHas, traceId } from "./field-values.ts";
import { findHeader } from "./find-header.ts";
import { FramingFields, walkHeaders } from "./framing.ts";
import type { Framing } from "./framing.ts";

/** What the lane needs to know of a request head; read anew for each request. */
export class RequestHead {
  method = "";
  target = "";
  /** Where a forward proxy is to pass it on to. */
  authority: string | undefined;
  framing: Framing = "none";
  /** Of the body, when framed by length. */
  length = 0;
  /** The client wants the connection kept after the answer. */
  keepAlive = true;
  /** An answer may turn the connection into a tunnel: CONNECT, or an Upgrade is asked for. */
  mayTunnel = false;
  /** That is what it is for. Who offers h2c, as Java's client does with each request, wants an answer as it is. */
  wantsTunnel = false;
  expectContinue = false;
  trace: string | undefined;
  idempotencyKey: string | undefined;
  /** Offsets of the value of Host, from the head's first byte; -1: none. */
  hostStart = -1;
  hostEnd = -1;

  private bytes: Buffer = Buffer.alloc(0);
  private base = 0;
  private lines: readonly number[] = [];
  private hosts = 0;
  private close = false;
  private keep = false;
  private upgrade = false;
  private readonly fields = new FramingFields();

  /** Reads the head at `base`; false when it is malformed or its framing is in doubt. */
  read(bytes: Buffer, base: number, lines: readonly number[]): boolean {
    this.bytes = bytes;
    this.base = base;
    this.lines = lines;
    const start = base + lines[0]!;
    const end = base + lines[2]!;
    const minor = this.readRequestLine(start, end);
    if (minor < 0) return false;
    this.forget();
    if (!walkHeaders(bytes, base, lines, this.take) || this.hosts > 1) return false;
    const framing = this.fields.framing(minor, "none", "request");
    if (framing === undefined) return false;
    // What a CONNECT announces as its body others read as the tunnel's first bytes (RFC 9110 §9.3.6: it has none).
    if (this.method === "CONNECT" && framing !== "none") return false;
    this.framing = framing;
    this.length = framing === "length" ? this.fields.length : 0;
    this.keepAlive = minor === 0 ? this.keep && !this.close : !this.close;
    this.wantsTunnel ||= this.method === "CONNECT";
    this.mayTunnel = this.upgrade || this.wantsTunnel;
    return true;
  }

  /** Method and target only, as far as they have come and can be read: for the record of a request that is rejected. */
  readStart(bytes: Buffer, base: number, lines: readonly number[]): void {
    this.method = "";
    this.target = "";
    this.forget();
    if (lines.length === 0) return;
    this.bytes = bytes;
    this.readRequestLine(base + lines[0]!, base + lines[2]!);
  }

  /** By lower-case name, of the head read last. */
  readonly header = (name: string): string | undefined => findHeader(this.bytes, this.base, this.lines, name);

  /** The same for a head that is to be asked later: what it needs of it is copied. */
  keepHeaders(): (name: string) => string | undefined {
    const lines = this.lines.slice();
    const bytes = Buffer.from(this.bytes.subarray(this.base, this.base + (lines.at(-1) ?? 0)));
    return (name) => findHeader(bytes, 0, lines, name);
  }

  /** Not to keep the bytes of a head that nobody will ask again. */
  release(): void {
    this.bytes = nothing;
  }

  /** Minor version, or -1 when the line is not `method SP target SP HTTP/1.0|1.1` (RFC 9112 §3). */
  private readRequestLine(start: number, end: number): number {
    const bytes = this.bytes;
    const versionAt = end - 8;
    if (versionAt - start < 4 || bytes[versionAt - 1] !== SP) return -1;
    const minor = httpMinor(bytes, versionAt);
    if (minor < 0) return -1;
    let space = start;
    while (bytes[space] !== SP) space++;
    if (!isToken(bytes, start, space)) return -1;
    const targetEnd = versionAt - 1;
    if (targetEnd <= space + 1) return -1;
    for (let i = space + 1; i < targetEnd; i++) if (bytes[i]! <= SP) return -1;
    this.method = methodName(bytes, start, space);
    this.target = bytes.toString("latin1", space + 1, targetEnd);
    return minor;
  }

  private forget(): void {
    this.authority = undefined;
    this.fields.reset();
    this.hosts = 0;
    this.hostStart = -1;
    this.hostEnd = -1;
    this.close = false;
    this.keep = false;
    this.upgrade = false;
    this.wantsTunnel = false;
    this.expectContinue = false;
    this.trace = undefined;
    this.idempotencyKey = undefined;
  }

  private readonly take = (start: number, colon: number, from: number, to: number): void => {
    const bytes = this.bytes;
    switch (colon - start) {
      case 4:
        if (!readsAs(bytes, start, colon, "host")) return;
        this.hosts++;
        this.hostStart = from - this.base;
        this.hostEnd = to - this.base;
        return;
      case 6:
        if (readsAs(bytes, start, colon, "expect") && listHas(bytes, from, to, "100-continue")) this.expectContinue = true;
        return;
      case 7:
        if (!readsAs(bytes, start, colon, "upgrade")) return;
        this.upgrade = true;
        this.wantsTunnel ||= !readsAs(bytes, from, to, "h2c");
        return;
      case 10:
        if (!readsAs(bytes, start, colon, "connection")) return;
        if (readsAs(bytes, from, to, "keep-alive")) this.keep = true;
        else {
          if (listHas(bytes, from, to, "close")) this.close = true;
          if (listHas(bytes, from, to, "keep-alive")) this.keep = true;
        }
        return;
      case 11:
        if (readsAs(bytes, start, colon, "traceparent")) this.trace = traceId(bytes, from, to);
        return;
      case 15:
        if (readsAs(bytes, start, colon, "idempotency-key")) this.idempotencyKey = bytes.toString("latin1", from, to);
        return;
      case 14:
      case 17:
        this.fields.take(bytes, start, colon, from, to);
        return;
      default:
    }
  };
}

const nothing: Buffer = Buffer.alloc(0);

/** Minor version of `HTTP/1.0` or `HTTP/1.1` at an offset, else -1: other versions are framed otherwise, or not known. */
export function httpMinor(bytes: Buffer, at: number): number {
  const isHttp1 = bytes[at] === 72 && bytes[at + 1] === 84 && bytes[at + 2] === 84 && bytes[at + 3] === 80 && bytes[at + 4] === 47 && bytes[at + 5] === 49 && bytes[at + 6] === 46;
  if (!isHttp1) return -1;
  return bytes[at + 7] === 49 ? 1 : bytes[at + 7] === 48 ? 0 : -1;
}

/** The two most frequent methods without making a string. */
function methodName(bytes: Buffer, start: number, end: number): string {
  if (end - start === 3 && bytes[start] === 71 && bytes[start + 1] === 69 && bytes[start + 2] === 84) return "GET";
  if (end - start === 4 && bytes[start] === 80 && bytes[start + 1] === 79 && bytes[start + 2] === 83 && bytes[start + 3] === 84) return "POST";
  return bytes.toString("latin1", start, end);
}
