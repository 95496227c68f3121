import { isUtf8 } from "node:buffer";
import { STATUS_CODES } from "node:http";
import type { BodyChange, Effect } from "../../model/effect.ts";
import { format } from "../../units/format.ts";
import { codingsOf, pack, unpack } from "./content-coding.ts";
import type { Coding } from "./content-coding.ts";
import { editLines, valueOf } from "./head.ts";
import type { MessageHead } from "./head.ts";
import { editJson } from "./json-text.ts";
import type { Message } from "./through-http-proxy.ts";

export type Rewrite = Extract<Effect, { kind: "rewrite" }>;

/** The head with another status and other headers. */
export function rewriteHead({ status, headers }: Rewrite, { startLine, lines }: MessageHead): MessageHead {
  const [version = ""] = startLine.split(" ", 1);
  return { startLine: status === undefined ? startLine : `${version} ${status} ${STATUS_CODES[status] ?? "Unknown"}`, lines: editLines(lines, headers) };
}

/** The head of a message whose body is of so many bytes now, and framed by that; absent: it has none, and no length either. */
export function framedBy({ startLine, lines }: MessageHead, bytes: number | undefined): MessageHead {
  return { startLine, lines: editLines(lines, { "transfer-encoding": null, trailer: null, "content-length": bytes === undefined ? null : String(bytes) }) };
}

/** The message changed, in the coding that it has come in and framed as it was; or why it is left as it is. */
export async function rewriteMessage(effect: Rewrite, message: Message): Promise<Message | string> {
  const transfer = valueOf(message.lines, "transfer-encoding")?.toLowerCase();
  if (transfer !== undefined && transfer !== "chunked") return `its transfer coding cannot be undone: ${transfer}`;
  const coding = valueOf(message.lines, "content-encoding");
  const codings = codingsOf(coding, message.body);
  const text = effect.body === undefined ? message.body : await newText(effect.body, message.body, { coding, codings, maxBytes: effect.maxBytes });
  if (typeof text === "string") return text;
  const body = await pack(text, codings ?? []);
  const { startLine, lines } = transfer === "chunked" ? message : framedBy(message, body.length);
  const coded = codings === undefined ? editLines(lines, { "content-encoding": null }) : lines;
  // What an `Expect` asks for has been granted: the body is here.
  const settled = effect.at === "request" ? editLines(coded, { expect: null }) : coded;
  return { ...rewriteHead(effect, { startLine, lines: settled }), body, trailers: message.trailers };
}

interface Coded {
  /** As its header names it. */
  readonly coding: string | undefined;
  readonly codings: readonly Coding[] | undefined;
  readonly maxBytes: number;
}

/** The new body without its coding, or why there is none. */
async function newText(change: BodyChange, body: Buffer, { coding = "identity", codings, maxBytes }: Coded): Promise<Buffer | string> {
  if ("text" in change) return Buffer.from(change.text);
  if (codings === undefined) return `its coding cannot be undone: ${coding}`;
  try {
    const plain = await unpack(body, codings, maxBytes);
    const edited = isUtf8(plain) ? editJson(plain.toString(), change) : undefined;
    if (edited !== undefined) return Buffer.from(edited);
    return isUtf8(plain) ? `its body has nothing at ${[...Object.keys(change.set), ...change.remove].join(", ")}` : "its body is no JSON";
  } catch (error) {
    if (error instanceof SyntaxError) return "its body is no JSON";
    return isTooLarge(error) ? `its body holds more than ${format("size", maxBytes)} in ${coding}` : `its body is no ${coding}`;
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
}
