import type { Caller } from "./wire.ts";

/** An answer as it came, by the rules of its own head. */
export interface RawAnswer {
  readonly status: number;
  /** Start line and headers, without the line that ends them. */
  readonly head: string;
  readonly bytes: Buffer;
  /** Chunks joined. */
  readonly body: Buffer;
  header(name: string): string | undefined;
}

/** Requests and answers one after the other on one raw connection; answers have a length or chunks. */
export class RawCalls {
  readonly caller: Caller;
  #at = 0;

  constructor(caller: Caller) {
    this.caller = caller;
  }

  async ask(request: string | Buffer): Promise<RawAnswer> {
    this.caller.socket.write(request);
    return this.next();
  }

  /** All sent at once. */
  async askAll(requests: readonly string[]): Promise<readonly RawAnswer[]> {
    this.caller.socket.write(requests.join(""));
    const answers: RawAnswer[] = [];
    while (answers.length < requests.length) answers.push(await this.next());
    return answers;
  }

  /** Bytes that were looked at otherwise. */
  skip(bytes: number): void {
    this.#at += bytes;
  }

  /** Resolves when the next answer is there whole; throws when the connection ends before. */
  async next(): Promise<RawAnswer> {
    for (;;) {
      const answer = readAnswer(this.caller.bytes.subarray(this.#at));
      if (answer !== undefined) {
        this.#at += answer.bytes.length;
        return answer;
      }
      const length = this.caller.bytes.length;
      const end = await Promise.race([this.caller.received(length + 1).then(() => undefined), this.caller.ended]);
      if (end !== undefined && this.caller.bytes.length === length) throw new Error(`the connection ended (${end}) within an answer: ${this.caller.bytes.subarray(this.#at).toString("latin1").slice(0, 200)}`);
    }
  }
}

function readAnswer(bytes: Buffer): RawAnswer | undefined {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const head = bytes.toString("latin1", 0, headEnd);
  const header = (name: string): string | undefined => new RegExp(`\r\n${name}: *([^\r]*)`, "i").exec(head)?.[1];
  const status = Number(head.slice(9, 12));
  const from = headEnd + 4;
  if (header("transfer-encoding") === undefined) {
    const end = from + Number(header("content-length") ?? 0);
    return bytes.length < end ? undefined : { status, head, header, bytes: bytes.subarray(0, end), body: bytes.subarray(from, end) };
  }
  const pieces: Buffer[] = [];
  for (let at = from; ; ) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    if (size === 0) {
      const end = bytes.indexOf("\r\n\r\n", lineEnd);
      return end < 0 ? undefined : { status, head, header, bytes: bytes.subarray(0, end + 4), body: Buffer.concat(pieces) };
    }
    pieces.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
    if (bytes.length < at) return undefined;
  }
}
