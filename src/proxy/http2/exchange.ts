import { constants } from "node:http2";
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { Env } from "../../model/env.ts";
import type { ExchangeEnd } from "../../model/event.ts";
import type { FaultDraft } from "../http1/exchange.ts";
import type { FaultsChange } from "../lane.ts";
import { hasNoBody } from "./answer.ts";
import type { Answer, AnswerHead } from "./answer.ts";
import { Effects } from "./effects.ts";
import type { Goaway, Stage } from "./effects.ts";
import type { ExchangeHost } from "./exchange-host.ts";
import { fieldOf, lengthIn, sensitiveIn, toSend, weightOf } from "./fields.ts";
import type { Fields } from "./fields.ts";
import { Flow } from "./flow.ts";
import { grpcStatusOf } from "./grpc.ts";
import type { RequestHead } from "./request-head.ts";
import { resetAs } from "./own-resets.ts";
import { refusedStream } from "./refusals.ts";
import { answerOptions, sendHead } from "./send-head.ts";
import type { Steps } from "../http1/steps.ts";
import { endOf } from "./stream-end.ts";
import type { Waiter } from "./turns.ts";
import type { Witness } from "./witness.ts";

export interface ExchangeOptions {
  readonly host: ExchangeHost;
  readonly stream: ServerHttp2Stream;
  readonly witness: Witness;
  readonly steps: Steps;
}

/** Upstream's answer is wanted no more. */
const cancelCode = constants.NGHTTP2_CANCEL;
const endStream = 0x1;

/** One stream of the client, and, when it is passed on, the stream to upstream that it stands for. */
export class Exchange implements Stage, Waiter {
  readonly env: Env;
  readonly requests: Flow;
  readonly responses: Flow;
  readonly witness: Witness;
  private readonly host: ExchangeHost;
  private readonly client: ServerHttp2Stream;
  private readonly effects: Effects;
  private upstream: ClientHttp2Stream | undefined;
  private answerHead: AnswerHead | undefined;
  /** The fault whose answer is given. */
  private answeredBy: FaultDraft | undefined;
  /** How it ends when its answer has been written. */
  private endAs: ExchangeEnd = "complete";
  private isRecorded = false;
  private waitsForTurn = false;

  constructor({ host, stream, witness, steps }: ExchangeOptions) {
    this.host = host;
    this.env = host.context.env;
    this.client = stream;
    this.witness = witness;
    this.requests = new Flow({ heldBytes: host.limits.heldBytes, begun: () => this.effects.requestCame(), ended: () => this.requestEnded(), spent: nothing, written: nothing, failed: (code) => resetAs(this.upstream, code) });
    this.responses = new Flow({
      heldBytes: host.limits.heldBytes, begun: () => this.effects.responseBegun(), ended: nothing, spent: () => this.effects.spent(),
      written: (trailers) => this.answered(trailers), failed: (code) => this.resetStream(code, "upstream-lost"),
    });
    this.effects = new Effects(this, steps);
  }

  get head(): RequestHead {
    return this.witness.head;
  }

  get requestLength(): number | undefined {
    return lengthIn(this.head.fields);
  }

  get responseLength(): number | undefined {
    return this.answerHead === undefined ? undefined : lengthIn(this.answerHead.fields);
  }

  get requestCame(): boolean {
    return this.requests.isWhole || (this.head.isGrpc && this.requests.begun);
  }

  get isOver(): boolean {
    return this.witness.end !== undefined;
  }

  begin(): void {
    const { client, requests } = this;
    // Of a reset with NO_ERROR node:http2 says no more while the request is not read.
    client.on("close", () => this.clientClosed()).on("aborted", () => void (this.isOver || queueMicrotask(() => client.destroy())));
    if (this.head.isAll) {
      client.resume();
      requests.feedEnd([]);
    } else requests.read(client);
    const { jsonKey } = this.witness;
    if (jsonKey !== undefined) client.on("data", (bytes: Buffer) => jsonKey.add(bytes));
    if (this.host.isSilent) this.silence();
    else this.effects.beginRequest();
  }

  /** Nothing comes of it any more, but that the client may leave. */
  silence(): void {
    this.effects.drop();
    this.requests.sink();
    this.responses.drop();
  }

  passOn(): void {
    if (this.isOver) return;
    this.waitsForTurn = true;
    this.host.upstream.ask(this);
  }

  takeTurn(session: ClientHttp2Session | undefined): ClientHttp2Stream | undefined {
    this.waitsForTurn = false;
    const upstream = session === undefined ? undefined : this.request(session);
    if (session === undefined) this.resetStream(refusedStream, "upstream-lost");
    else if (upstream === undefined) this.resetStream(constants.NGHTTP2_INTERNAL_ERROR, "rejected");
    if (upstream === undefined) return undefined;
    this.upstream = upstream;
    this.witness.passedOn = !this.host.grip.loses("request");
    upstream.on("error", nothing);
    upstream.on("headers", (headers: IncomingHttpHeaders, _flags: number, fields: Fields = []) => this.interim(headers, fields));
    upstream.on("response", (headers: IncomingHttpHeaders, flags: number, fields: Fields = []) => this.response(headers, flags, fields));
    upstream.on("close", () => this.upstreamClosed(upstream));
    if (!this.head.isAll) this.requests.open(upstream);
    return upstream;
  }

  answer({ head, body }: Answer, fault: FaultDraft): void {
    this.answeredBy = fault;
    // Upstream goes on with the work when it has been asked, and its answer is read and lost.
    if (this.upstream === undefined) this.requests.sink();
    this.responses.replaceSource();
    const isFirst = this.answerHead === undefined;
    this.answerHead = head;
    this.responses.feed(body);
    this.responses.feedEnd([]);
    if (isFirst) this.effects.beginResponse();
  }

  writeHead(hangs: boolean): void {
    const { client, answerHead: head, witness } = this;
    if (head === undefined || this.isOver || client.destroyed || client.closed) return;
    const isAll = !hangs && (head.isAll || this.head.method === "HEAD" || hasNoBody(head.status));
    if (!this.send(toSend(head.fields, head.sensitive), (headers) => client.respond(headers, answerOptions(isAll)))) {
      return this.resetStream(constants.NGHTTP2_INTERNAL_ERROR, "upstream-lost");
    }
    witness.headMs = this.env.nowMs();
    witness.status = head.status;
    witness.retryAfter = fieldOf(head.fields, "retry-after");
    witness.responseBytes += weightOf(head.fields);
    if (this.answeredBy !== undefined) this.answeredBy.actedMs ??= witness.headMs;
    if (hangs) this.responses.sink();
    else if (isAll) this.answered(head.fields);
    else this.responses.open(client);
  }

  endAnswer(trailers: Fields, end: ExchangeEnd): void {
    this.endAs = end;
    this.upstream?.close(cancelCode);
    this.responses.endTarget(trailers);
  }

  resetStream(code: number, end: ExchangeEnd): void {
    this.responses.whenSent(() => {
      if (this.isOver) return;
      this.settle(end);
      resetAs(this.client, code);
    });
  }

  goAway(effect: Goaway): void {
    this.host.goAway(effect);
  }

  lift({ lifted, release, replaced }: FaultsChange): void {
    if (!this.isOver && (lifted || replaced !== undefined)) this.effects.lift(release, lifted ? undefined : replaced?.gone);
  }

  /** The client has closed or reset its connection. */
  leave(how: "fin" | "rst"): void {
    const { witness } = this;
    if (this.isOver) return;
    witness.leftMs = this.env.nowMs();
    witness.leftBy = how;
    this.settle("client-left");
  }

  /** Whether it goes on without upstream: its answer has come whole, or is none of upstream's. */
  get isIndependent(): boolean {
    const { upstream } = this;
    if (this.waitsForTurn) return false;
    return upstream === undefined || this.answeredBy !== undefined || this.responses.isWhole || endOf(upstream) === "whole";
  }

  /** Upstream is lost; the stream is reset, but where the connection ends with it. */
  lose(end: "upstream-lost" | "upstream-unreachable", resets: boolean): void {
    if (end === "upstream-unreachable") this.witness.passedOn = false;
    this.settle(end);
    if (resets) this.client.close(constants.NGHTTP2_INTERNAL_ERROR);
  }

  /** It is over. What is still coming of the request goes on to upstream behind a whole answer. */
  settle(end: ExchangeEnd): void {
    const { witness, upstream } = this;
    if (witness.end !== undefined) return;
    witness.end = end;
    witness.endMs = this.env.nowMs();
    if (this.waitsForTurn) this.host.upstream.leave(this);
    this.effects.drop();
    this.responses.drop();
    if (end !== "complete") {
      this.requests.drop();
      upstream?.close(cancelCode);
    }
    if (end !== "complete" || this.requests.isWhole) this.write();
  }

  private request(session: ClientHttp2Session): ClientHttp2Stream | undefined {
    const { head, host } = this;
    let upstream: ClientHttp2Stream | undefined;
    this.send(toSend(head.fields, head.sensitive, host.changedFields), (headers) => (upstream = session.request(headers, { endStream: head.isAll, waitForTrailers: !head.isAll })));
    return upstream;
  }

  /** False when a head cannot be sent as HTTP/2. */
  private send(headers: OutgoingHttpHeaders, send: (headers: OutgoingHttpHeaders) => void): boolean {
    const problem = sendHead(headers, send);
    if (problem !== undefined) this.host.issue("unsendable-head", `a head cannot be passed on: ${problem}`);
    return problem === undefined;
  }

  private interim(headers: IncomingHttpHeaders, fields: Fields): void {
    const { client } = this;
    if (this.isOver || client.headersSent || client.destroyed || client.closed || headers[":status"] === undefined) return;
    this.send(toSend(fields), (outgoing) => client.additionalHeaders(outgoing));
    if (this.host.client.blocked) this.host.upstream.hold();
  }

  private response(headers: IncomingHttpHeaders, flags: number, fields: Fields): void {
    const { upstream, responses } = this;
    if (this.isOver || this.answerHead !== undefined || upstream === undefined) return;
    const isAll = (flags & endStream) !== 0;
    this.answerHead = { status: Number(headers[":status"]), fields, sensitive: sensitiveIn(headers), isAll };
    if (isAll) {
      upstream.resume();
      responses.feedEnd([]);
    } else responses.read(upstream);
    this.effects.beginResponse();
  }

  /** The last of the answer has been written. */
  private answered(fields: Fields): void {
    this.witness.grpcStatus = grpcStatusOf(fields);
    this.settle(this.endAs);
  }

  private requestEnded(): void {
    this.witness.requestEndMs = this.env.nowMs();
    this.effects.requestCame();
    if (this.isOver) this.write();
  }

  private clientClosed(): void {
    const { client, upstream, witness } = this;
    if (!this.isOver) {
      resetAs(upstream, client.rstCode);
      this.leave("rst");
      this.host.clientReset();
    } else if (witness.end === "complete" && !this.requests.isWhole) resetAs(upstream, client.rstCode);
    this.write();
    this.host.done(this);
  }

  private upstreamClosed(upstream: ClientHttp2Stream): void {
    const code = upstream.rstCode;
    if (upstream !== this.upstream || this.answeredBy !== undefined) return;
    if (this.isOver) {
      if (this.requests.isWhole) return;
      // It has answered, and reads no further. What node:http2 makes of our reset is not the end of the request.
      this.requests.drop();
      return resetAs(this.client, code);
    }
    if (this.answerHead === undefined) this.resetStream(code, "upstream-lost");
    else this.responses.fail(code);
  }

  private write(): void {
    const { witness, requests, responses } = this;
    if (this.isRecorded) return;
    this.isRecorded = true;
    witness.requestBytes = this.head.weight + requests.cameBytes;
    witness.responseBytes += responses.writtenBytes;
    this.host.context.record(witness.record(this.host.context, this.env.nowMs()));
  }
}

/** An error is followed by the stream's close, which says all that is to be known. */
function nothing(): void {}
