import type { EffectKind } from "../../model/effect.ts";
import type { ConnectionRecord, ExchangeEnd, ExchangeRecord, FaultRecord } from "../../model/event.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Decision } from "../../model/selection.ts";

/** What has gone through a proxy, in the words of whoever watches it; `zeroMs` is the Unix time (ms) at which the record's clock began. */
export function describePassage(record: ExchangeRecord | ConnectionRecord, zeroMs: number): JsonObject {
  return record.kind === "exchange" ? describeExchange(record, zeroMs) : describeConnection(record, zeroMs);
}

/** A moment as ISO 8601 and as ms of Unix time. */
export function moment(atMs: number, zeroMs: number): { readonly time: string; readonly timeMs: number } {
  const timeMs = inMicroseconds(zeroMs + atMs);
  return { time: new Date(timeMs).toISOString(), timeMs };
}

function describeExchange(record: ExchangeRecord, zeroMs: number): JsonObject {
  const { proxy, caller, conn, nth, method, path, authority, startMs, endMs, headMs, status, grpcStatus, requestBytes, responseBytes, end, passedOn, trace, idempotencyKey, sentBy, faults = [] } = record;
  return {
    kind: "exchange", ...moment(startMs, zeroMs), proxy, caller, connection: conn, exchange: nth, method, path,
    ...(authority !== undefined && { authority }),
    ...(status !== undefined && { status }),
    ...(grpcStatus !== undefined && { grpcStatus }),
    requestBytes, responseBytes,
    ...(headMs !== undefined && { firstByteMs: inMicroseconds(headMs - startMs) }),
    durationMs: inMicroseconds(endMs - startMs),
    end, ended: endOfExchange(record),
    reachedUpstream: passedOn,
    ...(trace !== undefined && { trace }),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    ...(sentBy !== undefined && { copyMadeBy: sentBy }),
    toxics: faults.map((fault) => describeFault(fault, endMs)),
  };
}

function describeConnection(record: ConnectionRecord, zeroMs: number): JsonObject {
  const { proxy, caller, conn, peer, openMs, closeMs, exchanges, requestBytes, responseBytes, upstreamBytes, closedBy, how, upstreamReached, faults = [] } = record;
  return {
    kind: "connection", ...moment(openMs, zeroMs), proxy, caller, connection: conn, peer, exchanges, requestBytes, responseBytes,
    ...(upstreamBytes !== undefined && { upstreamGotBytes: upstreamBytes.got, upstreamGaveBytes: upstreamBytes.gave }),
    durationMs: inMicroseconds(closeMs - openMs),
    closedBy, how, ended: endOfConnection(record),
    reachedUpstream: upstreamReached,
    toxics: faults.map((fault) => describeFault(fault, closeMs)),
  };
}

const exchangeEnds: Readonly<Record<Exclude<ExchangeEnd, "client-left">, string>> = {
  complete: "answered whole",
  "upstream-lost": "upstream closed or reset the connection before the end of its answer",
  "upstream-unreachable": "upstream could not be reached",
  dropped: "a toxic closed the connection",
  reset: "a toxic reset the connection",
  rejected: "refused by the proxy: no HTTP that can be framed, over a limit, or not to be passed on",
  tunnel: "upgraded: bytes went both ways until it closed",
  open: "not over yet when the proxy was closed",
};

function endOfExchange({ end, leftBy }: ExchangeRecord): string {
  return end === "client-left" ? `the caller ${leftBy === "rst" ? "reset" : "closed"} the connection before the end of the answer` : exchangeEnds[end];
}

const closers: Readonly<Record<ConnectionRecord["closedBy"], string>> = {
  client: "the caller", upstream: "upstream", fault: "a toxic", proxy: "the proxy, as it was closed, changed or disabled",
};

function endOfConnection({ closedBy, how, upstreamReached }: ConnectionRecord): string {
  if (closedBy === "upstream" && !upstreamReached) return "upstream could not be reached";
  return `${how === "rst" ? "reset" : "closed"} by ${closers[closedBy]}`;
}

const spared: Readonly<Record<Exclude<Decision, "applied">, string>> = {
  match: "spared: not one that its match names",
  window: "spared: outside its window of time",
  ordinal: "spared: not its turn by after, every, first or attempt",
  rate: "spared by the draw of its toxicity, or by what it has counted",
};

/** What each effect does, as seen by who waits for it. */
const effectWords: Readonly<Record<EffectKind, string>> = {
  delay: "held back", respond: "answered in upstream's place", close: "closed without an answer", reset: "reset", hang: "never answered",
  throttle: "slowed to its rate", slice: "cut into pieces", spread: "spread over time", truncate: "cut off in the answer's body", corrupt: "bytes changed",
  malformed: "answered with broken HTTP", "grpc-status": "ended with its gRPC status", "stream-reset": "its stream reset", goaway: "its connection told to go away",
  rewrite: "rewritten", duplicate: "sent again", replay: "given an earlier answer", remember: "its answer remembered",
  "delay-message": "messages held back", "drop-message": "messages dropped", "close-frame": "closed by a Close frame",
  "delay-bytes": "its bytes held back", lose: "packets lost and sent again", "hold-end": "its end held back", limit: "ended after so many bytes",
  silence: "made silent", handshake: "its TLS handshake spoilt", admit: "turned away at accept", refuse: "cut off, its listener closed",
};

function describeFault(record: FaultRecord, endMs: number): JsonObject {
  const { fault, decision, n, effect, actedMs, releasedMs, pauses = [], inside } = record;
  const isApplied = decision === "applied";
  return {
    toxic: fault,
    applied: isApplied,
    ...(n !== undefined && { n }),
    ...(isApplied && effect !== undefined && { effect }),
    what: isApplied ? appliedWords(record) : spared[decision],
    ...(isApplied && actedMs !== undefined && { actedForMs: inMicroseconds(Math.max(0, (releasedMs ?? endMs) - actedMs - pauses.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0))) }),
    ...(inside !== undefined && { messages: { applied: inside.applied, felt: inside.felt, spared: inside.missed.match + inside.missed.window + inside.missed.ordinal + inside.missed.rate } }),
  };
}

function appliedWords({ effect, actedMs }: FaultRecord): string {
  if (effect === undefined || actedMs === undefined) return "applied, but it was over before the caller could notice";
  return effectWords[effect];
}

function inMicroseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
