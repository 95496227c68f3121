import { setTimeout as sleep } from "node:timers/promises";

/** A second call when the first takes long. { afterMs, calls: at most so many, cancels: whether the losers are left, takes: "first" | "last": whose answer counts } */
export function hedge(_name, { afterMs, calls = 2, cancels = true, takes = "first" }, call) {
  return async (what) => {
    const over = new AbortController();
    const attempt = async (nth) => {
      if (nth > 0) await sleep(nth * afterMs, undefined, { signal: over.signal });
      return call(cancels ? { ...what, signal: over.signal } : what);
    };
    const attempts = Array.from({ length: calls }, (_, nth) => attempt(nth));
    for (const one of attempts) one.catch(() => {});
    try {
      return takes === "last" ? (await Promise.all(attempts)).at(-1) : await Promise.any(attempts);
    } finally {
      over.abort();
    }
  };
}
