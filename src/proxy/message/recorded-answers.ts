import type { Answer } from "../http1/answers.ts";
import { BodyData } from "../http1/body-data.ts";
import { editLines, readHead, valueOf, writeHead } from "./head.ts";

/** An answer of upstream's, kept to be given again; its framing is undone. */
export interface RecordedAnswer {
  readonly status: number;
  readonly startLine: string;
  readonly lines: readonly string[];
  readonly body: Buffer;
}

/** What answers of one fault may take up, by their bytes with their heads; the oldest are forgotten first. */
const mostAnswers = 1000;
const mostBytes = 8 * 1024 * 1024;

interface Kept {
  readonly answer: RecordedAnswer;
  readonly atMs: number;
  readonly bytes: number;
}

/** The answers that one fault remembers, by key; bounded. */
export class RecordedAnswers {
  /** Of each key from old to new; keys in the order in which one of theirs last came. */
  private readonly byKey = new Map<string, Kept[]>();
  private answers = 0;
  private bytes = 0;

  /** Of one key only those are kept that `find` may still give: the latest that is `ageMs` old, and all that are younger. */
  add(key: string, answer: RecordedAnswer, atMs: number, ageMs: number): void {
    const bytes = sizeOf(key, answer);
    if (bytes > mostBytes) return;
    const kept = this.byKey.get(key) ?? [];
    kept.push({ answer, atMs, bytes });
    this.answers += 1;
    this.bytes += bytes;
    const latestOld = kept.findLastIndex((one) => one.atMs <= atMs - ageMs);
    if (latestOld > 0) this.forget(kept, latestOld);
    this.byKey.delete(key);
    this.byKey.set(key, kept);
    while (this.answers > mostAnswers || this.bytes > mostBytes) this.forgetOldest();
  }

  /** The latest of this key that is at least `ageMs` old. */
  find(key: string, nowMs: number, ageMs: number): RecordedAnswer | undefined {
    return this.byKey.get(key)?.findLast(({ atMs }) => atMs <= nowMs - ageMs)?.answer;
  }

  private forgetOldest(): void {
    for (const [key, kept] of this.byKey) {
      this.forget(kept, 1);
      if (kept.length === 0) this.byKey.delete(key);
      return;
    }
  }

  private forget(kept: Kept[], count: number): void {
    for (const { bytes } of kept.splice(0, count)) this.bytes -= bytes;
    this.answers -= count;
  }
}

/** Upstream's answer as it comes by, to be kept when it is whole. */
export class AnswerTap {
  private readonly keep: (answer: RecordedAnswer) => void;
  private readonly begins: () => void;
  private readonly method: string;
  private pieces: Buffer[] = [];
  private bytes = 0;

  /** `begins` is told before the first of it is taken. */
  constructor(method: string, keep: (answer: RecordedAnswer) => void, begins: () => void = () => undefined) {
    this.method = method;
    this.keep = keep;
    this.begins = begins;
  }

  take(bytes: Buffer, done: boolean): void {
    if (this.bytes === 0) this.begins();
    this.bytes += bytes.length;
    // More than fits will not be kept.
    if (this.bytes > mostBytes) this.pieces = [];
    else this.pieces.push(bytes);
    if (!done || this.pieces.length === 0) return;
    const answer = recordAnswer(Buffer.concat(this.pieces), this.method);
    if (answer !== undefined) this.keep(answer);
  }
}

/** Connection headers are of the connection that it came by. */
const ofItsConnection = { connection: null, "keep-alive": null, "proxy-connection": null, "transfer-encoding": null, trailer: null };

/** An answer as it came, to be kept; undefined for one that only its own request can be given: a part (206), "not modified" (304), a failure of upstream. */
function recordAnswer(bytes: Buffer, method: string): RecordedAnswer | undefined {
  const { head: { startLine, lines }, bodyAt } = readHead(bytes);
  const status = Number(startLine.split(" ", 2)[1]);
  const transfer = valueOf(lines, "transfer-encoding")?.toLowerCase();
  const isGood = (status >= 200 && status < 400 && status !== 206 && status !== 304) || status === 404 || status === 410;
  if (!isGood || (transfer !== undefined && transfer !== "chunked")) return undefined;
  const wire = bytes.subarray(bodyAt);
  const spans = method === "HEAD" ? [] : new BodyData(transfer ?? "close").spans(wire);
  const pieces = spans.flatMap((start, i) => (i % 2 === 0 ? [wire.subarray(start, spans[i + 1])] : []));
  return { status, startLine, lines: editLines(lines, ofItsConnection), body: Buffer.concat(pieces) };
}

/** The bytes of an answer that is given again, and how many of them are its head. */
export function encodeRecorded({ status, startLine, lines, body }: RecordedAnswer, { method, close }: { readonly method: string; readonly close: boolean }): Answer {
  const isBodiless = method === "HEAD" || status === 204;
  const framed = isBodiless ? lines : editLines(lines, { "content-length": String(body.length) });
  const head = writeHead({ startLine, lines: [...framed, `connection: ${close ? "close" : "keep-alive"}`] });
  const retryAfter = valueOf(lines, "retry-after");
  return { status, bytes: Buffer.concat([head, body]), headBytes: head.length, ...(retryAfter !== undefined && { retryAfter }) };
}

function sizeOf(key: string, { startLine, lines, body }: RecordedAnswer): number {
  return key.length + startLine.length + lines.reduce((sum, line) => sum + line.length, 0) + body.length;
}
