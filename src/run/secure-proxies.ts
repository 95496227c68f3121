import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { ProxyConfig } from "../model/data-plane.ts";
import type { Proxy } from "../model/experiment.ts";
import type { Plan } from "../model/plan.ts";
import { CertificateMaker, readTlsFiles } from "../proxy/index.ts";
import type { Undo } from "./undo.ts";

/** What proxies show, whom they trust, and where callers find whom to trust. */
export interface Secured {
  /** Certificates and keys, by proxy. */
  readonly tls: ReadonlyMap<string, Pick<ProxyConfig, "upstreamTls" | "tls">>;
  /** Paths of the PEM files of authorities, by the proxies whose certificates they signed. */
  readonly authorities: ReadonlyMap<string, string>;
}

export interface SecureOptions {
  /** What paths of the plan are relative to. */
  readonly baseDir: string;
  /** Of the run: the authority's certificate is written there; without it, into a folder that is removed with `undo`. */
  readonly folder: string | undefined;
  readonly undo: Undo;
}

/** Reads, or makes, what the proxies of a plan need to speak TLS. Keys stay in memory. Throws ChaosError `bad-certificate`, `bad-authority`. */
export async function secureProxies(plan: Plan, { baseDir, folder, undo }: SecureOptions): Promise<Secured> {
  const { proxies, faults } = plan.experiment;
  const maker = new CertificateMaker();
  const tls = new Map<string, Pick<ProxyConfig, "upstreamTls" | "tls">>();
  for (const proxy of proxies) {
    const { tls: choice, ...texts } = readTlsFiles(proxy, baseDir);
    const flawed = faults.some(({ type, proxy: on }) => type === "tls" && on === proxy.name);
    tls.set(proxy.name, { ...texts, ...(choice === undefined ? {} : { tls: await maker.make({ choice, names: certificateNames(proxy), flawed }) }) });
  }
  const authority = await maker.authority();
  const path = authority === undefined ? undefined : await write(authority, folder, undo);
  return { tls, authorities: new Map(proxies.flatMap(({ name, tls: choice }): readonly (readonly [string, string])[] => {
    if (choice?.kind === "signed") return [[name, resolve(baseDir, choice.authority.cert)]];
    return choice?.kind === "generated" && path !== undefined ? [[name, path]] : [];
  })) };
}

/** Asks of the files that proxies name what a run asks of them. Throws ChaosError `bad-certificate`. */
export function checkTlsFiles(plan: Plan, baseDir: string): void {
  for (const proxy of plan.experiment.proxies) readTlsFiles(proxy, baseDir);
}

/** By what a listener is called elsewhere than on the loopback. */
export function certificateNames({ advertise, listen: { host } }: Proxy): readonly string[] {
  return [...(advertise === undefined ? [] : [advertise]), ...(host === undefined || host === "0.0.0.0" || host === "::" ? [] : [host])];
}

async function write(authority: string, folder: string | undefined, undo: Undo): Promise<string> {
  const under = folder ?? await mkdtemp(join(tmpdir(), "chaos-"));
  if (folder === undefined) undo.add(`folder ${under}`, () => rm(under, { recursive: true, force: true }));
  const path = join(under, "ca.pem");
  await writeFile(path, authority);
  return path;
}
