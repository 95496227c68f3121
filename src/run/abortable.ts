import type { Env } from "../model/env.ts";

/** The promise's outcome, or, as soon as the signal aborts, a rejection with the signal's reason. */
export async function unlessAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  // Who is aborted waits no more, and is not to be told of it twice.
  promise.catch(() => undefined);
  signal.throwIfAborted();
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
    signal.addEventListener("abort", abort);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Resolves at a time of the run's clock (at once when it has passed); rejects with the signal's reason as soon as it aborts. */
export async function sleepUntil(env: Env, atMs: number, signal: AbortSignal): Promise<void> {
  let cancel = (): void => undefined;
  const slept = new Promise<void>((resolve) => {
    const timer = env.after(Math.max(0, atMs - env.nowMs()), resolve);
    cancel = () => timer.cancel();
  });
  try {
    await unlessAborted(signal, slept);
  } finally {
    cancel();
  }
}
