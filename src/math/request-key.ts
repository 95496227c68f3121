/**
 * Names of one request of a probe, and back: the second half of its trace id, and its `${request.id}`.
 * Derived from seed, probe and number, so that the same request has the same key in every run of a plan.
 */
export interface RequestNumber {
  /** Place of the probe in the experiment, from 0; below 65,536. */
  readonly probeIndex: number;
  /** Number of the request of its probe, from 1; below 2³². */
  readonly n: number;
}

/** Second half of a request's trace id: 16 hex digits. A Feistel network over (probe, check digits, number), keyed by the seed: reversible, and evenly spread as tracers that sample by trace id expect. */
export function encodeRequestKey(seed: string, probeIndex: number, n: number): string {
  const keys = roundKeys(seed);
  let left = ((probeIndex << 16) | checkDigits(keys)) >>> 0;
  let right = n >>> 0;
  for (const key of keys) [left, right] = [right, (left ^ scramble(right ^ key)) >>> 0];
  return hex(left) + hex(right);
}

/** The request of a key; undefined when it was not made by `encodeRequestKey` with this seed (a foreign key passes by chance once in 65,536). */
export function decodeRequestKey(seed: string, key: string): RequestNumber | undefined {
  if (!/^[0-9a-f]{16}$/.test(key)) return undefined;
  const keys = roundKeys(seed);
  let left = Number.parseInt(key.slice(0, 8), 16);
  let right = Number.parseInt(key.slice(8), 16);
  for (const round of keys.toReversed()) [left, right] = [(right ^ scramble(left ^ round)) >>> 0, left];
  return (left & 0xffff) === checkDigits(keys) && right > 0 ? { probeIndex: left >>> 16, n: right } : undefined;
}

/** `${request.id}`: readable, and unique in the run and in time because the run's trace prefix is. */
export function requestId(probe: string, n: number, tracePrefix: string): string {
  return `${probe}-${n}-${tracePrefix.slice(0, 8)}`;
}

/** The probe and number of a `${request.id}` of this run; undefined for any other text. */
export function decodeRequestId(id: string, tracePrefix: string): { readonly probe: string; readonly n: number } | undefined {
  const parts = /^(.+)-(\d+)-([0-9a-f]{8})$/.exec(id);
  const [, probe, n, prefix] = parts ?? [];
  return probe === undefined || prefix !== tracePrefix.slice(0, 8) ? undefined : { probe, n: Number(n) };
}

const cached = { seed: "", keys: [0, 0, 0, 0] as readonly number[] };

function roundKeys(seed: string): readonly number[] {
  if (cached.seed !== seed) {
    cached.keys = [1, 2, 3, 4].map((round) => scramble(fnv1a(`${round}:${seed}`)));
    cached.seed = seed;
  }
  return cached.keys;
}

function checkDigits(keys: readonly number[]): number {
  return scramble((keys[0] ?? 0) ^ (keys[3] ?? 0)) & 0xffff;
}

/** FNV-1a, 32 bits. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Finalizer of MurmurHash3, 32 bits: every bit of the input changes about half of the output. */
function scramble(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function hex(value: number): string {
  return value.toString(16).padStart(8, "0");
}
