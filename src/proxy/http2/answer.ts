import type { Effect } from "../../model/effect.ts";
import { httpDateIn } from "../http1/answers.ts";
import { encodeMessage } from "./grpc.ts";
import type { Fields } from "./fields.ts";

/** The head of an answer, whoever gives it. */
export interface AnswerHead {
  readonly status: number;
  readonly fields: Fields;
  readonly sensitive: readonly string[];
  /** Nothing comes behind it. */
  readonly isAll: boolean;
}

/** An answer in upstream's place. */
export interface Answer {
  readonly head: AnswerHead;
  readonly body: Buffer;
}

type Respond = Extract<Effect, { kind: "respond" }>;
type GrpcStatus = Extract<Effect, { kind: "grpc-status" }>;

export function answerOf({ status, headers, body, retryAfterDateMs }: Respond): Answer {
  const isBodiless = hasNoBody(status) || body === "";
  const bytes = isBodiless ? Buffer.alloc(0) : Buffer.from(body, "utf8");
  const fields = [":status", String(status)];
  for (const [name, value] of Object.entries(headers)) if (!framing.has(name.toLowerCase())) fields.push(name.toLowerCase(), value);
  if (retryAfterDateMs !== undefined) fields.push("retry-after", httpDateIn(retryAfterDateMs));
  if (!hasNoBody(status)) fields.push("content-length", String(bytes.length));
  return { head: { status, fields, sensitive: [], isAll: isBodiless }, body: bytes };
}

/** A call that is over before it has begun: its status stands in the head (gRPC over HTTP2, "Trailers-Only"). */
export function trailersOnly(effect: GrpcStatus): Answer {
  return { head: { status: 200, fields: [":status", "200", "content-type", "application/grpc", ...statusFields(effect)], sensitive: [], isAll: true }, body: Buffer.alloc(0) };
}

export function statusFields({ code, message, trailers }: GrpcStatus): Fields {
  const fields = ["grpc-status", String(code)];
  if (message !== "") fields.push("grpc-message", encodeMessage(message));
  for (const [name, value] of Object.entries(trailers)) fields.push(name, value);
  return fields;
}

/** Of answers that have none whatever their head says (RFC 9110 §6.4.1). */
export function hasNoBody(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}

/** HTTP/2 frames by itself, and knows no fields of a connection (RFC 9113 §8.2.2). */
const framing = new Set(["content-length", "transfer-encoding", "connection", "keep-alive", "proxy-connection", "upgrade"]);
