import type { Bound } from "../../model/bound.ts";
import type { ClaimVerdict } from "../../model/verdict.ts";
import { format } from "../../units/format.ts";
import { decideByWitnesses, decideShare, decideTime, undecided } from "../decide.ts";
import { fewestLasting } from "./lasting.ts";
import type { Taking } from "./lasting.ts";
import type { Seen } from "./look.ts";
import type { FailoverParams } from "./params.ts";
import { isDecided } from "./served.ts";
import type { Served, ServedRows, Server } from "./served.ts";

/** Fewer requests decide no share. */
const fewest = 20;

export interface Decided {
  readonly verdict: ClaimVerdict;
  /** Speaks against the claim. */
  readonly isAgainst: (row: Served) => boolean;
}

interface Side {
  readonly by: Server;
  /** Its proxy, and a name for the moment that times count from. */
  readonly proxy: string;
  readonly since: string;
  readonly sinceMs: number;
}

/** When one side took over. Too late is only what two requests witness, which the other side or nobody served after the bound. */
export function decideTaking(claim: string, bound: Bound, { by, proxy, since, sinceMs }: Side, rows: ServedRows, taking: Taking | undefined, share: number): Decided {
  const limitMs = bound.max ?? 0;
  const claimed = { claim, bound, kind: "duration" as const, what: since };
  const isAgainst = (row: Served): boolean => isDecided(row) && (row.by !== by || row.endMs > sinceMs + limitMs) && (taking === undefined ? row.dueMs >= sinceMs + limitMs : row.dueMs <= taking.hiMs);
  const n = rows.count(isDecided);
  const event = `lasting service by way of ${proxy} began`;
  if (taking !== undefined) {
    const verdict = decideTime(claimed, { lo: taking.loMs - sinceMs, hi: taking.hiMs - sinceMs, n, event, nextStep: "Raise the load, so that requests are closer together, run on a quieter machine, or loosen the bound." });
    if (verdict.verdict === "violated" && rows.count(isAgainst) < 2) return { isAgainst, verdict: undecided(claimed, `${verdict.reason.replace(/\.$/, "")}, but fewer than two requests witness it.`, "Raise the load, so that requests are closer together.", { observed: verdict.observed, n }) };
    return { verdict, isAgainst };
  }
  const late = rows.count((row) => isDecided(row) && row.dueMs >= sinceMs + limitMs);
  const against = rows.count((row) => row.by !== by && isAgainst(row));
  if (late < fewestLasting && rows.count(isReleased) >= 2) return { isAgainst, verdict: undecided(claimed, ...heldToTheEnd(rows, proxy), { n }) };
  if (late < fewestLasting || against < 2 || against <= (1 - share) * late) {
    return { isAgainst, verdict: undecided(claimed, `Only ${late} requests that say so were due ${format("duration", limitMs)} or more after ${since}, of which ${late - against} were served by way of ${proxy}: whether that lasts cannot be told.`, `Make the phase longer than the bound by at least ${fewestLasting} requests.`, { n }) };
  }
  const lastMs = rows.at(rows.length - 1)?.dueMs ?? sinceMs;
  const verdict = decideTime(claimed, { lo: lastMs - sinceMs, n, event, nextStep: "Make the phase longer than the bound." });
  return { isAgainst: (row) => row.by !== by && isAgainst(row), verdict: verdict.verdict === "violated" ? { ...verdict, reason: `Of ${late} requests due ${format("duration", limitMs)} or more after ${since}, ${late - against} were served by way of ${proxy}: lasting service by it never began.` } : verdict };
}

function isReleased({ by }: Served): boolean {
  return by === "released";
}

/** What requests did whose calls nobody gave up on, in words, and what to change. */
function heldToTheEnd(rows: ServedRows, to: string): readonly [string, string] {
  return [`${rows.count(isReleased)} requests were held until the fault was lifted, and only the reset that this makes of held calls moved them to ${to}; an outage that goes on resets nothing.`, "Make the probe's timeout shorter than the fault, or let the service give up on calls before its end."];
}

/** The share served by the standby. Requests that were still on their way when the fault ended, and called the active edge again then, say nothing. */
export function decideServedShare(bound: Bound, { to, from, within }: FailoverParams, seen: Seen, confidence: number): Decided & { readonly share: number } {
  const fromMs = seen.onsetMs + (within?.max ?? 0);
  const outlived = ({ by, lastFromMs }: Served): boolean => by !== "to" && lastFromMs >= seen.faultEndMs - 1;
  const counted = (row: Served): boolean => row.dueMs >= fromMs && !outlived(row);
  const of = (by: Server): number => seen.during.count((row) => counted(row) && row.by === by);
  const [k, byFrom, alone, nobody] = [of("to"), of("from"), of("alone"), of("nobody")];
  const open = of("open") + of("released");
  const n = k + byFrom + alone + nobody;
  // As many as need no call anyhow say nothing of a failover.
  const usual = seen.baseline.missShare === 0 ? 0 : Math.min(alone, Math.ceil(seen.baseline.missShareAtMost * n));
  const claimed = { claim: "share", bound, kind: "share" as const, what: `the share of requests with a good answer by way of ${to}` };
  const isAgainst = (row: Served): boolean => counted(row) && isDecided(row) && row.by !== "to";
  const share = n - usual <= 0 ? 0 : k / (n - usual);
  if (n - usual < fewest && of("released") >= 2) return { share, isAgainst, verdict: undecided(claimed, ...heldToTheEnd(seen.during, to), { n }) };
  if (n - usual < fewest) return { share, isAgainst, verdict: undecided(claimed, `Only ${n - usual} requests that met the fault, or were kept from it, were due ${within === undefined ? "while it was in force" : `${format("duration", within.max ?? 0)} or more after its onset`}.`, `Make during longer, or raise the load: at least ${fewest} such requests.`, { n }) };
  const verdict = decideShare(claimed, { k, n: n - usual, pending: open + usual, confidence });
  const others = [byFrom > 0 && `${byFrom} were served by way of ${from}`, alone > 0 && `${alone} without a call`, nobody > 0 && `${nobody} got no good answer`].filter((part) => part !== false).join(", ");
  return { share, isAgainst, verdict: verdict.verdict !== "violated" || others === "" ? verdict : { ...verdict, reason: `${verdict.reason.replace(/\.$/, "")}; ${others}.` } };
}

/** Nothing may return by itself: two requests that call the active edge again refute it. */
export function decideStaying({ from, to }: FailoverParams, { after, faultEndMs }: Seen): Decided {
  const isAgainst = ({ lastFromMs }: Served): boolean => lastFromMs >= faultEndMs;
  const witnesses = after.count(isAgainst);
  const claimed = { claim: "failsBack", bound: { text: "stays", max: 0 }, kind: "count" as const, what: `the number of requests that called ${from} again` };
  const verdict = decideByWitnesses(claimed, { observed: witnesses, witnesses, n: after.length, enough: fewest });
  return { isAgainst, verdict: verdict.verdict === "held" ? { ...verdict, reason: `All ${after.length} requests after the fault stayed with ${to}.` } : verdict };
}
