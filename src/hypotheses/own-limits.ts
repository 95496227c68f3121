import type { Obstacle } from "../evidence/gates.ts";
import { limitIssues } from "../model/limits.ts";
import type { LimitIssue } from "../model/limits.ts";
import type { Observations } from "../model/observation.ts";

const remedies: Readonly<Record<LimitIssue, string>> = {
  "too-many-connections": "limits.connections",
  "head-too-large": "limits.head",
  "too-many-headers": "limits.headers",
  "head-beyond-limits": "limits.head and limits.headers",
  "head-too-slow": "limits.headTimeout",
  EMFILE: "the limit of open files (ulimit -n)",
  ENFILE: "the system's limit of open files (sysctl fs.file-max)",
};

/** That no proxy failed calls at a limit of its own: whose calls these were, and what came of them, is not known, so no verdict may rest on them. */
export function ownLimitObstacle({ witnessIssues }: Pick<Observations, "witnessIssues">): Obstacle | undefined {
  const found = witnessIssues.find(({ code }) => limitIssues.has(code));
  if (found === undefined) return undefined;
  const { proxy, code, message } = found;
  return { reason: `The proxy ${proxy} failed calls by itself, at a limit of its own (${message}): what came of it says nothing of the service.`, nextStep: `Raise ${remedyOf(code)}${code.startsWith("E") ? "" : ` of ${proxy}`}, or let what meets it keep within it.` };
}

function remedyOf(code: string): string {
  return Object.entries(remedies).find(([issue]) => issue === code)?.[1] ?? code;
}
