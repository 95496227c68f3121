import { z } from "zod";
import type { FaultType } from "../model/fault-type.ts";
import { grpcCodeName, grpcCodes } from "../units/grpc-code.ts";

const [, ...failures] = grpcCodes;

interface GrpcError {
  /** 1 to 16. */
  readonly code: number;
  readonly message: string;
  readonly trailers: Readonly<Record<string, string>>;
  readonly reachUpstream: boolean;
  readonly afterMessages?: number;
}

const base64 = /^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}(?:==)?|[A-Za-z\d+/]{3}=?)?$/;
const key = z.string().regex(/^[a-z\d_.-]+$/, "expected a key of metadata: lower-case letters, digits, and _ . -").refine((name) => !["grpc-status", "grpc-message", "content-type"].includes(name), "expected another key: this one says what code and message say");
const value = z.string().regex(/^[\u0020-\u007e]*$/, "expected a value of metadata: one line of printable ASCII, or base64 for keys that end in -bin");

/** A server's failure as gRPC tells it: HTTP says 200, and the call has a status of its own. */
export const grpcError: FaultType<GrpcError> = {
  type: "grpc-error",
  layer: "exchange",
  on: "exchange",
  summary: "Calls of gRPC end with a status that is not OK: in upstream's place, with its answer lost, or behind some messages of it.",
  params: z
    .strictObject({
      code: z.literal([...failures, ...failures.map((_, i) => i + 1)]).default("UNAVAILABLE").describe("Status of the call, by name or number. Default UNAVAILABLE."),
      message: z.string().default("").describe("What goes with it, for people to read. Default: none."),
      details: z.string().regex(base64, "expected base64").optional().describe("A google.rpc.Status in base64, sent as grpc-status-details-bin: for clients that look at more than the code."),
      trailers: z.record(key, value).default({}).describe('More trailing metadata, like { grpc-retry-pushback-ms: "500" }; values of keys in -bin in base64.'),
      reachUpstream: z.boolean().default(false).describe("true: upstream gets the call and does the work, and its answer is thrown away when its first message or its end comes. Default false: upstream is not asked."),
      afterMessages: z.int().min(1).optional().describe("So many messages of upstream's answer pass before the status. An answer that has fewer is left alone."),
    })
    .transform(({ code, message, details, trailers, reachUpstream, afterMessages }, context): GrpcError => {
      if (afterMessages !== undefined && reachUpstream) context.addIssue({ code: "custom", path: ["reachUpstream"], message: "expected either afterMessages or reachUpstream, got both: with afterMessages upstream is asked anyway" });
      return {
        code: typeof code === "number" ? code : grpcCodes.indexOf(code), message,
        trailers: { ...(details === undefined ? {} : { "grpc-status-details-bin": details }), ...trailers },
        reachUpstream, ...(afterMessages === undefined ? {} : { afterMessages }),
      };
    }),
  example: "code: UNAVAILABLE\nmessage: try again later",
  explain: ({ code, reachUpstream, afterMessages }) => {
    const when = afterMessages === undefined ? (reachUpstream ? "when upstream has done the work" : "in upstream's place") : `after ${afterMessages} message${afterMessages === 1 ? "" : "s"} of the answer`;
    return `ends gRPC calls with ${grpcCodeName(code)} ${when}`;
  },
  decide: ({ code, message, trailers, reachUpstream, afterMessages }) => [
    { kind: "grpc-status", code, message, trailers, ...(reachUpstream || afterMessages !== undefined ? { at: "response" } : {}), ...(afterMessages === undefined ? {} : { afterMessages }) },
  ],
};
