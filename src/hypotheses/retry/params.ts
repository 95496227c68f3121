import { z } from "zod";
import { about, bound } from "../../units/fields.ts";
import { grpcCodes } from "../../units/grpc-code.ts";

const backoffKinds = ["none", "constant", "linear", "exponential"] as const;
export type BackoffKind = (typeof backoffKinds)[number];

const backoff = z
  .strictObject({
    kind: z.enum(backoffKinds).optional().describe("How the pauses between attempts grow."),
    first: about("duration", 25).optional().describe("Median of the first pause."),
    factor: about("factor", 0).optional().describe("Each pause against the one before."),
    jitter: z.enum(["required", "forbidden", "any"]).optional().describe("Whether pauses must differ from request to request."),
  })
  .refine((claims) => Object.values(claims).some((claim) => claim !== undefined), { message: "expected at least one of kind, first, factor, jitter" });

export const retryParams = z
  .strictObject({
    proxy: z.string(),
    probe: z.string(),
    attempts: bound("count").optional().describe("Calls per request, the first included."),
    backoff: backoff.optional(),
    amplification: bound("factor").optional().describe("Calls per request under the fault against before it."),
    onlyMethods: z.array(z.string().transform((method) => method.toUpperCase())).min(1).optional().describe("Calls with other methods must not be retried."),
    neverStatuses: z.array(z.union([z.int().min(100).max(599), z.enum(grpcCodes)])).min(1).optional().describe("Answers with these statuses must not be retried: numbers of HTTP, names of gRPC such as INVALID_ARGUMENT."),
    honoursRetryAfter: z.literal(true).optional().describe("No retry comes before Retry-After has passed."),
    success: bound("share").optional().describe("Share of the requests that met the fault and are good all the same."),
  })
  .refine(({ attempts, backoff, amplification, onlyMethods, neverStatuses, honoursRetryAfter, success }) => [attempts, backoff, amplification, onlyMethods, neverStatuses, honoursRetryAfter, success].some((claim) => claim !== undefined), {
    message: "expected at least one of attempts, backoff, amplification, onlyMethods, neverStatuses, honoursRetryAfter, success",
  });
export type RetryParams = z.output<typeof retryParams>;

/** The claims that a hypothesis makes, with what each expects. */
export function retryClaims({ attempts, backoff, amplification, onlyMethods, neverStatuses, honoursRetryAfter, success }: RetryParams): readonly { readonly claim: string; readonly text: string }[] {
  const named = {
    attempts: attempts?.text, "backoff.kind": backoff?.kind, "backoff.first": backoff?.first?.text, "backoff.factor": backoff?.factor?.text,
    "backoff.jitter": backoff?.jitter === "any" ? undefined : backoff?.jitter, amplification: amplification?.text, onlyMethods: onlyMethods?.join(", "),
    neverStatuses: neverStatuses?.join(", "), honoursRetryAfter: honoursRetryAfter === undefined ? undefined : "true", success: success?.text,
  };
  return Object.entries(named).flatMap(([claim, text]) => (text === undefined ? [] : [{ claim, text }]));
}

export function explainRetry({ proxy, probe, attempts, backoff, amplification, onlyMethods, neverStatuses, honoursRetryAfter, success }: RetryParams): string {
  const jitter = { required: "with jitter", forbidden: "without jitter", any: "" }[backoff?.jitter ?? "any"];
  const parts = [
    attempts && `makes ${attempts.text} calls`,
    backoff?.kind && (backoff.kind === "none" ? "retries at once" : `waits ${backoff.kind === "constant" ? "equally long" : `${backoff.kind}ly longer`} between them`),
    jitter,
    backoff?.first && `waits ${backoff.first.text} first`,
    backoff?.factor && `waits ${backoff.factor.text} as long each time`,
    amplification && `makes ${amplification.text} the calls of before in all`,
    onlyMethods && `retries ${onlyMethods.join(", ")} only`,
    neverStatuses && `does not retry ${neverStatuses.join(", ")}`,
    honoursRetryAfter && "waits as long as Retry-After says",
    success && `succeeds in ${success.text} of cases`,
  ].filter((part) => part !== undefined && part !== "");
  return `A request of ${probe} that meets the fault on ${proxy} ${parts.join(", ")}`;
}
