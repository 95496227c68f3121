import type { ConnectionRecord } from "../../model/event.ts";
import type { LaneContext } from "../lane.ts";

export type ClosedBy = ConnectionRecord["closedBy"];

/** What the witness says of a connection as a whole: since when it was there, and who ended it when and how. */
export class ConnectionWitness {
  /** A fault has made it silent: who left it was gone long before it ended. */
  isSilent = false;
  private readonly context: LaneContext;
  private readonly openMs: number;
  private closing: (Pick<ConnectionRecord, "closedBy" | "how"> & { readonly atMs: number }) | undefined;

  constructor(context: LaneContext) {
    this.context = context;
    this.openMs = context.env.nowMs();
  }

  get closedBy(): ClosedBy | undefined {
    return this.closing?.closedBy;
  }

  /** Who ended it first counts; a reset outweighs a FIN, which may have been half a close only. */
  ends(closedBy: ClosedBy, how: "fin" | "rst"): void {
    if (this.closing === undefined || (this.closing.how === "fin" && how === "rst")) this.closing = { closedBy, how, atMs: this.context.env.nowMs() };
  }

  /** Nothing is left of it. */
  write(figures: Pick<ConnectionRecord, "peer" | "exchanges" | "requestBytes" | "responseBytes" | "upstreamReached" | "faults">): void {
    const { env, proxy, caller, conn } = this.context;
    const atMs = env.nowMs();
    const { closedBy, how, atMs: leftMs } = this.closing ?? { closedBy: "proxy", how: "fin", atMs };
    const closeMs = this.isSilent && closedBy === "client" ? leftMs : atMs;
    this.context.record({ kind: "connection", atMs, proxy: proxy.name, caller, conn, openMs: this.openMs, closeMs, closedBy, how, ...figures });
  }
}
