import type { Effect } from "../../model/effect.ts";
import type { Framing } from "./framing.ts";

type Malformed = Extract<Effect, { kind: "malformed" }>;

/** A head that is broken in one place, or a sound one behind which a broken chunk stands. */
export interface Malformation {
  readonly head: Buffer;
  /** In place of the body; absent: the body follows as it is. */
  readonly body?: Buffer;
}

const versionBytes = "HTTP/1.1 ".length;
const lineEnd = "\r\n";

/** Breaks an answer; undefined where there is nothing to break: no chunk stands behind a head without a body. Every strict reader refuses what comes out (RFC 9112 §4, §5.1, §6.3, §7.1). */
export function malform(part: Malformed["part"], head: Buffer, framing: Framing): Malformation | undefined {
  switch (part) {
    case "status-line":
      return { head: Buffer.concat([head.subarray(0, versionBytes), Buffer.from("x"), head.subarray(versionBytes)]) };
    case "header":
      return { head: withLines(head, ["no colon in this header"]) };
    case "length":
      return { head: withLines(head, ["content-length: 1", "content-length: 2"]) };
    case "chunk":
      return framing === "none" ? undefined : { head: framing === "chunked" ? head : chunkedHead(head), body: Buffer.from(`no-size${lineEnd}`) };
  }
}

/** Puts lines behind the last of a head. */
function withLines(head: Buffer, lines: readonly string[]): Buffer {
  return Buffer.concat([head.subarray(0, -lineEnd.length), Buffer.from(lines.map((line) => line + lineEnd).join("")), Buffer.from(lineEnd)]);
}

/** Of HTTP/1.1: before it there were no chunks, and what stands for one would be read as the body. */
function chunkedHead(head: Buffer): Buffer {
  const sound = head.toString("latin1").replace(/^HTTP\/1\.0/, "HTTP/1.1").replaceAll(/\r\n(?:content-length|transfer-encoding)[^\r]*/gi, "");
  return withLines(Buffer.from(sound, "latin1"), ["transfer-encoding: chunked"]);
}
