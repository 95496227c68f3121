import type { Egress } from "../model/experiment.ts";
import type { RunScope } from "../experiment/interpolate.ts";
import { resolveText } from "./resolve-text.ts";

/**
 * The variables that tell a process of the forward proxy for its calls, in both spellings: curl reads http_proxy in lower case only, others upper case first.
 * NO_PROXY is always said, for what is inherited may except this machine. Of `fetch` and node:http, Node.js heeds them from version 24 on, if NODE_USE_ENV_PROXY says so.
 */
export function egressVariables({ proxy, except }: Egress, scope: RunScope): Readonly<Record<string, string>> {
  const url = resolveText(`\${proxies.${proxy}.url}`, scope);
  const variables = { HTTP_PROXY: url, HTTPS_PROXY: url, NO_PROXY: except.join(",") };
  return { ...variables, ...Object.fromEntries(Object.entries(variables).map(([name, value]) => [name.toLowerCase(), value])), NODE_USE_ENV_PROXY: "1" };
}
