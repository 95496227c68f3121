// Preloaded with NODE_OPTIONS=--import into every thread: in those that are not the main one, does what IN_THREADS says IN_THREADS_AFTER_MS after their start.
import { isMainThread } from "node:worker_threads";

const { IN_THREADS, IN_THREADS_AFTER_MS = "0" } = process.env;

if (!isMainThread) {
  setTimeout(() => {
    if (IN_THREADS === "throw") throw new Error("sabotaged");
    const untilMs = performance.now() + (IN_THREADS === "block" ? 300 : 0);
    while (performance.now() < untilMs);
  }, Number(IN_THREADS_AFTER_MS)).unref();
}
