import type { Correlate } from "../../model/experiment.ts";
import type { RequestHead } from "./request-head.ts";

/** The correlation value that a head carries: a header, or the first `{}` of a path template. */
export function keyOfHead(correlate: Extract<Correlate, { by: "header" | "path" }>, head: Pick<RequestHead, "header" | "target">): string | undefined {
  if (correlate.by === "header") return head.header(correlate.header.toLowerCase());
  const path = head.target.split("?", 1)[0] ?? "";
  const wanted = correlate.template.split("/");
  const parts = path.split("/");
  const matches = wanted.length === parts.length && wanted.every((part, i) => part === "{}" || part === parts[i]);
  const key = matches ? parts[wanted.indexOf("{}")] : undefined;
  return key === "" ? undefined : key;
}

/** Larger requests are not looked into. */
const maxBytes = 64 * 1024;

/** Keeps the bytes of one request to find a value in its JSON body by JSON pointer (RFC 6901). `bodyOf` finds the body in them, undefined when there is none. */
export class BodyProbe {
  private readonly pointer: string;
  private readonly bodyOf: (bytes: Buffer) => Buffer | undefined;
  private pieces: Buffer[] = [];
  private bytes = 0;

  constructor(pointer: string, bodyOf: (bytes: Buffer) => Buffer | undefined) {
    this.pointer = pointer;
    this.bodyOf = bodyOf;
  }

  add(piece: Buffer): void {
    this.bytes += piece.length;
    if (this.bytes <= maxBytes) this.pieces.push(piece);
    else this.pieces = [];
  }

  /** Undefined when the body is no JSON, has no such value, or the value is neither text nor number. */
  key(): string | undefined {
    const body = this.bodyOf(Buffer.concat(this.pieces));
    return body && keyAt(body.toString("utf8"), this.pointer);
  }
}

/** The body of a request that begins with its head, out of its chunks; undefined when the head is not whole. */
export function bodyOfMessage(bytes: Buffer): Buffer | undefined {
  const text = bytes.toString("latin1");
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const body = text.slice(headEnd + 4);
  const isChunked = /\r\ntransfer-encoding:/i.test(text.slice(0, headEnd));
  return Buffer.from(isChunked ? joinChunks(body) : body, "latin1");
}

/** The value in a JSON text at a JSON pointer; undefined when the text is no JSON, has no such value, or the value is neither text nor number. */
function keyAt(text: string, pointer: string): string | undefined {
  try {
    const json: unknown = JSON.parse(text);
    const value = pointer.split("/").slice(1).reduce(childOf, json);
    return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
  } catch {
    return undefined;
  }
}

function childOf(parent: unknown, token: string): unknown {
  const name = token.replaceAll("~1", "/").replaceAll("~0", "~");
  if (typeof parent !== "object" || parent === null) return undefined;
  const property = Object.getOwnPropertyDescriptor(parent, name);
  return property?.value;
}

/** The data of a body that is known to be chunked well. */
function joinChunks(body: string): string {
  let data = "";
  for (let at = 0; at < body.length; ) {
    const lineEnd = body.indexOf("\r\n", at);
    const size = Number.parseInt(body.slice(at, lineEnd), 16);
    if (!(size > 0)) break;
    data += body.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 2 + size + 2;
  }
  return data;
}
