import { allowedRequests, allowedResponses } from "./allowances.ts";
import { compare } from "./compare.ts";
import type { Verdict } from "./compare.ts";
import { readRequestsAsNode, readResponsesAsNode } from "./node-parser.ts";
import { readRequests, readResponses } from "./our-readers.ts";
import { requestStream, responseStream } from "./streams.ts";
import type { RequestStream, ResponseStream } from "./streams.ts";

/** What came of a hunt. */
export interface Bag {
  readonly streams: number;
  /** How many messages were compared with the same reading on both sides, how many streams we refused, and so on by name. */
  readonly verdicts: Readonly<Record<string, number>>;
  /** The first streams that break a promise, made as small as they get. */
  readonly finds: readonly Find[];
}

export interface Find {
  readonly how: string;
  /** Seed and number give the stream again; `smallest` does the same with fewer bytes (latin1). */
  readonly seed: string;
  readonly n: number;
  readonly smallest: string;
}

/** One side's streams, and how they are checked. */
export interface Prey<Stream extends { readonly bytes: Buffer; readonly packets: readonly Buffer[] }> {
  readonly make: (seed: string, n: number) => Stream;
  readonly judge: (streams: readonly Stream[]) => Promise<readonly Verdict[]>;
}

export const requests: Prey<RequestStream> = {
  make: requestStream,
  judge: async (streams) => {
    const theirs = await readRequestsAsNode(streams.map(({ bytes }) => bytes));
    return streams.map((stream, i) => kept(() => {
      const ours = readRequests(stream);
      const { messages } = ours;
      const whole = stream.host === undefined && stream.packets.length === 1 ? ours : readRequests({ ...stream, host: undefined, packets: [stream.bytes] });
      const split = messages.findIndex(({ start, body, done }, at) => start !== whole.messages[at]?.start || done !== whole.messages[at].done || (done && body !== whole.messages[at].body));
      if (split >= 0 || messages.length !== whole.messages.length || (ours.refusal === undefined) !== (whole.refusal === undefined)) return { kind: "differs", how: "other packets, another reading" };
      return compare(whole, theirs[i]!, allowedRequests);
    }));
  },
};

export const responses: Prey<ResponseStream> = {
  make: responseStream,
  judge: async (streams) => {
    const readings = streams.map((stream) => {
      try {
        return readResponses(stream);
      } catch (error) {
        return String(error);
      }
    });
    // Their parser reads one answer per connection: each of ours is given to it with all that came behind it.
    const answers = streams.flatMap((stream, i) => {
      const reading = readings[i]!;
      if (typeof reading === "string") return [];
      let at = 0;
      return (reading.messages.length === 0 ? [undefined] : reading.messages).map((message, nth) => {
        const answer = { i, nth, bytes: stream.bytes.subarray(at), method: stream.methods[nth]!, upgrade: stream.upgrade, closes: stream.closes };
        at += message?.wire.length ?? 0;
        // They take whatever comes first for the answer to a CONNECT, an interim response too.
        return answer.method === "CONNECT" && message?.interims.length !== 0 ? [] : [answer];
      }).flat();
    });
    const theirs = await readResponsesAsNode(answers);
    const verdicts: Verdict[] = readings.map((reading) => (typeof reading === "string" ? { kind: "differs", how: reading } : { kind: "alike" }));
    for (const [k, { i, nth }] of answers.entries()) {
      const reading = readings[i]!;
      if (typeof reading === "string" || verdicts[i]!.kind === "differs") continue;
      const isLast = nth >= reading.messages.length - 1;
      // What they make of the answers that follow is not asked.
      const first = { messages: theirs[k]!.messages.slice(0, 1), refusal: theirs[k]!.refusal };
      const verdict = compare({ messages: reading.messages.slice(nth, nth + 1), refusal: isLast ? reading.refusal : undefined }, first, allowedResponses);
      if (verdict.kind !== "alike") verdicts[i] = verdict;
    }
    return verdicts;
  },
};

function kept(judge: () => Verdict): Verdict {
  try {
    return judge();
  } catch (error) {
    return { kind: "differs", how: String(error) };
  }
}

const batch = 400;

/** Judges the streams of a seed, from the first, while `more` says so. */
export async function hunt<Stream extends { readonly bytes: Buffer; readonly packets: readonly Buffer[] }>({ make, judge }: Prey<Stream>, seed: string, more: (streams: number) => boolean, maxFinds = 5): Promise<Bag> {
  const verdicts: Record<string, number> = {};
  const finds: Find[] = [];
  let streams = 0;
  while (more(streams) && finds.length < maxFinds) {
    const made = Array.from({ length: batch }, (_, i) => make(seed, streams + i));
    for (const [i, verdict] of (await judge(made)).entries()) {
      const name = verdict.kind === "allowed" ? verdict.by : verdict.kind;
      verdicts[name] = (verdicts[name] ?? 0) + 1;
      if (verdict.kind !== "differs" || finds.length >= maxFinds || finds.some(({ how }) => how === verdict.how)) continue;
      finds.push({ how: verdict.how, seed, n: streams + i, smallest: (await shrink(made[i]!, verdict.how, judge)).bytes.toString("latin1") });
    }
    streams += batch;
  }
  return { streams, verdicts, finds };
}

/** So that a long stream is not shrunk for minutes. */
const maxTrials = 500;

/** The stream with ever smaller pieces cut out, as long as it still differs in the same way. */
async function shrink<Stream extends { readonly bytes: Buffer; readonly packets: readonly Buffer[] }>(stream: Stream, how: string, judge: Prey<Stream>["judge"]): Promise<Stream> {
  const breaks = async (bytes: Buffer): Promise<Stream | undefined> => {
    const packets = stream.packets.length === 1 ? [bytes] : Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
    const smaller = { ...stream, bytes, packets };
    const verdict = (await judge([smaller]))[0];
    return verdict?.kind === "differs" && verdict.how === how ? smaller : undefined;
  };
  let smallest = stream;
  let trials = 0;
  for (let size = Math.ceil(stream.bytes.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < smallest.bytes.length && trials++ < maxTrials;) {
      const without = await breaks(Buffer.concat([smallest.bytes.subarray(0, at), smallest.bytes.subarray(at + size)]));
      if (without === undefined) at += size;
      else smallest = without;
    }
  }
  return smallest;
}
