import type { DelaySpec } from "./distribution.ts";

/** Bytes to the upstream, bytes to the client, or both. */
export type Direction = "request" | "response" | "both";

/**
 * What the caller is to experience; plain data, carried out by a lane.
 * Effects of an exchange are drawn once, when its request head has come; effects of a connection when the fault takes hold of it.
 */
export type Effect =
  /** Hold the request (before upstream gets it) or the response (after upstream did the work) for `ms`. */
  | { readonly kind: "delay"; readonly at: "request" | "response"; readonly ms: number }
  /** Answer in upstream's place; upstream is not asked. */
  | { readonly kind: "respond"; readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string }
  /** Close the connection (FIN) without an answer. */
  | { readonly kind: "close" }
  /** A true RST to the caller: when the request has come, when upstream's answer begins, or after `afterBytes` of the answer. */
  | { readonly kind: "reset"; readonly at: "accept" | "request" | "response"; readonly afterBytes?: number }
  /** Never answer; with `headersFirst` upstream's response head is passed on, then nothing more. */
  | { readonly kind: "hang"; readonly headersFirst: boolean }
  /** Connection only: each chunk is released at its arrival + a draw of `delay`, in order. */
  | { readonly kind: "delay-bytes"; readonly direction: Direction; readonly delay: DelaySpec }
  /** Proxy only: the listener is closed; open connections are reset unless `keepOpen`. */
  | { readonly kind: "refuse"; readonly keepOpen: boolean };

export type EffectKind = Effect["kind"];
