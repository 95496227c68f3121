import { Column } from "../../evidence/column.ts";
import type { Evidence } from "../../model/verdict.ts";
import { Stretches, stillMs } from "./node-watch.ts";
import type { NodeWatch } from "./node-watch.ts";

/** So many are told of as evidence. */
const fewWitnesses = 3;

export interface TooMany {
  /** Answers given while so many others surely said the same that they were too many. */
  readonly answers: number;
  /** Most nodes that were surely so at one time. */
  readonly most: number;
  readonly firstMs?: number;
  readonly evidence: readonly Evidence[];
}

/**
 * Answers that were given while more nodes than allowed were surely so: each lies, from its sending to its end, inside stretches of the others.
 * So node A said it, then B, then A again: A never stopped, unless it was handed over and back between.
 */
export function findTooMany(nodes: readonly NodeWatch[], allowed: number, words: string): TooMany {
  let [answers, most] = [0, 0];
  let firstMs: number | undefined;
  const evidence: Evidence[] = [];
  for (const node of nodes) {
    for (let row = 0; row < node.rows; row += 1) {
      if (!node.isYes(row)) continue;
      const [sentMs, endMs] = [node.sentMs(row), node.endMs(row)];
      const others = nodes.filter((other) => other !== node && other.yes.covers(sentMs, endMs));
      most = Math.max(most, others.length + 1);
      if (others.length < allowed) continue;
      answers += 1;
      firstMs = Math.min(firstMs ?? endMs, endMs);
      if (evidence.length < fewWitnesses) {
        const term = Number.isNaN(node.term(row)) ? "" : ` (term ${node.term(row)})`;
        evidence.push({ atMs: endMs, what: `request ${node.n(row)} of ${node.probe} ${words}${term}${others.length === 0 ? "" : `, while ${others.map(({ probe }) => probe).join(" and ")} had and did again`}` });
      }
    }
  }
  return { answers, most, ...(firstMs === undefined ? {} : { firstMs }), evidence };
}

/** Too many nodes that were so in one and the same term, at whatever time: each of them as often as it said so. */
export function findTooManyInTerm(nodes: readonly NodeWatch[], allowed: number, words: string): TooMany & { readonly withoutTerm: number } {
  const terms = new Map<number, Map<NodeWatch, number>>();
  const firstMs = new Map<number, number>();
  let withoutTerm = 0;
  for (const node of nodes) {
    for (let row = 0; row < node.rows; row += 1) {
      const term = node.term(row);
      if (!node.isYes(row)) continue;
      if (Number.isNaN(term)) {
        withoutTerm += 1;
        continue;
      }
      const counts = terms.get(term) ?? new Map<NodeWatch, number>();
      counts.set(node, (counts.get(node) ?? 0) + 1);
      terms.set(term, counts);
      // The last of them to say so for the first time makes it too many.
      if (counts.get(node) === 1) firstMs.set(term, Math.max(firstMs.get(term) ?? 0, node.endMs(row)));
    }
  }
  let [answers, most] = [0, 0];
  const evidence: Evidence[] = [];
  for (const [term, counts] of terms) {
    most = Math.max(most, counts.size);
    if (counts.size <= allowed) continue;
    answers += [...counts.values()].sort((a, b) => b - a)[allowed] ?? 0;
    if (evidence.length < fewWitnesses) evidence.push({ atMs: firstMs.get(term) ?? 0, what: `${[...counts].map(([{ probe }, count]) => `${probe} (${count} times)`).join(" and ")} ${words} in term ${term}` });
  }
  const [first] = evidence.map(({ atMs }) => atMs).sort((a, b) => a - b);
  return { answers, most, withoutTerm, ...(first === undefined ? {} : { firstMs: first }), evidence };
}

/** When at least `needed` of these stretches of different nodes lie over each other. */
export function overlapOf(stretches: readonly Stretches[], needed: number): Stretches {
  const overlap = new Stretches();
  const [starts, ends] = [new Column("f64"), new Column("f64")];
  for (const { fromMs, toMs, length } of stretches) {
    for (let row = 0; row < length; row += 1) {
      starts.push(fromMs.get(row));
      ends.push(toMs.get(row));
    }
  }
  const [from, to] = [starts.sorted(), ends.sorted()];
  let [at, over, since] = [0, 0, 0];
  for (const endMs of to) {
    for (; at < from.length && (from[at] ?? 0) < endMs; at += 1) {
      over += 1;
      if (over === needed) since = from[at] ?? 0;
    }
    if (over === needed) overlap.add(since, endMs);
    over -= 1;
  }
  return overlap;
}

export interface Restored {
  /** Since the onset: it was surely not restored before `lo`, and was by `hi`; absent: never. */
  readonly lo: number;
  readonly hi?: number;
}

/** When enough nodes were so again, for long enough to last, after they were not or not known to be. */
export function findRestored(enough: Stretches, tooFew: Stretches, onsetMs: number, limitMs: number): Restored {
  let lostMs: number | undefined = onsetMs;
  let hiMs: number | undefined;
  for (let row = 0; row < enough.length && lostMs !== undefined; row += 1) {
    const [fromMs, toMs] = [enough.fromMs.get(row), enough.toMs.get(row)];
    if (toMs <= onsetMs) continue;
    if (fromMs >= limitMs) break;
    // What held at the onset is not restored, but not lost yet.
    if (fromMs <= onsetMs) {
      lostMs = toMs >= limitMs ? undefined : toMs;
      if (lostMs === undefined) hiMs = onsetMs;
      continue;
    }
    if (Math.min(toMs, limitMs) - fromMs >= stillMs || toMs >= limitMs) {
      hiMs = fromMs;
      lostMs = undefined;
    }
  }
  const untilMs = hiMs ?? limitMs;
  let loMs = onsetMs;
  for (let row = 0; row < tooFew.length; row += 1) if (tooFew.fromMs.get(row) < untilMs && tooFew.toMs.get(row) > onsetMs) loMs = Math.max(loMs, Math.min(tooFew.toMs.get(row), untilMs));
  return { lo: loMs - onsetMs, ...(hiMs === undefined ? {} : { hi: hiMs - onsetMs }) };
}
