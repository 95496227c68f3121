import type { ProbeAnswer, ProbeCall } from "../../model/probe-type.ts";

/** A call on its way. */
export interface Flight {
  /** Ends it now: it is answered with this failure, unless it has been answered. */
  abort(failure: string): void;
}

/** Carries out the calls of one probe. */
export interface Caller {
  /** Starts a call; `answered` is called once, with what came or why nothing whole did. `headers` are added to those of an HTTP call. */
  call(call: ProbeCall, headers: Readonly<Record<string, string>>, answered: (answer: ProbeAnswer) => void): Flight;
  /** Lets go of all that it keeps open. */
  close(): Promise<void>;
}

/** Passes on the first answer only: a call may fail in several ways at once. */
export function once(answered: (answer: ProbeAnswer) => void): (answer: ProbeAnswer) => void {
  let isAnswered = false;
  return (answer) => {
    if (isAnswered) return;
    isAnswered = true;
    answered(answer);
  };
}

/** The first bytes of an answer, and how many came; what is beyond is counted and let go. */
export class Keep {
  readonly #limit: number;
  readonly #chunks: Uint8Array[] = [];
  #kept = 0;
  bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    if (this.#kept >= this.#limit) return;
    // A copy: a view would keep the whole block of the socket.
    const part = Buffer.from(chunk.subarray(0, this.#limit - this.#kept));
    this.#chunks.push(part);
    this.#kept += part.length;
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString("utf8");
  }
}
