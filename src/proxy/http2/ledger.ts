import type { ExchangeFacts } from "../../faults/subject.ts";
import type { ProxyConfig } from "../../model/data-plane.ts";
import { authority } from "../dial.ts";
import type { LaneContext } from "../lane.ts";
import { BodyProbe, keyOfHead } from "../http1/correlation.ts";
import type { RequestHead } from "./request-head.ts";
import { planSteps } from "../http1/steps.ts";
import type { Steps } from "../http1/steps.ts";
import { Witness } from "./witness.ts";

const noSteps: Steps = planSteps([], "http2");

/** Opens the records of a connection's exchanges, and asks the faults about each. */
export class Ledger {
  exchanges = 0;
  private readonly context: LaneContext;

  constructor(context: LaneContext) {
    this.context = context;
  }

  open(head: RequestHead, startMs: number): { readonly witness: Witness; readonly steps: Steps } {
    const { context } = this;
    const witness = new Witness(head, ++this.exchanges, startMs);
    const { correlate } = context.proxy;
    if (correlate.by === "header" || correlate.by === "path") witness.key = keyOfHead(correlate, head);
    else if (correlate.by === "json" && !head.isAll) witness.jsonKey = new BodyProbe(correlate.path, (data) => data);
    const steps = context.selector().faults.length === 0 ? noSteps : this.askFaults(head, startMs);
    if (steps.faults.length > 0) witness.faults = steps.faults;
    return { witness, steps };
  }

  issue(code: string, message: string): void {
    const { env, proxy } = this.context;
    this.context.record({ kind: "witness-issue", atMs: env.nowMs(), proxy: proxy.name, code, message });
  }

  private askFaults(head: RequestHead, nowMs: number): Steps {
    const { method, target: path, trace } = head;
    const { caller, nth: connection, tracePrefix } = this.context;
    const isOurs = trace !== undefined && trace.startsWith(tracePrefix);
    const facts: ExchangeFacts = { method, path, header: (name) => head.header(name), connection, caller, ...(isOurs && { request: trace.slice(16) }) };
    const steps = planSteps(this.context.selector().exchange(facts, nowMs), "http2");
    for (const kind of steps.unsupported) this.issue("unsupported-effect", `the effect "${kind}" cannot be carried out on an exchange of HTTP/2`);
    return steps;
  }
}

/** Fields that upstream gets otherwise than they came: the scheme is that of the connection, and `host: upstream` asks for its own name. */
export function changedFields(proxy: ProxyConfig): Readonly<Record<string, string>> {
  const scheme = proxy.upstreamTls === undefined ? "http" : "https";
  if (proxy.host !== "upstream") return { ":scheme": scheme };
  const name = authority(proxy);
  return { ":scheme": scheme, ":authority": name, host: name };
}
