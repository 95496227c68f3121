import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ProxyConfig } from "../model/data-plane.ts";
import type { Proxy } from "../model/experiment.ts";
import type { ServerTls } from "../model/tls.ts";
import { CertificateMaker, readTlsFiles } from "../proxy/index.ts";
import { certificateNames } from "./secure-proxies.ts";

type TlsTexts = Pick<ProxyConfig, "upstreamTls" | "tls">;

/** What served proxies need to speak TLS: the same for what is asked again, so that a file that is read again changes no certificate. Keys stay in memory. */
export class ServedTls {
  readonly #baseDir: string;
  readonly #maker = new CertificateMaker();
  /** By what was asked for. */
  readonly #shown = new Map<string, ServerTls>();
  #folder: string | undefined;

  /** Paths are relative to `baseDir`. */
  constructor(baseDir: string) {
    this.#baseDir = baseDir;
  }

  /** By name of the proxy. Throws ChaosError `bad-certificate`, `bad-authority`. */
  async textsOf(proxies: readonly Proxy[]): Promise<ReadonlyMap<string, TlsTexts>> {
    const texts = new Map<string, TlsTexts>();
    for (const proxy of proxies) {
      const { tls: choice, ...others } = readTlsFiles(proxy, this.#baseDir);
      const key = JSON.stringify([choice, certificateNames(proxy)]);
      // A toxic that shows a flawed certificate may be added at any time.
      if (choice !== undefined && !this.#shown.has(key)) this.#shown.set(key, await this.#maker.make({ choice, names: certificateNames(proxy), flawed: true }));
      const tls = this.#shown.get(key);
      texts.set(proxy.name, { ...others, ...(tls === undefined ? {} : { tls }) });
    }
    return texts;
  }

  /** Path of the PEM file of the authority that signed what was generated, for callers to trust; absent: nothing was. */
  async authorityPath(): Promise<string | undefined> {
    const authority = await this.#maker.authority();
    if (authority === undefined) return undefined;
    this.#folder ??= await mkdtemp(join(tmpdir(), "chaos-"));
    const path = join(this.#folder, "ca.pem");
    await writeFile(path, authority);
    return path;
  }

  async remove(): Promise<void> {
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
  }
}
