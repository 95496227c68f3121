import { quantile } from "../../math/quantile.ts";
import type { HeldCalls } from "./held.ts";
import type { Shape } from "./shapes.ts";

/** What a client's timeout bounds: the whole call, the silence between bytes, the wait for the head; whether it tells and does not close, or leaves its call running; or that there is none. */
export const timeoutKinds = ["total", "idle", "first-byte", "notify-only", "leak", "none"] as const;
export type TimeoutKind = (typeof timeoutKinds)[number];

/** What became of calls held in one way. `leaked`: their request was answered, and they were left to run on. */
type Seen = "left" | "stayed" | "leaked";
/** An answer that comes too late says the same as one that never comes. */
type Column = Exclude<Shape, "slow">;

const table: Readonly<Record<TimeoutKind, Readonly<Record<Column, Seen>>>> = {
  total: { hang: "left", "headers-hang": "left", drip: "left" },
  idle: { hang: "left", "headers-hang": "left", drip: "stayed" },
  "first-byte": { hang: "left", "headers-hang": "stayed", drip: "stayed" },
  "notify-only": { hang: "leaked", "headers-hang": "leaked", drip: "stayed" },
  leak: { hang: "leaked", "headers-hang": "leaked", drip: "leaked" },
  none: { hang: "stayed", "headers-hang": "stayed", drip: "stayed" },
};

const words: Readonly<Record<TimeoutKind, string>> = {
  total: "a limit on the whole call", idle: "a limit on silence", "first-byte": "a limit on the wait for the answer's head",
  "notify-only": "a timeout that tells and does not close", leak: "a timeout that leaves its call running", none: "no timeout at all",
};

/** Calls that one shape held, and between two bytes of a drip how long it was silent. */
export interface ShapeSeen {
  readonly shape: Shape;
  readonly held: HeldCalls;
  readonly spacingMs?: number | undefined;
}

/** So many calls must have been judged in one way, and so large a share of them alike. */
const fewest = 5;
const alikeShare = 0.9;

/** What the timeout can be by the shapes that were seen, in the order of the table; all of them where nothing is known, none where no known client does so. */
export function kindsBy(shapesSeen: readonly ShapeSeen[]): readonly TimeoutKind[] {
  return timeoutKinds.filter((kind) => shapesSeen.every((one) => {
    const could = readShape(one);
    return could === undefined || could.has(table[kind][one.shape === "slow" ? "hang" : one.shape]) || (kind === "idle" && isSilentTooLong(one));
  }));
}

/** What its calls show; undefined: nothing that could be relied on. */
function readShape({ held }: ShapeSeen): ReadonlySet<Seen> | undefined {
  const { judged, leaked, joined } = held;
  if (judged < fewest || held.disturbed > 0.05 * (judged + held.disturbed)) return undefined;
  const alike = alikeShare * judged;
  if (held.leftMs.length >= alike) return new Set(["left"]);
  if (leaked >= alike) return new Set(["leaked"]);
  // Without requests that calls are joined to, a call left running looks like one that is waited for.
  if (!joined && held.stayedMs.length >= alike) return new Set(["stayed", "leaked"]);
  return held.stayedMs.length - leaked >= alike ? new Set(["stayed"]) : undefined;
}

/** Whether a limit on silence may have ended a drip too, being hardly longer than its pauses. */
function isSilentTooLong({ shape, spacingMs, held }: ShapeSeen): boolean {
  return shape === "drip" && held.leftMs.length > 0 && (spacingMs === undefined || quantile(held.leftMs, 0.5) < 2 * spacingMs);
}

/** Other timeouts that would have looked the same, and the shapes that tell them apart. Empty when there is one kind, or nothing was seen. */
export function alikeKinds(kinds: readonly TimeoutKind[], shapesSeen: readonly ShapeSeen[]): readonly string[] {
  if (kinds.length < 2 || kinds.length === timeoutKinds.length) return [];
  const columns = ["hang", "headers-hang", "drip"] as const;
  const lacking = columns.filter((column) => new Set(kinds.map((kind) => table[kind][column])).size > 1 && !shapesSeen.some(({ shape }) => shape === column));
  const how = lacking.length === 0 ? "" : `: shapes: [${lacking.join(", ")}] would tell`;
  return [`${kinds.map((kind) => words[kind]).join(", or ")}${how}`];
}
