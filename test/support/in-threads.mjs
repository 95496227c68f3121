// Preloaded with NODE_OPTIONS=--import into every thread: in those that are not the main one, does what IN_THREADS says: IN_THREADS_AFTER_MS after their start, or once the file IN_THREADS_WHEN is there.
import { existsSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

const { IN_THREADS, IN_THREADS_AFTER_MS = "0", IN_THREADS_WHEN } = process.env;

const act = () => {
  if (IN_THREADS === "throw") throw new Error("sabotaged");
  const untilMs = performance.now() + (IN_THREADS === "block" ? 300 : 0);
  while (performance.now() < untilMs);
};

if (!isMainThread && IN_THREADS_WHEN === undefined) setTimeout(act, Number(IN_THREADS_AFTER_MS)).unref();
if (!isMainThread && IN_THREADS_WHEN !== undefined) {
  const look = setInterval(() => {
    if (!existsSync(IN_THREADS_WHEN)) return;
    clearInterval(look);
    act();
  }, 20).unref();
}
