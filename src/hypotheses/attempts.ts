import type { Call } from "../model/observation.ts";

/** The calls of a request that are attempts at one thing: those with the method and path of the first that is meant. */
export function attemptsAmong(calls: readonly Call[], isFirst: (call: Call) => boolean = () => true): readonly Call[] {
  const first = calls.find(isFirst);
  return first === undefined ? [] : calls.filter(({ method, path }) => method === first.method && path === first.path);
}
