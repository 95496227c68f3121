import { constants } from "node:http2";
import { format } from "../../units/format.ts";
import { encodeRejection } from "../http1/answers.ts";
import { handshakeTooSlow } from "../shortages.ts";

/** Why a caller is not served any further, as it is told as an issue of the witness. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  /** What the caller itself is told, where it would not understand HTTP/2. */
  readonly answer?: Buffer;
}

/** Of a call for which nothing was done: it may be sent again elsewhere (RFC 9113 §8.7). */
export const refusedStream = constants.NGHTTP2_REFUSED_STREAM;

export const manyResets: Refusal = {
  code: "many-resets",
  message: "a caller gave so many calls up that it was told to take another connection (GOAWAY), before the protection of HTTP/2 from floods of resets would end this one",
};

export function brokeHttp2(why: string): Refusal {
  return { code: "malformed-request", message: `a caller broke HTTP/2: ${why}` };
}

/** What a caller has begun and not ended in time. */
export function wasLate(what: Beginning, headMs: number): Refusal {
  const { code, spoken } = beginnings[what];
  return { code, message: `a caller had not ended ${spoken} after the ${format("duration", headMs)} of limits.headTimeout, and its connection was closed: raise it if callers are meant to take so long` };
}

export type Beginning = "preface" | "head";

const beginnings: Readonly<Record<Beginning, { readonly code: string; readonly spoken: string }>> = {
  preface: { code: handshakeTooSlow, spoken: "the preface of HTTP/2" },
  head: { code: "head-too-slow", spoken: "a head that it had begun" },
};

export function spokeHttp1(isSecured: boolean): Refusal {
  const spoken = isSecured ? "HTTP/2" : "HTTP/2 without TLS, by prior knowledge (h2c)";
  return {
    code: "malformed-request",
    message: `a caller spoke HTTP/1 to a listener that speaks ${spoken}, and was answered 400: have it speak HTTP/2 (curl --http2-prior-knowledge), or give the proxy an upstream of http://`,
    answer: encodeRejection({ status: 400, why: `this proxy speaks ${spoken}, not HTTP/1` }, "GET").bytes,
  };
}
