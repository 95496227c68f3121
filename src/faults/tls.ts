import { z } from "zod";
import type { FaultType } from "../model/fault-type.ts";

interface Tls {
  readonly kind: "expired" | "wrong-host" | "self-signed" | "hang";
}

const words: Readonly<Record<Tls["kind"], string>> = {
  expired: "shows a certificate that has expired",
  "wrong-host": "shows a certificate for another host",
  "self-signed": "shows a certificate that no authority signed",
  hang: "never answers the handshake",
};

/** A certificate that was not renewed or not the right one, or a terminator that is stuck. */
export const tls: FaultType<Tls> = {
  type: "tls",
  layer: "connection",
  on: "handshake",
  summary: "New connections meet a bad certificate or a handshake that never ends; on proxies with tls.",
  params: z.strictObject({
    kind: z.enum(["expired", "wrong-host", "self-signed", "hang"]).describe("What is wrong with the handshake: the certificate is expired, for another host (wrong-host) or signed by itself (self-signed), or no answer comes (hang)."),
  }),
  example: "kind: expired",
  explain: ({ kind }) => words[kind],
  decide: ({ kind }) => [{ kind: "handshake", as: kind }],
};
