import type { Flaw, Identity, ListenerTlsChoice, ServerTls } from "../../model/tls.ts";
import { issue, makeAuthority, makeKeys } from "./certificates.ts";
import type { Wanted } from "./certificates.ts";

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

/** Makes the certificates of a run: one authority and one pair of keys, when they are first needed. */
export class CertificateMaker {
  #authority: Promise<Identity> | undefined;
  #keys: Promise<Wanted["keys"]> | undefined;

  /** PEM of the run's own authority; absent while nothing was signed by it. */
  async authority(): Promise<string | undefined> {
    return (await this.#authority)?.cert;
  }

  /** What a listener is to show. Throws ChaosError `bad-authority`. */
  async make({ choice, names, flawed }: CertificateOptions): Promise<ServerTls> {
    const wanted = { names: [...new Set([...localNames, ...names, ...(choice.kind === "own" ? [] : choice.names)])], keys: await (this.#keys ??= makeKeys()) };
    if (choice.kind === "own") return { identity: choice.identity, flawed: flawed ? { "self-signed": await issue(choice.identity, { ...wanted, flaw: "self-signed" }) } : {} };
    const authority = choice.kind === "signed" ? choice.authority : await (this.#authority ??= makeAuthority());
    const shown: Partial<Record<Flaw, Identity>> = {};
    if (flawed) for (const flaw of flaws) shown[flaw] = await issue(authority, { ...wanted, flaw });
    return { identity: await issue(authority, wanted), flawed: shown };
  }
}
