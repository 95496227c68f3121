import type { Message, Reading } from "./reading.ts";

/** A way in which we read a message that the strict parser of node:http refuses or reads otherwise, and why that is right. */
export interface Allowance {
  readonly name: string;
  /** What the other parser does. */
  readonly theirs: RegExp;
  /** Of the message that this is about, or of the one before where what it says of the connection is. */
  readonly when: (message: Message, wire: string) => boolean;
  readonly why: string;
}

export type Verdict = { readonly kind: "alike" } | { readonly kind: "stricter" } | { readonly kind: "allowed"; readonly by: string } | { readonly kind: "differs"; readonly how: string };

/** They take the connection to be over before this message. */
const behindTheEnd = /^they wait$|HPE_CLOSED_CONNECTION/;

/** Holds our reading of a stream against the other parser's: what we pass on, it must have read with the same start, body and end. */
export function compare(ours: Reading, theirs: Reading, allowances: readonly Allowance[]): Verdict {
  for (const [i, message] of ours.messages.entries()) {
    const how = differenceOf(message, theirs.messages[i], i === ours.messages.length - 1 && ours.refusal !== undefined, theirs.refusal);
    if (how !== undefined) {
      const about = behindTheEnd.test(how) ? (ours.messages[i - 1] ?? message) : message;
      const wire = about.wire.toString("latin1");
      const allowed = allowances.find(({ theirs, when }) => theirs.test(how) && when(about, wire));
      return allowed === undefined ? { kind: "differs", how } : { kind: "allowed", by: allowed.name };
    }
    if (message.last) return { kind: "alike" };
  }
  if (ours.refusal !== undefined) return { kind: "stricter" };
  return theirs.messages.length > ours.messages.length ? { kind: "differs", how: `they read a message more: ${theirs.messages[ours.messages.length]!.start}` } : { kind: "alike" };
}

function differenceOf(ours: Message, theirs: Message | undefined, isRefused: boolean, refusal: string | undefined): string | undefined {
  if (theirs === undefined) return refusal === undefined ? "they wait" : `they refuse: ${refusal}`;
  if (ours.start !== theirs.start) return `they read: ${theirs.start}`;
  if (ours.interims.join() !== theirs.interims.join()) return `they read the interim responses ${theirs.interims.join()}`;
  if (theirs.last) return undefined;
  if (ours.done && !theirs.done) return refusal === undefined ? "they wait for more of the body" : `they refuse in the body: ${refusal}`;
  // What we refuse inside a body does not go on; what of it went on before must be what they read.
  if (isRefused && !ours.done) return theirs.body.startsWith(ours.body) || ours.body.startsWith(theirs.body) ? undefined : "they read another body";
  if (!ours.done && theirs.done) return "they see the end of the body";
  if (!ours.done && refusal !== undefined && ours.body.startsWith(theirs.body)) return `they refuse in the body: ${refusal}`;
  return ours.body === theirs.body ? undefined : `they read another body: ${JSON.stringify(theirs.body)}`;
}
