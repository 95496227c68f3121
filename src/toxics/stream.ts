import type { Direction } from "../model/effect.ts";

/** Toxiproxy's words for the two ways of bytes. */
export type Stream = "upstream" | "downstream";

/** Which stream a word means, in any case; absent when it is neither. */
export function readStream(word: string): Stream | undefined {
  const stream = word.toLowerCase();
  return stream === "upstream" || stream === "downstream" ? stream : undefined;
}

/** What is sent upstream is the request. */
export function directionOf(stream: Stream): Direction {
  return stream === "upstream" ? "request" : "response";
}
