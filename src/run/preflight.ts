import type { Plan } from "../model/plan.ts";
import { baseDirOf } from "./base-dir.ts";
import { checkTargets, targetsOf } from "./local-targets.ts";
import type { RunOptions } from "./run.ts";
import { redactorOf, resolveSecrets, withoutSecrets } from "./secrets.ts";
import { checkTlsFiles } from "./secure-proxies.ts";

/**
 * Asks of a plan what a run asks before it starts anything, so that of several none starts when one is refused.
 * Returns the hosts that it would reach. Throws ChaosError `target-not-allowed`, `secret-missing`, `bad-certificate`.
 */
export function preflight(plan: Plan, options: Pick<RunOptions, "environment" | "allowHosts" | "baseDir"> = {}): { readonly hosts: readonly string[] } {
  checkTlsFiles(plan, options.baseDir ?? baseDirOf(plan));
  const environment = options.environment ?? process.env;
  const secrets = resolveSecrets(plan, environment);
  return withoutSecrets(redactorOf(plan, environment), () => {
    checkTargets(plan, secrets, options.allowHosts ?? []);
    return { hosts: [...new Set(targetsOf(plan, secrets).map(({ host }) => host))].sort() };
  });
}
