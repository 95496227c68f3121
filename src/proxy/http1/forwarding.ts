import type { ForwardPolicy } from "../forward-policy.ts";
import type { LaneContext } from "../lane.ts";
import { isLocalHost } from "../local-host.ts";
import type { Exchange } from "./exchange.ts";
import { ForwardSide } from "./forward-side.ts";
import { readForwardTarget } from "./forward-target.ts";
import { forwardHead } from "./head-rewrite.ts";
import type { HeadPlace } from "./head-rewrite.ts";
import { notForwarded } from "./refusals.ts";
import type { Refusal } from "./refusals.ts";
import type { RequestHead } from "./request-head.ts";
import type { ResponseReader } from "./response-reader.ts";
import type { UpstreamListener } from "./upstream-side.ts";

export interface ForwardingOptions {
  /** By which listener the client came. */
  readonly client: { readonly localAddress?: string | undefined; readonly localPort?: number | undefined };
  readonly context: LaneContext;
  readonly policy: ForwardPolicy;
  readonly listener: UpstreamListener;
  /** See `Limits`. */
  readonly lingerMs: number;
  /** Reads what comes from the host that is spoken to. */
  readonly responses: () => ResponseReader;
}

/** What a connection of a forward proxy has that others have not: requests that are let through or not, made ready for their hosts, and a turn from one host to the next. */
export class Forwarding {
  readonly side: ForwardSide;
  private readonly options: ForwardingOptions;
  /** Where the client's last CONNECT leads to. */
  private tunnelTo: string | undefined;
  private isThrough = false;

  constructor(options: ForwardingOptions) {
    this.options = options;
    this.side = new ForwardSide(options.context, options.listener, options.lingerMs);
  }

  /** What is written from now on is for the host of this exchange. False: not yet; `isFree`: no exchange before it is outstanding. */
  turnTo(exchange: Exchange, isFree: boolean): boolean {
    // In a tunnel all that comes is for its end, which may be a proxy itself that is asked for another tunnel.
    return this.isThrough || this.side.turnTo(exchange, isFree && this.options.responses().isIdle);
  }

  /** From now on requests come through the tunnel that was opened last, as upstream is to get them, and answers come back. */
  passThrough(): void {
    this.isThrough = true;
    this.options.responses().restart();
  }

  readonly rewrite = (head: RequestHead, place: HeadPlace): Buffer | Refusal | undefined => {
    if (this.isThrough) {
      head.authority = this.tunnelTo;
      return undefined;
    }
    const target = readForwardTarget(head.method, head.target);
    if (typeof target === "string") return notForwarded(400, target);
    const { policy, client } = this.options;
    const { host, port, authority, path } = target;
    head.authority = authority;
    head.target = path;
    const isOwn = port === client.localPort && (isLocalHost(host) || host === client.localAddress);
    if (isOwn) return notForwarded(508, `${authority} is this proxy itself`);
    const refusal = policy.refusal(host, port);
    if (refusal !== undefined) return notForwarded(403, refusal);
    if (head.method === "CONNECT") this.tunnelTo = authority;
    return forwardHead(head, place, target);
  };
}
