import { BodyData } from "../../src/proxy/http1/body-data.ts";
import { Exchange } from "../../src/proxy/http1/exchange.ts";
import type { Framing } from "../../src/proxy/http1/framing.ts";
import { replaceHost } from "../../src/proxy/http1/head-rewrite.ts";
import { defaultLimits } from "../../src/proxy/http1/limits.ts";
import { RequestHead } from "../../src/proxy/http1/request-head.ts";
import { RequestReader } from "../../src/proxy/http1/request-reader.ts";
import { ResponseReader } from "../../src/proxy/http1/response-reader.ts";
import { HeldClock } from "../proxy/held-clock.ts";
import type { Message, Reading } from "./reading.ts";
import type { RequestStream, ResponseStream } from "./streams.ts";

/** A message while it is read. */
interface Draft {
  readonly exchange: Exchange;
  readonly start: string;
  readonly last: boolean;
  readonly pieces: Buffer[];
  framing: Framing;
  headBytes: number;
  done: boolean;
  interims: string[];
}

/** Breaches of what the readers promise, whatever comes. */
class Breach extends Error {}

function must(holds: boolean, promise: string): void {
  if (!holds) throw new Breach(promise);
}

/** Reads a stream as the proxy reads what a client sends, in its packets. Throws when a byte is lost, added, or delivered after a rejection. */
export function readRequests({ bytes, packets, host, refusesAfter, ends = false }: RequestStream): Reading {
  const env = new HeldClock();
  const drafts: Draft[] = [];
  let refusal: string | undefined;
  let rejectedBytes = 0;
  let deliveredBytes = 0;
  const refuseTunnel = (): void => {
    const asking = drafts.at(-1);
    if (asking !== undefined && asking.exchange.mayTunnel && asking.done && asking.exchange.method !== "CONNECT") reader.resume();
  };
  const reader = new RequestReader({
    env, limits: defaultLimits, rewrite: host === undefined ? undefined : replaceHost(host),
    sink: {
      requestsPaused: false,
      tunnelSpeaksHttp: () => false,
      requestHead: (head, startMs) => {
        must(refusal === undefined, "no head after a rejection");
        must(drafts.at(-1)?.done !== false, "no head before the last request is over");
        const exchange = new Exchange(head, drafts.length + 1, startMs);
        const last = head.method === "CONNECT" || !head.keepAlive;
        drafts.push({ exchange, start: `${head.method} ${head.target}`, last, pieces: [], framing: head.framing, headBytes: -1, done: false, interims: [] });
        return exchange;
      },
      requestBytes: (exchange, piece, done) => {
        const draft = drafts.at(-1);
        must(refusal === undefined, "no byte after a rejection");
        must(draft !== undefined && draft.exchange === exchange, "bytes belong to the request that is read");
        if (draft === undefined) return;
        must(!draft.done || (exchange.method === "CONNECT" && !done), "no byte behind the last of a request");
        draft.pieces.push(piece);
        deliveredBytes += piece.length;
        if (draft.done) return;
        draft.done = done;
        if (done && refusesAfter === 0) refuseTunnel();
      },
      requestRejected: ({ status, why }, head, _startMs, count, exchange) => {
        must(refusal === undefined, "one rejection");
        must(exchange === undefined || exchange === drafts.at(-1)?.exchange, "a rejection in a body names its request");
        must([400, 408, 431].includes(status) && why !== "", "a rejection is a 400, 408 or 431, and says why");
        must(head.method !== undefined, "a rejection has a head to tell of");
        refusal = String(status);
        rejectedBytes = exchange === undefined ? count : Number.NaN;
      },
    },
  });
  let pushed = 0;
  for (const packet of packets) {
    // A packet of its own, as a socket gives it: what is kept of it must not count on what follows it.
    reader.push(Buffer.from(packet));
    if (++pushed % refusesAfter === 0) refuseTunnel();
  }
  if (ends) reader.end();
  // What was held may ask for a tunnel again.
  for (let read = -1; read < drafts.length;) {
    read = drafts.length;
    refuseTunnel();
  }
  const last = drafts.at(-1);
  if (last !== undefined && last.exchange.method === "CONNECT" && last.done) reader.tunnel();
  env.advance(defaultLimits.headMs);
  must(env.armed === 0, "no timer is left when the time for a head is over");
  must(reader.heldBytes === 0, "nothing is held when no tunnel is awaited");
  checkDelivered(bytes, drafts, host);
  const rest = bytes.subarray(deliveredBytes).toString("latin1");
  const isBegunHead = ends && !rest.replace(/^(?:\r\n)+/, "").includes("\r\n\r\n");
  const isWhole = refusal === undefined ? last?.done === false || isBegunHead || isEmptyLines(bytes.subarray(deliveredBytes)) || last?.exchange.method === "CONNECT" : true;
  must(host !== undefined || isWhole, "all bytes are delivered or rejected");
  if (host === undefined && refusal !== undefined && !Number.isNaN(rejectedBytes)) must(deliveredBytes + rejectedBytes <= bytes.length, "no more is rejected than came");
  reader.stop();
  return { messages: drafts.map((draft) => messageOf(draft)), refusal };
}

/** Reads a stream as the proxy reads what upstream sends. */
export function readResponses({ bytes, packets, methods, upgrade, closes }: ResponseStream): Reading {
  const exchanges = methods.map((method, i) => {
    const head = new RequestHead();
    head.method = method;
    head.mayTunnel = upgrade || method === "CONNECT";
    return new Exchange(head, i + 1, 0);
  });
  const drafts: Draft[] = [];
  const delivered: Buffer[] = [];
  let interims: string[] = [];
  let interimBytes: Buffer[] = [];
  let answered = 0;
  let refusal: string | undefined;
  const reader = new ResponseReader(defaultLimits, {
    awaited: () => exchanges[answered],
    interim: (exchange, piece) => {
      must(refusal === undefined && exchange === exchanges[answered], "an interim response belongs to the request that waits");
      interims.push(piece.toString("latin1", 9, 12));
      interimBytes.push(piece);
      delivered.push(piece);
    },
    responseHead: (exchange, head, headBytes) => {
      must(refusal === undefined && exchange === exchanges[answered], "an answer belongs to the request that waits");
      const last = head.status === 101 || exchange.method === "CONNECT";
      drafts.push({ exchange, start: String(head.status), last, pieces: interimBytes, framing: head.framing, headBytes: headBytes + interimBytes.reduce((sum, { length }) => sum + length, 0), done: false, interims });
      interims = [];
      interimBytes = [];
    },
    responseBytes: (exchange, piece, done) => {
      const draft = drafts.at(-1);
      must(refusal === undefined && draft?.exchange === exchange && !draft.done, "bytes belong to the answer that is read");
      if (draft === undefined) return;
      draft.pieces.push(piece);
      delivered.push(piece);
      draft.done = done;
      if (done) answered++;
    },
    responseMalformed: (problem) => {
      must(refusal === undefined, "one refusal");
      refusal = problem;
    },
  });
  for (const packet of packets) reader.push(Buffer.from(packet));
  if (closes) reader.end();
  must(Buffer.concat(delivered).equals(bytes.subarray(0, sizeOf(delivered))), "bytes are delivered as they came");
  return { messages: drafts.map((draft) => messageOf(draft)), refusal };
}

function checkDelivered(bytes: Buffer, drafts: readonly Draft[], host: string | undefined): void {
  const delivered = Buffer.concat(drafts.flatMap(({ pieces }) => pieces));
  if (host === undefined) must(delivered.equals(bytes.subarray(0, delivered.length)), "bytes are delivered as they came");
  else must(delivered.length <= bytes.length + drafts.length * host.length, "nothing but Host is written");
}

function isEmptyLines(bytes: Buffer): boolean {
  return /^(?:\r\n)*\r?$/.test(bytes.toString("latin1"));
}

function sizeOf(pieces: readonly Buffer[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

function messageOf({ exchange, pieces, headBytes, framing, start, done, last, interims }: Draft): Message {
  const wire = Buffer.concat(pieces);
  const text = wire.toString("latin1");
  const bodyAt = headBytes < 0 ? text.indexOf("\r\n\r\n", /^(?:\r\n)*/.exec(text)?.[0].length) + 4 : headBytes;
  const coded = wire.subarray(bodyAt);
  const spans = new BodyData(framing).spans(coded);
  let body = "";
  for (let i = 0; i < spans.length; i += 2) body += coded.toString("latin1", spans[i], spans[i + 1]);
  const isBodiless = /^\d{3}$/.test(start) && (exchange.method === "HEAD" || exchange.method === "CONNECT" || /^(?:1..|204|304)$/.test(start));
  return { start, body, done, wire, last, isBodiless, interims };
}
