import type { WitnessRecord } from "../model/event.ts";

/** Of connections beyond the limit of a proxy. */
export const tooManyConnections = "too-many-connections";

/** What runs out for good many connections, not for one. */
const shortages = new Set([tooManyConnections, "EMFILE", "ENFILE"]);

/** Hands records on, but of each shortage only the first: every further connection would say the same again. */
export function tellShortagesOnce(record: (record: WitnessRecord) => void): (record: WitnessRecord) => void {
  const told = new Set<string>();
  return (one) => {
    if (one.kind === "witness-issue" && shortages.has(one.code)) {
      if (told.has(one.code)) return;
      told.add(one.code);
    }
    record(one);
  };
}

/** What a system error says, where it says that files have run out; `what` cannot be done for it. */
export function openFilesProblem({ code }: { readonly code?: string | undefined }, what: string): { readonly code: string; readonly message: string } | undefined {
  if (code === "EMFILE") return { code, message: `the limit of open files is reached: ${what}; raise it (ulimit -n), each connection needs two` };
  if (code === "ENFILE") return { code, message: `the system's limit of open files is reached: ${what}; raise it (sysctl fs.file-max)` };
  return undefined;
}
