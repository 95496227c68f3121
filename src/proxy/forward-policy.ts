import type { ForwardConfig } from "../model/data-plane.ts";
import { compileGlob } from "../faults/glob.ts";
import { bareHost, isLocalHost } from "./local-host.ts";

/** Who a forward proxy passes on to: hosts on its list, where it has one, and beyond this machine only those that the run was allowed. */
export class ForwardPolicy {
  readonly #listed: readonly ((host: string) => boolean)[] | undefined;
  readonly #allowed: ReadonlySet<string>;

  constructor({ hosts, allowHosts }: ForwardConfig) {
    this.#listed = hosts?.map(patternOf);
    this.#allowed = new Set(allowHosts.map(bareHost));
  }

  /** Why a host may not be called, and what to do if it should; absent when it may. */
  refusal(host: string, port: number): string | undefined {
    const name = bareHost(host);
    if (this.#listed !== undefined && !this.#listed.some((isMeant) => isMeant(name) || isMeant(`${name}:${port}`))) {
      return `${host} is not among the hosts of this proxy: if it is meant, add it there`;
    }
    return isLocalHost(name) || this.#allowed.has(name) ? undefined : `${host} is not this machine: if it is meant, and you may do so, run with --allow-host ${name}`;
  }
}

/** `*` stands for any part of a name; without a port every port is meant. IPv6 addresses stand in brackets, as in URLs. */
function patternOf(host: string): (host: string) => boolean {
  const name = host.replace(/^(\[[^\]]*\]|[^:]*)\.?(?=:\d+$|$)/, (part) => bareHost(part)).toLowerCase();
  return compileGlob(name);
}
