import type { Context, InterruptSignal } from "./command.ts";
import { interruptCodes } from "./exit-code.ts";

/** npm and the terminal both pass one Ctrl-C on: what follows within this time is the same one. */
const sameInterruptMs = 300;

export interface Interrupts {
  /** Aborted by the first interrupt, whose name is the reason, or by an error that nobody caught, which is the reason itself. */
  readonly signal: AbortSignal;
  /** Errors that nobody caught. */
  readonly defects: readonly unknown[];
  /** The first interrupt, when there was one. */
  received(): InterruptSignal | undefined;
  stopListening(): void;
}

/**
 * The first interrupt asks for a clean stop, the second ends the process at once. An error that nobody caught asks for a clean stop too,
 * and, with `hangsUp`, so does a terminal that is closed, however often it says so.
 */
export function listenForInterrupts(context: Context, { nowMs = () => performance.now(), hangsUp = true, saying = "stopping: lifting faults, ending services. Once more to leave at once." }: { readonly nowMs?: () => number; readonly hangsUp?: boolean; readonly saying?: string } = {}): Interrupts {
  const controller = new AbortController();
  let first: { readonly signal: InterruptSignal; readonly atMs: number } | undefined;
  const defects: unknown[] = [];
  const forgetDefects = context.onDefect((error) => {
    defects.push(error);
    controller.abort(error instanceof Error ? error : new Error(String(error)));
  });
  const take = (signal: InterruptSignal): void => {
    if (first === undefined) {
      first = { signal, atMs: nowMs() };
      context.stderr.write(`${context.stderr.live ? "\n" : ""}${saying}\n`);
      controller.abort(signal);
    } else if (signal !== "SIGHUP" && nowMs() - first.atMs >= sameInterruptMs) {
      context.exitNow(interruptCodes[signal]);
    }
  };
  const forgetInterrupts = context.onInterrupt(take);
  const forgetHangUps = hangsUp ? context.onHangUp(() => take("SIGHUP")) : () => undefined;
  const stopListening = (): void => {
    forgetInterrupts();
    forgetHangUps();
    forgetDefects();
  };
  return { signal: controller.signal, defects, received: () => first?.signal, stopListening };
}
