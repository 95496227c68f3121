import { z } from "zod";
import { atMost } from "../../units/fields.ts";

export const loadBalanceParams = z
  .strictObject({
    proxies: z.array(z.string()).min(1).describe("The edges that share the load."),
    probe: z.string().optional().describe("Only calls that its requests cause are judged. Without it, all that requests of probes cause, or, where calls carry no request, all calls."),
    maxSkew: atMost("factor").optional().describe("The busiest edge's share of the calls against an even share: 1x is even, 2x of two edges is all calls on one."),
    ejectsWithin: atMost("duration").optional().describe("From the first call that met the fault until the edge it is on gets single calls now and then at most."),
  })
  .refine(({ proxies }) => new Set(proxies).size === proxies.length, { path: ["proxies"], message: "expected each proxy once" })
  .refine(({ maxSkew, ejectsWithin }) => maxSkew !== undefined || ejectsWithin !== undefined, { message: "expected at least one of maxSkew, ejectsWithin" })
  .refine(({ proxies, maxSkew }) => maxSkew === undefined || proxies.length > 1, { path: ["proxies"], message: "expected two proxies or more beside maxSkew: one edge has all the load" })
  .refine(({ proxies, probe }) => probe !== undefined || proxies.length > 1, { path: ["probe"], message: "expected a probe beside a single proxy: that calls stop shows by the requests that cause none" });

export type LoadBalanceParams = z.output<typeof loadBalanceParams>;

export function explainLoadBalance({ proxies, probe, maxSkew, ejectsWithin }: LoadBalanceParams): string {
  const parts = [
    maxSkew && `spread over ${proxies.join(", ")} so that the busiest gets ${maxSkew.text} of an even share`,
    ejectsWithin && `leave one of ${proxies.join(", ")} that fails in ${ejectsWithin.text} from the onset`,
  ].filter((part) => part !== undefined);
  return `Calls${probe === undefined ? "" : ` of ${probe}`} ${parts.join(", and ")}`;
}
