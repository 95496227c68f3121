import type { z } from "zod";
import { ChaosError } from "../../model/error.ts";
import { suggest } from "../../experiment/did-you-mean.ts";
import { exchange } from "./exchange.ts";
import type { Answer, Question } from "./exchange.ts";
import { errorOf, populatedShape, proxiesShape, proxyShape, toxicShape, toxicsShape, versionShape } from "./wire.ts";
import type { NewProxy, NewToxic, ProxyChanges, RemoteProxy, RemoteToxic, ToxicChanges } from "./wire.ts";

export interface ClientOptions {
  /** Of the API; see readApiUrl. */
  readonly url: URL;
  /** Sent as a bearer token. */
  readonly token?: string;
  /** For each call; default 30 s: Toxiproxy itself gives up after 25 s. */
  readonly timeoutMs?: number;
}

/** Of what a call speaks, for its errors. */
interface Subject {
  /** What was asked for, such as `add a toxic to payments`. */
  readonly doing: string;
  readonly proxy?: string;
  readonly toxic?: string;
}

const codes: Readonly<Record<number, string>> = { 400: "api-invalid", 401: "api-denied", 403: "api-denied", 404: "api-not-found", 409: "api-exists" };

/**
 * Speaks to a server of Toxiproxy's control API: our own (`chaos proxy`) or Toxiproxy itself.
 * Every method throws ChaosError: `api-unreachable`, `api-invalid` (400), `api-denied` (401, 403), `api-not-found`, `api-exists`, `api-failed` (any other refusal), `not-an-api` (it speaks something else).
 */
export class ToxiproxyClient {
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  get url(): string {
    return this.#options.url.origin;
  }

  /** Its version; `isOurs`: it knows what `chaos proxy` knows beyond Toxiproxy. */
  async version(): Promise<{ readonly version: string; readonly isOurs: boolean }> {
    const doing = "tell its version";
    const answer = await this.#ask("GET", ["version"], { doing });
    // Before 2.6.0 it was a bare word.
    const bare = /^v?\d+\.[\w.+-]+$|^git$/.test(answer.text.trim());
    return { version: bare ? answer.text.trim() : this.#read(versionShape, answer, doing).version, isOurs: /^chaos/i.test(answer.server ?? "") };
  }

  async proxies(): Promise<Readonly<Record<string, RemoteProxy>>> {
    return this.#get(["proxies"], proxiesShape, { doing: "list its proxies" });
  }

  async proxy(proxy: string): Promise<RemoteProxy> {
    return this.#get(["proxies", proxy], proxyShape, { doing: `show the proxy ${proxy}`, proxy });
  }

  async createProxy(proxy: NewProxy): Promise<RemoteProxy> {
    const doing = `create the proxy ${proxy.name}`;
    return this.#read(proxyShape, await this.#ask("POST", ["proxies"], { doing }, proxy), doing);
  }

  /** Those that exist with the same addresses stay as they are, toxics included; others of the same name are replaced. */
  async populate(proxies: readonly NewProxy[]): Promise<readonly RemoteProxy[]> {
    const doing = "populate its proxies";
    return this.#read(populatedShape, await this.#ask("POST", ["populate"], { doing }, proxies), doing).proxies;
  }

  async updateProxy(proxy: string, changes: ProxyChanges): Promise<RemoteProxy> {
    const subject = { doing: `change the proxy ${proxy}`, proxy };
    return this.#read(proxyShape, await this.#change(["proxies", proxy], subject, changes), subject.doing);
  }

  async removeProxy(proxy: string): Promise<void> {
    await this.#ask("DELETE", ["proxies", proxy], { doing: `delete the proxy ${proxy}`, proxy });
  }

  async toxics(proxy: string): Promise<readonly RemoteToxic[]> {
    return this.#get(["proxies", proxy, "toxics"], toxicsShape, { doing: `list the toxics of ${proxy}`, proxy });
  }

  async addToxic(proxy: string, toxic: NewToxic): Promise<RemoteToxic> {
    const subject = { doing: `add a toxic to ${proxy}`, proxy };
    return this.#read(toxicShape, await this.#ask("POST", ["proxies", proxy, "toxics"], subject, toxic), subject.doing);
  }

  async updateToxic(proxy: string, toxic: string, changes: ToxicChanges): Promise<RemoteToxic> {
    const subject = { doing: `change the toxic ${toxic} of ${proxy}`, proxy, toxic };
    return this.#read(toxicShape, await this.#change(["proxies", proxy, "toxics", toxic], subject, changes), subject.doing);
  }

  async removeToxic(proxy: string, toxic: string): Promise<void> {
    await this.#ask("DELETE", ["proxies", proxy, "toxics", toxic], { doing: `remove the toxic ${toxic} of ${proxy}`, proxy, toxic });
  }

  /** Every proxy is enabled, every toxic removed. */
  async reset(): Promise<void> {
    await this.#ask("POST", ["reset"], { doing: "reset" });
  }

  async #get<T>(path: readonly string[], shape: z.ZodType<T>, subject: Subject): Promise<T> {
    return this.#read(shape, await this.#ask("GET", path, subject), subject.doing);
  }

  /** Servers before 2.6.0 know updates by POST only. */
  async #change(path: readonly string[], subject: Subject, body: object): Promise<Answer> {
    const answer = await this.#send("PATCH", path, body);
    return answer.status === 405 ? this.#ask("POST", path, subject, body) : this.#accepted(answer, subject);
  }

  async #ask(method: Question["method"], path: readonly string[], subject: Subject, body?: object): Promise<Answer> {
    return this.#accepted(await this.#send(method, path, body), subject);
  }

  #send(method: Question["method"], path: readonly string[], body: object | undefined): Promise<Answer> {
    const { url, token, timeoutMs = 30_000 } = this.#options;
    const target = new URL(url);
    target.pathname = [url.pathname.replace(/\/+$/, ""), ...path.map(encodeURIComponent)].join("/");
    return exchange({ method, url: target, token, body, timeoutMs });
  }

  async #accepted(answer: Answer, { doing, proxy, toxic }: Subject): Promise<Answer> {
    const { status } = answer;
    if (status >= 200 && status < 300) return answer;
    const said = errorOf(answer.body);
    if (said === undefined && status !== 401 && status !== 403) throw this.#stranger(answer);
    const hint = status === 404 ? await this.#nearest(proxy, said === "toxic not found" ? toxic : undefined) : status === 401 ? "give its token with --api-token or CHAOS_API_TOKEN" : undefined;
    throw new ChaosError(codes[status] ?? "api-failed", `${this.url} did not ${doing}: ${said ?? firstLine(answer.text) ?? `it answers ${status}`}`, hint === undefined ? {} : { hint });
  }

  #read<T>(shape: z.ZodType<T>, answer: Answer, doing: string): T {
    const read = shape.safeParse(answer.body);
    if (read.success) return read.data;
    throw this.#stranger(answer, `, asked to ${doing}`);
  }

  #stranger({ status, text }: Answer, when = ""): ChaosError {
    const shown = firstLine(text);
    return new ChaosError("not-an-api", `expected Toxiproxy's control API at ${this.url}, got another answer (${status})${when}${shown === undefined ? "" : `: ${shown}`}`, { hint: "name the address of the API, not of a proxy: --api http://127.0.0.1:8474" });
  }

  /** The name that was meant, as far as the server can tell. */
  async #nearest(proxy: string | undefined, toxic: string | undefined): Promise<string | undefined> {
    if (proxy === undefined) return undefined;
    try {
      if (toxic !== undefined) return suggest(toxic, (await this.toxics(proxy)).map(({ name }) => name));
      return suggest(proxy, Object.keys(await this.proxies()));
    } catch {
      return undefined;
    }
  }
}

function firstLine(text: string): string | undefined {
  const line = text.trim().split("\n")[0] ?? "";
  return line === "" ? undefined : line.length > 200 ? `${line.slice(0, 200)}…` : line;
}
