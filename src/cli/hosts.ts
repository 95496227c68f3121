import { lookup } from "node:dns/promises";
import type { Issue, Plan } from "./api.ts";
import { systemCode } from "./error-text.ts";

/** Every host that a plan names and that is not known only when run: `${…}` stands for ports and hosts of the run. */
export function hostsOf(plan: Plan): readonly string[] {
  const { proxies, probes } = plan.experiment;
  const texts = [...proxies.map(({ upstream }) => upstream), ...probes.flatMap(({ params }) => [params["url"], params["host"], params["target"]])];
  return [...new Set(texts.flatMap((text) => (typeof text === "string" ? hostIn(text) : [])))].sort();
}

function hostIn(text: string): readonly string[] {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]*)/i.exec(text)?.[1] ?? /^(\[[^\]]*\]|[^/:]+)(?::\d+)?$/.exec(text)?.[1];
  return authority === undefined || authority === "" || authority.includes("$") ? [] : [authority.replace(/^\[|\]$/g, "")];
}

/** Resolves each host; the ones that do not resolve come back as issues. */
export async function resolveHosts(hosts: readonly string[], file: string): Promise<{ readonly lines: readonly string[]; readonly issues: readonly Issue[] }> {
  const lines: string[] = [];
  const issues: Issue[] = [];
  for (const host of hosts) {
    try {
      const found = await lookup(host, { all: true });
      lines.push(`${host} → ${found.map(({ address }) => address).join(", ")}`);
    } catch (error) {
      const code = systemCode(error);
      issues.push({ code: "host-unknown", severity: "error", file, message: `expected a host that resolves, got "${host}" (${code})`, hint: "check its spelling, or the name server of this machine" });
    }
  }
  return { lines, issues };
}
