import type { ExchangeFacts } from "./subject.ts";

/**
 * What a call asks for, whoever is asked: its target with its query, without the origin of an absolute one, and nothing of a CONNECT. Of two
 * calls of one request that ask for the same by the same method the later one is a further attempt of the first, as evidence has it too.
 */
export function resourceOf({ method, path }: Pick<ExchangeFacts, "method" | "path">): string {
  if (path.startsWith("/")) return path;
  return method === "CONNECT" ? "" : path.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i, "");
}
