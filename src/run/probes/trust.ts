import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { createSecureContext } from "node:tls";
import type { SecureContext } from "node:tls";
import { ChaosError } from "../../model/error.ts";

/** Whom a client of TLS trusts, as Node's `tls.connect` takes it. */
export interface Trust {
  readonly secureContext?: SecureContext;
  readonly rejectUnauthorized?: boolean;
}

/** Reads the file of authorities that a probe trusts, relative to a folder; once for all its connections. Throws ChaosError `bad-certificate`. */
export function readTrust({ ca, insecure }: { readonly ca?: string; readonly insecure?: boolean }, baseDir: string): Trust {
  return { ...(ca === undefined ? {} : { secureContext: contextOf(ca, baseDir) }), ...(insecure === true ? { rejectUnauthorized: false } : {}) };
}

function contextOf(path: string, baseDir: string): SecureContext {
  try {
    return createSecureContext({ ca: readFileSync(resolve(baseDir, path), "utf8") });
  } catch (error) {
    throw new ChaosError("bad-certificate", `expected a PEM file of authorities for a probe's ca, but ${path} cannot be used: ${error instanceof Error ? error.message : String(error)}`, { hint: `paths are relative to the folder of the experiment, ${baseDir}`, cause: error });
  }
}
