import type { Language } from "./client-programs.ts";

/** A connection through the proxy: what came back of what was sent, how it ended, and bounds of how long that took, in ms. */
interface Felt {
  readonly bytes: number;
  readonly end: "open" | "eof" | "reset";
  readonly fromMs?: number;
  readonly underMs?: number;
}

/** A toxic that is added, updated and removed, and what is felt of it after each. `till`: the echo has come whole, or the connection has ended, which the echo does by itself. */
interface Row {
  readonly type: string;
  readonly stream: "upstream" | "downstream";
  readonly attributes: Readonly<Record<string, number>>;
  readonly update?: Readonly<Record<string, number>>;
  readonly send: number;
  readonly till: "echo" | "end";
  readonly added: Felt;
  readonly updated?: Felt;
}

/** What is held up is held up by a good deal more, so that a busy machine is not taken for a toxic. */
const soonMs = 350;
const lateMs = 3_000;

/** A timer of this machine may be early by so much. */
const earlyMs = 2;

export const rows: readonly Row[] = [
  { type: "latency", stream: "downstream", attributes: { latency: 400, jitter: 0 }, update: { latency: 150 }, send: 5, till: "echo", added: { bytes: 5, end: "open", fromMs: 400 }, updated: { bytes: 5, end: "open", fromMs: 150, underMs: 400 } },
  { type: "bandwidth", stream: "upstream", attributes: { rate: 100 }, update: { rate: 1_000 }, send: 50_000, till: "echo", added: { bytes: 50_000, end: "open", fromMs: 400 }, updated: { bytes: 50_000, end: "open", fromMs: 40, underMs: 400 } },
  { type: "slow_close", stream: "downstream", attributes: { delay: 400 }, update: { delay: 150 }, send: 5, till: "end", added: { bytes: 5, end: "eof", fromMs: 400 }, updated: { bytes: 5, end: "eof", fromMs: 150, underMs: 400 } },
  { type: "timeout", stream: "upstream", attributes: { timeout: 400 }, update: { timeout: 150 }, send: 5, till: "end", added: { bytes: 0, end: "eof", fromMs: 400 }, updated: { bytes: 0, end: "eof", fromMs: 150, underMs: 400 } },
  { type: "reset_peer", stream: "downstream", attributes: { timeout: 400 }, update: { timeout: 150 }, send: 5, till: "end", added: { bytes: 0, end: "reset", fromMs: 390 }, updated: { bytes: 0, end: "reset", fromMs: 140, underMs: 390 } },
  // Pieces are of 1,000 bytes, or of as many as halving comes to.
  { type: "slicer", stream: "upstream", attributes: { average_size: 1_000, size_variation: 0, delay: 40_000 }, update: { delay: 5_000 }, send: 10_000, till: "echo", added: { bytes: 10_000, end: "open", fromMs: 320 }, updated: { bytes: 10_000, end: "open", fromMs: 40, underMs: 320 } },
  { type: "limit_data", stream: "downstream", attributes: { bytes: 1_000 }, update: { bytes: 2_000 }, send: 5_000, till: "end", added: { bytes: 1_000, end: "eof" }, updated: { bytes: 2_000, end: "eof" } },
  { type: "noop", stream: "downstream", attributes: {}, send: 5, till: "echo", added: { bytes: 5, end: "open" } },
  { type: "packet_loss", stream: "downstream", attributes: { loss_rate: 0.1, correlation: 0 }, send: 5_000, till: "echo", added: { bytes: 5_000, end: "open", underMs: 5_000 } },
];

/** What is seen at one step: facts to be met exactly, and bounds of those that are times. */
export interface Expected {
  readonly step: string;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly times?: Readonly<Record<string, readonly [fromMs: number, underMs: number]>>;
}

const echoed = felt({ bytes: 5, end: "open", underMs: soonMs });

/** What every client sees of chaos proxy, in this order. */
const wholeRound: readonly Expected[] = [
  { step: "version", facts: { version: "2.12.0" } },
  { step: "created", facts: { name: "round", host: "127.0.0.1", ...echoed.facts }, times: echoed.times },
  { step: "listed", facts: { names: ["round"] } },
  { step: "found", facts: { enabled: true, asGiven: true } },
  { step: "duplicate", facts: { error: "proxy already exists" } },
  { step: "unknown proxy", facts: { error: "proxy not found" } },
  { step: "unknown toxic", facts: { error: "toxic not found" } },
  { step: "invalid type", facts: { error: "invalid toxic type" } },
  { step: "invalid stream", facts: { error: "stream was invalid, can be either upstream or downstream" } },
  { step: "disabled", facts: { enabled: false, connect: "refused" } },
  { step: "enabled", facts: { enabled: true, ...echoed.facts }, times: echoed.times },
  ...rows.flatMap(stepsOf),
  { step: "toxicity 0", facts: { name: "latency_upstream", stream: "upstream", toxicity: 0, attributes: { latency: 400, jitter: 0 }, ...echoed.facts }, times: echoed.times },
  { step: "live", facts: { end: "eof" }, times: { beforeMs: [0, soonMs], withMs: [400, lateMs], afterMs: [0, soonMs], endMs: [0, soonMs] } },
  { step: "reset", facts: { enabled: true, toxics: 0, ...echoed.facts }, times: echoed.times },
  { step: "populated", facts: { names: ["round-a", "round-b"], all: ["round", "round-a", "round-b"], bytes: [5, 5] } },
  { step: "deleted", facts: { names: [], connect: "refused" } },
];

/** Steps that a client has no call for. */
const lacks: Readonly<Record<Language, (step: string) => boolean>> = {
  ruby: (step) => step.endsWith(" updated"),
  python: (step) => step.endsWith(" updated"),
  java: (step) => ["invalid type", "invalid stream", "populated"].includes(step) || /^(noop|packet_loss) /.test(step),
  go: () => false,
};

/** Where Toxiproxy 2.12.0 is another, and why; `facts` absent: the step is not come to. */
const differences: readonly { readonly step: string; readonly why: string; readonly facts?: Expected["facts"] }[] = [
  { step: "packet_loss added", why: "it came after 2.12.0", facts: { error: "invalid toxic type" } },
  { step: "packet_loss removed", why: "it came after 2.12.0" },
];

/** What a client sees of one of the two. */
export function expectedRound(language: Language, server: "ours" | "Toxiproxy"): readonly Expected[] {
  const all = wholeRound.filter(({ step }) => !lacks[language](step));
  if (server === "ours") return all;
  return all.flatMap((expected) => {
    const difference = differences.find(({ step }) => step === expected.step);
    if (difference === undefined) return [expected];
    return difference.facts === undefined ? [] : [{ step: expected.step, facts: difference.facts }];
  });
}

function stepsOf({ type, stream, attributes, update, till, send, added, updated }: Row): readonly Expected[] {
  const shown = { name: `${type}_${stream}`, stream, toxicity: 1 };
  const first = felt(added);
  const healed = felt({ bytes: send, end: till === "end" ? "eof" : "open", underMs: soonMs });
  const changed = updated === undefined ? undefined : felt(updated);
  return [
    { step: `${type} added`, facts: { ...shown, attributes, ...first.facts }, times: first.times },
    ...(changed === undefined ? [] : [{ step: `${type} updated`, facts: { ...shown, attributes: { ...attributes, ...update }, ...changed.facts }, times: changed.times }]),
    { step: `${type} removed`, facts: { toxics: 0, ...healed.facts }, times: healed.times },
  ];
}

function felt({ bytes, end, fromMs = 0, underMs = lateMs }: Felt): Required<Pick<Expected, "facts" | "times">> {
  return { facts: { bytes, intact: true, end }, times: { tookMs: [fromMs - earlyMs, underMs] } };
}
