import type { Flaw, Identity, ListenerTlsChoice, ServerTls } from "../../model/tls.ts";
import { issue, makeAuthority, makeKeys } from "./certificates.ts";
import type { Keys, Wanted } from "./certificates.ts";

/** What callers on this machine call a listener by. */
const localNames = ["localhost", "127.0.0.1", "::1"];
const flaws: readonly Flaw[] = ["expired", "wrong-host", "self-signed"];

export interface CertificateOptions {
  /** With the texts of files in place of their paths. */
  readonly choice: ListenerTlsChoice;
  /** What callers elsewhere call it by. */
  readonly names: readonly string[];
  /** Faults are to show certificates that are not good. */
  readonly flawed: boolean;
}

/** Makes the certificates of a run: one authority, when it is first needed, and one pair of keys for it and all that it signs, since no key outlives the run. */
export class CertificateMaker {
  #authority: Promise<Identity> | undefined;
  #keys: Promise<Keys> | undefined;

  /** PEM of the run's own authority; absent while nothing was signed by it. */
  async authority(): Promise<string | undefined> {
    return (await this.#authority)?.cert;
  }

  /** What a listener is to show. Throws ChaosError `bad-authority`. */
  async make({ choice, names, flawed }: CertificateOptions): Promise<ServerTls> {
    if (choice.kind === "own" && !flawed) return { identity: choice.identity, flawed: {} };
    const keys = await (this.#keys ??= makeKeys());
    const authority = choice.kind === "generated" ? await (this.#authority ??= makeAuthority(keys)) : choice.kind === "signed" ? choice.authority : choice.identity;
    const wanted: Wanted = { names: [...new Set([...localNames, ...names, ...(choice.kind === "own" ? [] : choice.names)])], keys };
    const shown: Partial<Record<Flaw, Identity>> = {};
    for (const flaw of flawed ? flaws : []) if (choice.kind !== "own" || flaw === "self-signed") shown[flaw] = await issue(authority, { ...wanted, flaw });
    return { identity: choice.kind === "own" ? choice.identity : await issue(authority, wanted), flawed: shown };
  }
}
