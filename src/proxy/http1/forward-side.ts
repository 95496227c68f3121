import type { LaneContext } from "../lane.ts";
import { Line } from "../tcp/line.ts";
import { CR } from "./bytes.ts";
import type { Exchange } from "./exchange.ts";
import { endpointOf } from "./forward-target.ts";
import { UpstreamSide } from "./upstream-side.ts";
import type { Upstream, UpstreamListener } from "./upstream-side.ts";

/** The answer to a CONNECT whose host was reached (RFC 9110 §9.3.6). */
const established = Buffer.from("HTTP/1.1 200 Connection established\r\n\r\n", "latin1");

/** A connection to one of the hosts. */
interface Branch {
  readonly authority: string;
  readonly side: UpstreamSide;
  /** Of a tunnel: the head of its CONNECT goes no further than here. */
  readonly connect?: HeadEnd;
}

/**
 * What a client has upstream that names the host of each request: one connection for each, dialled when its first request goes on; one at a time is in use.
 * When the one in use closes, so does the client's, as through any proxy of ours. One that is not in use is forgotten then, and dialled again when needed.
 */
export class ForwardSide implements Upstream {
  readonly requestLine = new Line((chunk) => {
    if ("bytes" in chunk) this.send(asBuffer(chunk.bytes));
    else if (this.dropped !== undefined) this.branch?.side.drop(this.dropped);
    else this.branch?.side.end();
    this.listener.controlFlow();
  }, () => this.listener.controlFlow());
  readonly responseLine = new Line((chunk) => {
    if ("bytes" in chunk) this.listener.upstreamBytes(asBuffer(chunk.bytes));
    else this.listener.upstreamEnded();
  }, () => this.listener.controlFlow());
  private readonly context: LaneContext;
  private readonly listener: UpstreamListener;
  private readonly lingerMs: number;
  /** All whose connection may not be closed yet. */
  private readonly branches = new Set<Branch>();
  private readonly idle = new Map<string, Branch>();
  /** The one in use. */
  private branch: Branch | undefined;
  private paused = false;
  /** How what was in use was given up, when it was: nothing that comes from it counts. */
  private dropped: Parameters<Upstream["drop"]>[0] | undefined;

  /** `lingerMs`: see `Limits`. */
  constructor(context: LaneContext, listener: UpstreamListener, lingerMs: number) {
    this.context = context;
    this.listener = listener;
    this.lingerMs = lingerMs;
  }

  get blocked(): boolean {
    return this.branch?.side.blocked === true;
  }

  get reached(): boolean {
    return this.branch?.side.reached === true;
  }

  get isGone(): boolean {
    return [...this.branches].every(({ side }) => side.isGone);
  }

  /** What is written from now on is for the host of this exchange. False: not yet; `isFree`: nothing that came before it is under way. */
  turnTo({ authority = "", method }: Pick<Exchange, "authority" | "method">, isFree: boolean): boolean {
    const isTunnel = method === "CONNECT";
    const { branch: last } = this;
    if (last?.authority === authority && !isTunnel) return true;
    if (!isFree || this.requestLine.heldWeight > 0 || this.responseLine.heldWeight > 0) return false;
    if (last !== undefined) this.putAside(last);
    this.branch = isTunnel ? this.grow(authority, true) : this.takeIdle(authority) ?? this.grow(authority, false);
    this.branch.side.pause(this.paused);
    return true;
  }

  write(bytes: Buffer): void {
    if (this.requestLine.open) this.send(bytes);
    else this.requestLine.take({ bytes, atMs: this.context.env.nowMs() });
  }

  end(): void {
    this.dropIdle();
    if (this.requestLine.open) this.branch?.side.end();
    else this.requestLine.take({ end: "fin", atMs: this.context.env.nowMs() });
  }

  pause(paused: boolean): void {
    this.paused = paused;
    this.branch?.side.pause(paused);
  }

  silence(read: boolean): void {
    this.dropped = "now";
    this.requestLine.drop();
    this.responseLine.drop();
    for (const { side } of this.branches) side.silence(read);
  }

  drop(how: Parameters<Upstream["drop"]>[0]): void {
    this.dropped = how;
    this.dropIdle();
    if (how === "rst" || how === "now") {
      this.requestLine.drop();
      this.responseLine.drop();
      this.branch?.side.drop(how);
      return;
    }
    this.responseLine.empty();
    if (this.branch === undefined || this.branch.side.isGone) this.requestLine.drop();
    else if (this.requestLine.open) this.branch.side.drop(how);
    else this.requestLine.take({ end: "fin", atMs: this.context.env.nowMs() });
  }

  /** For later, except what was a tunnel. */
  private putAside(branch: Branch): void {
    if (branch.connect !== undefined) return branch.side.drop("fin");
    branch.side.pause(false);
    this.idle.set(branch.authority, branch);
  }

  private takeIdle(authority: string): Branch | undefined {
    const branch = this.idle.get(authority);
    this.idle.delete(authority);
    return branch;
  }

  private dropIdle(): void {
    for (const { side } of this.idle.values()) side.drop("fin");
    this.idle.clear();
  }

  private send(bytes: Buffer): void {
    const { branch } = this;
    if (branch === undefined) return;
    if (branch.connect === undefined || branch.connect.found) return branch.side.write(bytes);
    const end = branch.connect.find(bytes);
    // Writing nothing dials.
    if (branch.connect.found) branch.side.write(bytes.subarray(end));
  }

  private receive(bytes: Buffer): void {
    if (this.responseLine.open) return this.listener.upstreamBytes(bytes);
    this.responseLine.take({ bytes, atMs: this.context.env.nowMs() });
    this.listener.controlFlow();
  }

  private receiveEnd(): void {
    if (this.responseLine.open) this.listener.upstreamEnded();
    else this.responseLine.take({ end: "fin", atMs: this.context.env.nowMs() });
  }

  private grow(authority: string, isTunnel: boolean): Branch {
    const { context, listener, branches, idle } = this;
    const upstream = endpointOf(authority);
    const inUse = (action: () => void): void => {
      if (this.dropped !== undefined) return;
      if (this.branch === branch) return action();
      // Nothing is awaited from one that is not in use: whatever it says is its end.
      if (idle.get(authority) === branch) idle.delete(authority);
      branch.side.drop("fin");
    };
    const side = new UpstreamSide({ ...context, proxy: { ...context.proxy, upstream } }, {
      upstreamReached: () => (isTunnel ? inUse(() => this.receive(established)) : undefined),
      upstreamBytes: (bytes) => inUse(() => this.receive(bytes)),
      upstreamEnded: () => inUse(() => this.receiveEnd()),
      upstreamFailed: () => inUse(() => listener.upstreamFailed()),
      upstreamTakes: (length) => listener.upstreamTakes(length),
      upstreamCut: (cut) => listener.upstreamCut(cut),
      upstreamClosed: () => {
        branches.delete(branch);
        if (this.branch === branch) this.requestLine.drop();
        if (this.isGone) listener.upstreamClosed();
      },
      controlFlow: () => (this.branch === branch ? listener.controlFlow() : undefined),
    }, this.lingerMs);
    const branch: Branch = { authority, side, ...(isTunnel ? { connect: new HeadEnd() } : {}) };
    branches.add(branch);
    return branch;
  }
}

/** Looks for the empty line that ends a head, over any number of pieces. */
class HeadEnd {
  found = false;
  private matched = 0;

  /** The offset behind it in this piece. */
  find(bytes: Uint8Array): number {
    for (let i = 0; i < bytes.length; i++) {
      if (bytes[i] === ending[this.matched]) this.matched++;
      else this.matched = bytes[i] === CR ? 1 : 0;
      if (this.matched < ending.length) continue;
      this.found = true;
      return i + 1;
    }
    return bytes.length;
  }
}

const ending = Buffer.from("\r\n\r\n", "latin1");

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
