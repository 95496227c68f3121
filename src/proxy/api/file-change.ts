import { ApiError } from "./api-error.ts";
import type { Doors } from "./doors.ts";
import { configOf, faultsOf } from "./served-proxy.ts";
import type { ServedProxy } from "./served-proxy.ts";

/** A proxy as the file has it, and as it is served now. */
interface Step {
  readonly former: ServedProxy | undefined;
  readonly next: ServedProxy;
}

interface FileChange {
  readonly doors: Doors;
  readonly served: (name: string) => ServedProxy | undefined;
  /** Told of one that serves no longer though it should. */
  readonly lost: (proxy: ServedProxy) => void;
}

/**
 * Carries out what a file says, all of it or nothing: each proxy is then as the file has it. One whose edge and address stay keeps its connections.
 * What was done is undone when a part fails, which is then thrown.
 */
export async function carryOutFile(wanted: readonly ServedProxy[], { doors, served, lost }: FileChange): Promise<readonly ServedProxy[]> {
  const [kept, moved]: [Step[], Step[]] = [[], []];
  for (const next of wanted) {
    const former = served(next.name);
    (former !== undefined && await staysOpen(former, next, doors) ? kept : moved).push({ former, next });
  }
  const leaving = moved.flatMap(({ former }) => (former?.enabled === true ? [former] : []));
  // With nothing to lose, what cannot be opened is found out by opening it.
  if (leaving.length > 0) for (const { next } of moved) if (next.enabled) await doors.checkFree(next.listen, leaving);
  const undo: (() => Promise<unknown>)[] = [];
  try {
    const results: ServedProxy[] = [];
    for (const former of leaving) {
      await doors.close(former);
      undo.push(() => doors.open(former).catch((error: unknown) => {
        lost(former);
        throw error;
      }));
    }
    for (const { next } of moved) {
      const opened = next.enabled ? await doors.open(next) : next;
      undo.push(() => doors.close(opened));
      results.push(opened);
    }
    for (const { former, next } of kept) {
      if (former === undefined) continue;
      const result: ServedProxy = { ...next, listen: former.listen };
      if (JSON.stringify(faultsOf(former)) !== JSON.stringify(faultsOf(next))) {
        await doors.change(result);
        undo.push(() => doors.change(former));
      }
      results.push(result);
    }
    return results;
  } catch (error) {
    throw await undone(undo, error);
  }
}

async function staysOpen(former: ServedProxy, next: ServedProxy, doors: Doors): Promise<boolean> {
  if (!former.enabled || !next.enabled) return false;
  const anywhere = { host: "", port: 0 };
  return JSON.stringify(configOf(former, anywhere, [])) === JSON.stringify(configOf(next, anywhere, [])) && await doors.isSame(former.listen, withPortOf(former, next.listen));
}

/** Where any port will do, the one that it has will. */
function withPortOf({ listen }: ServedProxy, text: string): string {
  const port = listen.slice(listen.lastIndexOf(":") + 1);
  return text === "" ? `:${port}` : text.replace(/:0*$/, `:${port}`);
}

/** In the opposite order; what cannot be undone is told beside what had failed. */
async function undone(undo: readonly (() => Promise<unknown>)[], error: unknown): Promise<unknown> {
  const left: string[] = [];
  for (const step of undo.toReversed()) await step().catch((failed: unknown) => left.push(failed instanceof Error ? failed.message : String(failed)));
  if (left.length === 0 || !(error instanceof ApiError)) return error;
  return new ApiError(error.status, `${error.message}; and what was before could not be restored: ${left.join("; ")}`, { cause: error.cause });
}
