import type { Timer } from "../../model/env.ts";
import type { Effect } from "../../model/effect.ts";
import type { ExchangeEnd, ExchangeRecord, FaultRecord } from "../../model/event.ts";
import type { LaneContext } from "../lane.ts";
import type { AnswerTap, RecordedAnswer, Rewriting } from "../message/index.ts";
import type { Framing } from "./framing.ts";
import type { RequestTee } from "./request-copy.ts";
import type { RequestHead } from "./request-head.ts";
import type { WebSocket } from "../websocket/web-socket.ts";
import type { Shape } from "./shape.ts";

/** A fault's record while the exchange goes on. */
export type FaultDraft = { -readonly [K in keyof FaultRecord]: FaultRecord[K] };

/** One effect to be carried out, and where to write down that it was. */
export interface Step {
  readonly effect: Effect;
  readonly fault: FaultDraft;
}

/** What has to be known of the head of an answer, whoever gives it. */
export interface AnswerHead {
  readonly status: number;
  readonly framing: Framing;
  /** Of the body, when framed by length. */
  readonly length: number;
}

export const noSteps: readonly Step[] = [];

/** One request and its answer on their way through the proxy. */
export class Exchange {
  readonly nth: number;
  readonly method: string;
  readonly target: string;
  readonly authority: string | undefined;
  /** Through a forward proxy: the edge that it is on, where its host has one of its own. */
  edge: LaneContext | undefined;
  readonly startMs: number;
  readonly trace: string | undefined;
  readonly idempotencyKey: string | undefined;
  key: string | undefined;
  faults: readonly FaultRecord[] | undefined;
  /** -1: has not happened. */
  requestEndMs = -1;
  headMs = -1;
  endMs = -1;
  leftMs = -1;
  leftBy: ExchangeRecord["leftBy"];
  afterFin: ExchangeRecord["afterFin"];
  requestBytes = 0;
  responseBytes = 0;
  passedOn = false;
  end: ExchangeEnd = "open";

  readonly keepAlive: boolean;
  readonly expectContinue: boolean;
  /** The answer may open a tunnel: what follows the request is no request until then. */
  readonly mayTunnel: boolean;
  /** And is of no use without. */
  readonly wantsTunnel: boolean;
  tunnel = false;
  /** What goes through the tunnel are exchanges of their own. */
  isSeenThrough = false;
  /** What its bytes go through, both ways, when the tunnel carries frames of WebSocket. */
  webSocket: WebSocket | undefined;

  requestSteps = noSteps;
  responseSteps = noSteps;
  /** The steps being carried out, and the next of them. */
  steps = noSteps;
  step = 0;
  /** When the hold under way ends, counted on from when the head of request or response came, so that delays add up exactly. */
  dueMs = 0;
  timer: Timer | undefined;
  holding: FaultDraft | undefined;
  /** The faults that were asked about it are not in force any more: none of them, or not these. */
  lifted = false;
  withdrawn: Set<string> | undefined;
  /** Close, reset or hang, waiting for the exchange's turn. */
  ending: Step | undefined;

  /** Bytes of the request: `held` here, go on to upstream (`open`), or are thrown away (`sink`). */
  requestGate: "held" | "open" | "sink" = "held";
  heldRequest: Buffer[] | undefined;
  requestDone = false;
  requestFraming: Framing;
  /** Of the body, when framed by length. */
  requestLength: number;
  /** What its bytes go through on their way to upstream, when an effect acts on them. */
  requestShape: Shape | undefined;
  /** Those that send what has left the shape a second time. */
  tees: RequestTee[] | undefined;
  /** The client was told to send its body (100). */
  continued = false;
  /** All steps on the request are done: it may go on when the requests before it have. */
  ready = false;
  /** Let go when upstream was lost already. */
  unpassable = false;
  /** To be answered in upstream's place, when its request has come whole. */
  respond: Step | undefined;
  /** The faults whose doing the answer that is written is. */
  answeredBy: FaultDraft[] | undefined;
  /** An answer was given in upstream's place: the first stands. */
  isSubstituted = false;
  /** Takes in what comes of the request, or of the answer, while the step is carried out that changes it. */
  rewriting: Rewriting | undefined;

  /** Bytes of the response: no final head yet (`none`), `held`, go to the client when it is its turn (`open`), or are thrown away (`sink`). */
  responseGate: "none" | "held" | "open" | "sink" = "none";
  heldInterims: Buffer[] | undefined;
  heldResponse: Buffer[] | undefined;
  /** All that is to be answered has come, though it may still be held. */
  responseDone = false;
  responseFraming: Framing = "none";
  responseLength = 0;
  /** What the bytes of the answer go through on their way to the client, when an effect acts on them. */
  responseShape: Shape | undefined;
  /** Upstream's answer goes elsewhere too, or not to the client. */
  isAside = false;
  taps: AnswerTap[] | undefined;
  /** Upstream ends its connection behind its answer. */
  isLast = false;
  /** Upstream's answer is thrown away: another has taken its place. */
  isReplaced = false;
  /** What each fault had to give again when upstream's answer came, which may itself be remembered before it is their turn. */
  recallable: Map<FaultDraft, RecordedAnswer | undefined> | undefined;
  /** To be given again. */
  recalled: RecordedAnswer | undefined;
  interimBytes = 0;
  /** Bytes of all heads of the response; 0 while there is no final one. */
  headEndBytes = 0;
  /** Of the final response; the client has got it when `headMs` is set. */
  status = 0;
  retryAfter: string | undefined;
  /** No more than so many bytes of the response are written, then comes `ending`; -1: no limit. */
  limitBytes = -1;
  spent = false;
  /** The connection is closed behind the answer. */
  closeAfter = false;
  /** How it ends when its answer has been written whole. */
  endAs: "complete" | "rejected" = "complete";
  /** The answer is over, the request is still coming. */
  settled = false;

  constructor(head: RequestHead, nth: number, startMs: number) {
    this.nth = nth;
    this.startMs = startMs;
    this.method = head.method;
    this.target = head.target;
    this.authority = head.authority;
    this.trace = head.trace;
    this.idempotencyKey = head.idempotencyKey;
    this.keepAlive = head.keepAlive;
    this.expectContinue = head.expectContinue;
    this.mayTunnel = head.mayTunnel;
    this.wantsTunnel = head.wantsTunnel;
    this.requestFraming = head.framing;
    this.requestLength = head.length;
  }

  /** Whether the fault is not in force any more. */
  isLifted({ fault }: FaultDraft): boolean {
    return this.lifted || this.withdrawn?.has(fault) === true;
  }

  /** Its caller knows of the tunnel. */
  get hasOpened(): boolean {
    return this.tunnel && this.headMs >= 0;
  }

  /** Its caller has closed or reset; what opened a tunnel is no exchange any more that could be left. */
  left(atMs: number, how: "fin" | "rst"): void {
    if (this.hasOpened || this.leftMs >= 0) return;
    this.leftMs = atMs;
    this.leftBy = how;
  }

  /** Nothing happens to it any more, and what was held of it is thrown away. */
  abandon(): void {
    this.timer?.cancel();
    this.requestShape?.drop();
    this.responseShape?.drop();
    this.webSocket?.drop();
    this.rewriting?.drop();
    this.heldRequest = undefined;
    this.heldInterims = undefined;
    this.heldResponse = undefined;
  }

  /** Its answer opens a tunnel: what comes now, either way, is no message to be kept. */
  openTunnel(): void {
    this.tunnel = true;
    this.taps = undefined;
    for (const tee of this.tees ?? []) tee.giveUp();
  }

  /** What goes through its tunnel may be exchanges of their own, when its client knows of it and no fault acts on the tunnel. */
  seeThrough(): boolean {
    this.isSeenThrough = this.hasOpened && this.ending === undefined && this.requestShape === undefined && this.responseShape === undefined;
    return this.isSeenThrough;
  }

  /** Hands bytes of upstream's answer to those that listen in; true when they go no further. */
  passAside(bytes: Buffer, done: boolean): boolean {
    if (this.taps !== undefined) for (const tap of this.taps) tap.take(bytes, done);
    return this.isReplaced;
  }

  /** All that is to be answered is here; what comes from upstream is thrown away. */
  replace(): void {
    this.isReplaced = true;
    this.isAside = true;
    this.responseDone = true;
  }

  /** The head of its final response is known, `headBytes` long. */
  answerWith({ status, framing, length }: AnswerHead, headBytes: number): void {
    this.status = status;
    this.responseFraming = framing;
    this.responseLength = length;
    this.headEndBytes = this.interimBytes + headBytes;
  }
}

/** Bytes in a list of pieces. */
export function sizeOf(pieces: readonly Buffer[] | undefined): number {
  let bytes = 0;
  if (pieces !== undefined) for (const piece of pieces) bytes += piece.length;
  return bytes;
}
