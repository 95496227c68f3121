import type { EffectKind } from "../../model/effect.ts";
import type { FaultRecord, InsideCounts } from "../../model/event.ts";
import type { Decision } from "../../model/selection.ts";
import type { Decided } from "../../faults/subject.ts";

/** What one fault of the set in force has meant so far. */
export interface InsideEntry {
  readonly fault: string;
  n?: number;
  effect?: EffectKind;
  actedMs?: number;
  applied: number;
  felt: number;
  readonly missed: Record<Exclude<Decision, "applied">, number>;
  firstMs?: number;
  lastMs?: number;
}

/** How far selection came, furthest first. */
const furthest: readonly Decision[] = ["applied", "rate", "ordinal", "window", "match"];

/** What each fault has meant inside one WebSocket, set by set: one record each, however many messages it was asked about. */
export class InsideLedger {
  private readonly before: FaultRecord[] = [];
  private readonly entries = new Map<string, InsideEntry>();
  private epoch = 0;

  /** Another set of faults is in force. */
  begin(epoch: number): void {
    this.before.push(...this.close());
    this.entries.clear();
    this.epoch = epoch;
  }

  /** A decision about one more message. */
  count({ fault, decision, n }: Decided, atMs: number): InsideEntry {
    const entry = this.entryOf(fault);
    if (decision === "applied") hit(entry, n, atMs);
    else entry.missed[decision]++;
    return entry;
  }

  /** A decision about the WebSocket as a whole, which is asked again whenever a window opens or closes: the one that came furthest counts. */
  note({ fault, decision, n }: Decided, atMs: number): InsideEntry {
    const entry = this.entryOf(fault);
    if (furthest.indexOf(decision) > furthest.indexOf(decisionOf(entry))) return entry;
    for (const missed of ["rate", "ordinal", "window", "match"] as const) entry.missed[missed] = missed === decision ? 1 : 0;
    if (decision === "applied" && entry.applied === 0) hit(entry, n, atMs);
    return entry;
  }

  /** What was decided has been carried out, on one more message. */
  acted(entry: InsideEntry, effect: EffectKind, atMs: number): void {
    entry.felt++;
    entry.effect ??= effect;
    entry.actedMs ??= atMs;
  }

  records(): readonly FaultRecord[] {
    return [...this.before, ...this.close()];
  }

  private entryOf(fault: string): InsideEntry {
    const known = this.entries.get(fault);
    if (known !== undefined) return known;
    const entry: InsideEntry = { fault, applied: 0, felt: 0, missed: { match: 0, window: 0, ordinal: 0, rate: 0 } };
    this.entries.set(fault, entry);
    return entry;
  }

  private close(): readonly FaultRecord[] {
    return [...this.entries.values()].map((entry) => {
      const { fault, n, effect, actedMs, applied, felt, missed, firstMs, lastMs } = entry;
      const inside: InsideCounts = { epoch: this.epoch, applied, felt, missed, ...(firstMs !== undefined && { firstMs }), ...(lastMs !== undefined && { lastMs }) };
      return { fault, decision: decisionOf(entry), ...(n !== undefined && { n }), ...(effect !== undefined && { effect }), ...(actedMs !== undefined && { actedMs }), inside };
    });
  }
}

/** Of what stands for many, the one that came furthest. */
function decisionOf({ applied, missed }: InsideEntry): Decision {
  return furthest.find((one) => (one === "applied" ? applied : missed[one]) > 0) ?? "match";
}

function hit(entry: InsideEntry, n: number | undefined, atMs: number): void {
  entry.applied++;
  if (n !== undefined) entry.n ??= n;
  entry.firstMs ??= atMs;
  entry.lastMs = atMs;
}
