import type { DelaySpec } from "./distribution.ts";
import type { Json } from "./json.ts";
import type { Flaw } from "./tls.ts";

/** Bytes to the upstream, bytes to the client, or both. */
export type Direction = "request" | "response" | "both";

/** What becomes of the body of a message: another text, or other values in its JSON, by JSON pointer (RFC 6901). */
export type BodyChange = { readonly text: string } | { readonly set: Readonly<Record<string, Json>>; readonly remove: readonly string[] };

/**
 * What the caller is to experience; plain data, carried out by a lane.
 * Effects of an exchange are drawn once, when its request head has come; effects of a connection, or of a WebSocket, when the fault takes hold of it;
 * effects of a message when the header of its first frame has come.
 */
export type Effect =
  /** Hold the request (before upstream gets it) or the response (after upstream did the work) for `ms`. */
  | { readonly kind: "delay"; readonly at: "request" | "response"; readonly ms: number }
  /**
   * Answer in upstream's place. Upstream is not asked; with `at: response` it is, and its answer is thrown away.
   * `retryAfterDateMs`: Retry-After as an HTTP-date, so long after the answer.
   */
  | { readonly kind: "respond"; readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string; readonly at?: "response"; readonly retryAfterDateMs?: number }
  /** Close the connection (FIN) without an answer. */
  | { readonly kind: "close" }
  /** A true RST to the caller: when the request has come, when upstream's answer begins, or after `afterBytes` of the answer. `afterMs`, connections only, at `accept`: so long after the fault took hold; `holds`: nothing passes that way meanwhile, and on a connection that began under the fault the time begins with the first bytes of it. */
  | { readonly kind: "reset"; readonly at: "accept" | "request" | "response"; readonly afterBytes?: number; readonly afterMs?: number; readonly holds?: Direction }
  /** Never answer; with `headersFirst` upstream's response head is passed on, then nothing more. */
  | { readonly kind: "hang"; readonly headersFirst: boolean }
  /** Bytes pass no faster than this, in order (0, connections only: none pass); of an exchange, head and body alike. `shared`, connections only: all that are hit on the proxy have this rate together. */
  | { readonly kind: "throttle"; readonly direction: Direction; readonly bytesPerSecond: number; readonly shared?: boolean }
  /** Bytes pass in pieces of at most `bytes`, `everyMs` apart; of an exchange, those of the body, its head goes at once. `variationBytes`, connections only: each piece is so much smaller or larger. */
  | { readonly kind: "slice"; readonly direction: Direction; readonly bytes: number; readonly everyMs: number; readonly variationBytes?: number }
  /** Exchange only: the body passes evenly over `overMs`, its head at once. */
  | { readonly kind: "spread"; readonly direction: Direction; readonly overMs: number }
  /** Exchange only: the body of the answer ends after so many bytes or a share (0..1) of them, by FIN or RST; its head is left as it is. */
  | { readonly kind: "truncate"; readonly after: { readonly bytes: number } | { readonly share: number }; readonly end: "close" | "reset" }
  /** Exchange only: this share (0..1) of the bytes of the body are others; their number stays. `seed` says which. */
  | { readonly kind: "corrupt"; readonly direction: Direction; readonly share: number; readonly seed: number }
  /** Exchange only: the answer breaks the grammar of HTTP in one place; then the connection is closed (FIN). */
  | { readonly kind: "malformed"; readonly part: "status-line" | "header" | "chunk" | "length" }
  /** Exchange of gRPC only: the call ends with this status and these trailers: in upstream's place, when upstream has done the work (`at: response`), or behind so many messages of its answer. */
  | { readonly kind: "grpc-status"; readonly code: number; readonly message: string; readonly trailers: Readonly<Record<string, string>>; readonly at?: "response"; readonly afterMessages?: number }
  /** Exchange of HTTP/2 only: RST_STREAM with this code when the request has come, or when upstream's answer begins, or after `afterBytes` of its data. */
  | { readonly kind: "stream-reset"; readonly code: number; readonly at: "request" | "response"; readonly afterBytes?: number }
  /** Exchange of HTTP/2 only: its connection is told to go away. `graceful`: what is under way on it goes on to its end, this exchange too; else all of it is lost. */
  | { readonly kind: "goaway"; readonly code: number; readonly graceful: boolean }
  /**
   * Exchange only: the request, or the answer, goes on changed: its status, headers (null: taken out), body. What cannot be changed goes on as it is:
   * a body that is no JSON, or of more than `maxBytes`.
   */
  | { readonly kind: "rewrite"; readonly at: "request" | "response"; readonly status?: number; readonly headers: Readonly<Record<string, string | null>>; readonly body?: BodyChange; readonly maxBytes: number }
  /** Exchange only: `afterMs` after the request has gone on, upstream gets it `copies` times more, each on a connection of its own; those answers are thrown away. A request of more than `maxBytes` is not sent again. */
  | { readonly kind: "duplicate"; readonly copies: number; readonly afterMs: number; readonly maxBytes: number }
  /**
   * Exchange only: the latest answer remembered under `key` that is at least `ageMs` old is given again, in upstream's place, or when it answers (`reachUpstream`).
   * Where none is, the exchange is spared. What upstream answers is remembered.
   */
  | { readonly kind: "replay"; readonly key: string; readonly ageMs: number; readonly reachUpstream: boolean }
  /** Exchange only: upstream's answer is remembered under `key` for `replay` of the same fault. Nothing that a caller feels. */
  | { readonly kind: "remember"; readonly key: string; readonly ageMs: number }
  /** Message only: its bytes are released so long after they came; what follows keeps its place behind it. */
  | { readonly kind: "delay-message"; readonly ms: number }
  /** Message only: it vanishes whole. */
  | { readonly kind: "drop-message" }
  /**
   * WebSocket only: a Close frame goes out behind `afterMessages` more messages (of `both`: of both directions together), and what its source sends behind it is lost.
   * The peers carry the closing handshake on themselves.
   */
  | { readonly kind: "close-frame"; readonly direction: Direction; readonly code: number; readonly reason: string; readonly afterMessages: number }
  /** Connection only: each chunk is released at its arrival + a draw of `delay`, in order. `sinceWindowMs`: how far its wave had come when the fault took hold. */
  | { readonly kind: "delay-bytes"; readonly direction: Direction; readonly delay: DelaySpec; readonly sinceWindowMs?: number }
  /** Connection only: what TCP makes of lost packets. A chunk with a lost one, and all behind it, wait for retransmission, twice as long each time it is lost again. */
  | { readonly kind: "lose"; readonly direction: Direction; readonly lossShare: number; readonly burstPackets: number; readonly retransmitMs: number }
  /** Connection only: the stream's end (FIN) comes later than its last byte, by a draw of `delay`. */
  | { readonly kind: "hold-end"; readonly direction: Direction; readonly delay: DelaySpec }
  /** Connection only: after so many bytes of the direction both sides are closed (`fin`) or reset (`rst`). */
  | { readonly kind: "limit"; readonly direction: Direction; readonly bytes: number; readonly how: "fin" | "rst" }
  /**
   * Connection only. `both`: nothing is written to either side any more, no end either; what they send is taken and lost (`read`), or stays with them.
   * One direction, always `read`: what goes that way is lost, its end too; the other flows. `closeAfterMs` after it took hold both sides are closed.
   */
  | { readonly kind: "silence"; readonly direction: Direction; readonly read: boolean; readonly closeAfterMs?: number }
  /** TLS only: the handshake shows a certificate that is not good, or is never answered. */
  | { readonly kind: "handshake"; readonly as: Flaw | "hang" }
  /** Proxy only: connections beyond so many open at once are closed or reset at accept. */
  | { readonly kind: "admit"; readonly connections: number; readonly how: "fin" | "rst" }
  /** Proxy only: the listener is closed; open connections are reset unless `keepOpen`. */
  | { readonly kind: "refuse"; readonly keepOpen: boolean };

export type EffectKind = Effect["kind"];
