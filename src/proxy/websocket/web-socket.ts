import type { Effect } from "../../model/effect.ts";
import type { FaultRecord } from "../../model/event.ts";
import { keyedRandom } from "../../math/random.ts";
import type { Replaced, Selector } from "../../faults/select.ts";
import type { ExchangeFacts } from "../../faults/subject.ts";
import type { WebSocketFaults } from "../../faults/web-socket-faults.ts";
import type { LaneContext } from "../lane.ts";
import { encodeClose } from "./close-frame.ts";
import type { Agreed } from "./handshake.ts";
import { InsideLedger } from "./inside-ledger.ts";
import type { InsideEntry } from "./inside-ledger.ts";
import { MessageStream, passes } from "./message-stream.ts";
import type { Fate } from "./message-stream.ts";

type Way = "request" | "response";
type CloseFrame = Extract<Effect, { kind: "close-frame" }>;

/** A Close frame that a fault wants sent, after so many more messages. */
interface PendingClose {
  readonly effect: CloseFrame;
  readonly entry: InsideEntry;
  messagesLeft: number;
}

export interface WebSocketOptions {
  readonly context: LaneContext;
  /** The request that asked for it. */
  readonly facts: ExchangeFacts;
  readonly agreed: Agreed;
  /** Of the answer that opened it, which is ahead of its frames. */
  readonly headBytes: number;
  /** Bytes leave; `end`: those were the last. */
  readonly out: (way: Way, bytes: Buffer, end: boolean) => void;
  /** Something has left by itself, when its time had come. */
  readonly moved: (way: Way) => void;
}

/** An exchange that became a WebSocket: its messages both ways, and what the faults in force make of them. */
export class WebSocket {
  private readonly options: WebSocketOptions;
  private readonly ledger = new InsideLedger();
  private readonly streams: Readonly<Record<Way, MessageStream>>;
  private readonly closes = new Map<string, PendingClose>();
  /** Of the set in force; `loaded` is the set they were taken from. */
  private faults: WebSocketFaults | undefined;
  private loaded: Selector | undefined;
  private headLeft: number;
  private hasToldLinked = false;

  constructor(options: WebSocketOptions) {
    this.options = options;
    this.headLeft = options.headBytes;
    this.streams = { request: this.stream("request"), response: this.stream("response") };
  }

  heldWeight(way: Way): number {
    return this.streams[way].heldWeight;
  }

  take(way: Way, bytes: Buffer): void {
    this.load();
    const { headLeft } = this;
    if (way === "request" || headLeft === 0) return this.streams[way].take(bytes);
    this.headLeft = 0;
    if (this.faults === undefined) return this.streams.response.take(bytes, headLeft);
    this.options.out("response", bytes.subarray(0, headLeft), false);
    this.ask();
    if (headLeft < bytes.length) this.streams.response.take(bytes.subarray(headLeft));
  }

  /** Its source has closed, behind what it sent. */
  end(way: Way): void {
    this.streams[way].end();
  }

  /** Asks the faults in force about it as a whole: when it has been opened, and whenever a window opened or closed. */
  ask(): void {
    this.load();
    if (this.faults === undefined || this.headLeft > 0) return;
    const nowMs = this.options.context.env.nowMs();
    for (const decided of this.faults.whole(nowMs)) {
      const entry = this.ledger.note(decided, nowMs);
      if (decided.decision !== "applied") this.closes.delete(decided.fault);
      else if (entry.actedMs === undefined && !this.closes.has(decided.fault)) for (const effect of decided.effects) this.begin(entry, effect);
    }
  }

  /** The set of faults is lifted: no message is held any more that comes, and those that are run out their delay, or go on at once with `release`. */
  lift(release: boolean): void {
    this.closes.clear();
    for (const stream of Object.values(this.streams)) {
      stream.keepOpen();
      stream.letGo(release);
    }
  }

  /** The list of faults was changed: no Close frame of those replaced is sent that has not gone yet. Messages keep the decision they were given, unless no fault is left. */
  replace({ gone, changed }: Replaced): void {
    for (const fault of [...gone, ...changed]) this.closes.delete(fault);
    this.load();
    if (this.faults === undefined) this.lift(true);
  }

  /** Nothing leaves any more; what is held is thrown away. */
  drop(): void {
    for (const stream of Object.values(this.streams)) stream.drop();
  }

  /** It is over. Returns what the faults meant for it. */
  conclude(): readonly FaultRecord[] {
    this.drop();
    return this.ledger.records();
  }

  private stream(way: Way): MessageStream {
    const { context, agreed, out, moved } = this.options;
    return new MessageStream({
      env: context.env,
      masked: way === "request",
      extended: agreed.extended,
      judge: (nth, isCompressed) => this.judge(way, nth, isCompressed && agreed.linked[way]),
      ended: () => this.countDown(way),
      invalid: () => this.issue("websocket-malformed", `${way === "request" ? "the caller" : "upstream"} sent what is no WebSocket frame (RFC 6455 §5.2): from there on its bytes pass unseen, and faults on messages do not act on them`),
      out: (bytes, end) => out(way, bytes, end),
      moved: () => moved(way),
    });
  }

  /** Takes up the set that is in force now. */
  private load(): void {
    const selector = this.options.context.selector();
    if (selector === this.loaded) return;
    const isSameSet = selector.set === this.loaded?.set;
    this.loaded = selector;
    this.faults = selector.webSocket(this.options.facts);
    if (this.faults !== undefined && !isSameSet) this.ledger.begin(this.faults.epoch);
    for (const stream of Object.values(this.streams)) stream.isWatched = this.faults !== undefined;
  }

  private judge(way: Way, nth: number, isLinked: boolean): Fate {
    if (this.faults === undefined) return passes;
    const nowMs = this.options.context.env.nowMs();
    const delayed: InsideEntry[] = [];
    let delayMs = 0;
    let dropped: InsideEntry | undefined;
    for (const decided of this.faults.message(way, nth, nowMs)) {
      const entry = this.ledger.count(decided, nowMs);
      for (const effect of decided.effects) {
        if (effect.kind === "delay-message") {
          delayMs += effect.ms;
          if (effect.ms > 0) delayed.push(entry);
        } else if (effect.kind !== "drop-message") this.refuse(effect);
        else if (isLinked) this.tellLinked();
        else dropped ??= entry;
      }
    }
    if (dropped !== undefined) {
      this.ledger.acted(dropped, "drop-message", nowMs);
      return { delayMs: 0, isDropped: true };
    }
    for (const entry of delayed) this.ledger.acted(entry, "delay-message", nowMs);
    return delayMs === 0 ? passes : { delayMs, isDropped: false };
  }

  private begin(entry: InsideEntry, effect: Effect): void {
    if (effect.kind !== "close-frame") return this.refuse(effect);
    const pending = { effect, entry, messagesLeft: effect.afterMessages };
    if (pending.messagesLeft === 0) this.close(pending);
    else this.closes.set(entry.fault, pending);
  }

  private countDown(way: Way): void {
    for (const [fault, pending] of this.closes) {
      if (!waysOf(pending.effect).includes(way) || --pending.messagesLeft > 0) continue;
      this.closes.delete(fault);
      this.close(pending);
    }
  }

  private close({ effect, entry }: PendingClose): void {
    const { env, seed, conn } = this.options.context;
    const random = keyedRandom(seed, "masking key", conn);
    const sent = (): void => {
      if (entry.actedMs === undefined) this.ledger.acted(entry, effect.kind, env.nowMs());
    };
    for (const way of waysOf(effect)) {
      const maskingKey = way === "request" ? Uint8Array.from({ length: 4 }, () => random() * 256) : undefined;
      this.streams[way].close(encodeClose(effect, maskingKey), sent);
    }
  }

  private tellLinked(): void {
    if (!this.hasToldLinked) this.issue("websocket-compressed", "a message was not dropped because those after it could not be decompressed without it: let the two sides agree on client_no_context_takeover and server_no_context_takeover, or on no permessage-deflate (RFC 7692)");
    this.hasToldLinked = true;
  }

  private refuse({ kind }: Effect): void {
    this.issue("unsupported-effect", `the effect "${kind}" cannot be carried out on a WebSocket`);
  }

  private issue(code: string, message: string): void {
    const { context } = this.options;
    const { env, proxy } = context;
    context.record({ kind: "witness-issue", atMs: env.nowMs(), proxy: proxy.name, code, message });
  }
}

function waysOf({ direction }: CloseFrame): readonly Way[] {
  return direction === "both" ? ["request", "response"] : [direction];
}
