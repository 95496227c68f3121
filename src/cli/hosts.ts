import { lookup } from "node:dns/promises";
import type { Issue } from "./api.ts";
import { systemCode } from "./error-text.ts";

/** Resolves each host; the ones that do not resolve come back as issues. */
export async function resolveHosts(hosts: readonly string[]): Promise<{ readonly lines: readonly string[]; readonly issues: readonly Issue[] }> {
  const lines: string[] = [];
  const issues: Issue[] = [];
  for (const host of hosts) {
    try {
      const found = await lookup(host, { all: true });
      lines.push(`${host} → ${found.map(({ address }) => address).join(", ")}`);
    } catch (error) {
      const code = systemCode(error);
      issues.push({ code: "host-unknown", severity: "error", message: `expected a host that resolves, got "${host}" (${code})`, hint: "check its spelling, or the name server of this machine" });
    }
  }
  return { lines, issues };
}
