import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import type { Env } from "../model/env.ts";
import { ChaosError } from "../model/error.ts";
import type { WitnessRecord } from "../model/event.ts";
import { LocalEngine, readProxy, readToxic } from "../engines/index.ts";
import type { RemoteProxy, RemoteToxic } from "../engines/index.ts";
import type { FileProxies } from "../experiment/index.ts";
import { ApiError, Control, startApiServer, WitnessLog } from "../proxy/api/index.ts";
import type { ControlEvent, Switchboard } from "../proxy/api/index.ts";
import { openDataPlane } from "../proxy/index.ts";
import { ServedTls } from "./served-tls.ts";
import { createSystemEnv } from "./system-env.ts";
import { toolVersion } from "./tool-version.ts";
import { Undo } from "./undo.ts";

const endWithinMs = 100;

export interface ServeProxyOptions {
  /** Of the control API: an address of this machine or a name of one, and a port; 0: any free one. */
  readonly host: string;
  readonly port: number;
  /** The same seed gives the same fates. */
  readonly seed: string;
  /** Asked for with every request. */
  readonly token?: string;
  /** Not bound to the loopback it may be without a token. */
  readonly open?: boolean;
  /** Names by which it may be called, besides addresses and names without dots. */
  readonly hosts?: readonly string[];
  /** To begin with. */
  readonly proxies?: FileProxies;
  /** What their paths are relative to. Default: the current folder. */
  readonly baseDir?: string;
  /** Hosts beside this machine that proxies in forward mode may be told to call. */
  readonly allowHosts?: readonly string[];
  /** Told what has changed, once it is carried out. */
  readonly onChange?: (change: ServedChange) => void;
  /** Told of what proxies cannot do or do not understand, such as a certificate that is not trusted: once of each kind on a proxy as it is. */
  readonly onIssue?: (issue: ServedIssue) => void;
  /** Told when nothing is served any more though nobody asked for it. */
  readonly onDeath?: (error: ChaosError) => void;
}

export interface ServedIssue {
  readonly proxy: string;
  /** Its kind. */
  readonly code: string;
  readonly message: string;
}

/** What has changed, and how it is `now`; absent: gone. `withToxics`: its toxics have changed with it. */
export type ServedChange =
  | (Extract<ControlEvent, { kind: "toxic" }> & { readonly now?: RemoteToxic })
  | (Extract<ControlEvent, { kind: "proxy" }> & { readonly now?: RemoteProxy; readonly withToxics: boolean });

export interface ServedProxies {
  /** Of the control API. */
  readonly url: string;
  readonly seed: string;
  /** What is worth a line at start. */
  readonly notice?: string;
  /** Path of the PEM file of the authority that signed what callers are shown; absent: none of the proxies has such a certificate. */
  authority(): Promise<string | undefined>;
  proxies(): readonly RemoteProxy[];
  /** What the file of proxies says now: all of it, or nothing of it and a ChaosError. Proxies that are not of the file stay. */
  replace(proxies: FileProxies): Promise<void>;
  /** Connections are ended, ports released. */
  close(): Promise<void>;
}

/**
 * Serves proxies and the control API by which they and their toxics are changed, until it is closed.
 * Throws ChaosError `api-exposed`, `bad-token`, `port-taken`, `listen-failed`, or what the proxies themselves meet; then nothing listens.
 */
export async function serveProxy(options: ServeProxyOptions): Promise<ServedProxies> {
  const { host, port, seed, token, open, hosts = [], proxies, baseDir = process.cwd(), allowHosts = [], onChange = () => undefined, onIssue = () => undefined, onDeath } = options;
  const startNs = process.hrtime.bigint();
  const env = createSystemEnv(startNs);
  const log = new WitnessLog(env);
  const issues = new Issues(onIssue);
  const undo = new Undo();
  let isServing = false;
  let isClosing = false;
  const engine = new LocalEngine(openDataPlane({ env, startNs }), (records) => {
    log.add(records);
    issues.add(records);
  }, (error) => {
    if (!isClosing) onDeath?.(error);
  });
  undo.add("proxies", () => engine.stop());
  const control = new Control(switchboardOf(engine), { env, allowHosts, onEvent: (event) => {
    log.tell(event);
    if (event.kind === "proxy") issues.forget(event.proxy);
    // What is there at start is told by `proxies`; what the end of all takes away is no news.
    const change = news.of(event);
    if (isServing && !isClosing && change !== undefined) onChange(change);
  } });
  const news = new News(control);
  const close = async (): Promise<void> => {
    isClosing = true;
    const left = await undo.all();
    if (left.length > 0) throw new ChaosError("not-closed", `expected everything to be closed, but not: ${left.join("; ")}`);
  };
  const tls = new ServedTls(baseDir);
  undo.add("certificates", () => tls.remove());
  const replace = async (files: FileProxies): Promise<void> => control.replaceFile(placed(files, baseDir), await tls.textsOf(files.map(({ edge }) => edge.proxy)));
  try {
    await engine.start({ seed, tracePrefix: randomBytes(8).toString("hex"), proxies: [] });
    undo.add("connections", () => endConnections(engine, control, env));
    undo.add("leases", async () => control.stop());
    if (proxies !== undefined) await replace(proxies);
    const server = await startApiServer({ host, port, token, open, hosts, control, log, version: toolVersion(), openConnections: () => engine.openConnections() });
    undo.add("control API", () => server.close());
    isServing = true;
    return {
      url: `http://${server.address.host.includes(":") ? `[${server.address.host}]` : server.address.host}:${server.address.port}`,
      seed,
      ...(server.notice === undefined ? {} : { notice: server.notice }),
      proxies: () => [...control.list().values()].map(readProxy),
      authority: () => tls.authorityPath(),
      replace: (again) => replace(again).catch(rethrow),
      close,
    };
  } catch (error) {
    await close();
    return rethrow(error);
  }
}

/** Ends every connection by FIN, and leaves the callers a moment to take it: what is unread when a socket is closed makes a reset of it. */
async function endConnections(engine: LocalEngine, control: Control, env: Env): Promise<void> {
  const open = [...control.list()].flatMap(([name, { enabled }]) => (enabled === true ? [name] : []));
  await Promise.allSettled(open.map((name) => engine.closeProxy(name)));
  if (open.length > 0) await new Promise<void>((resolved) => void env.after(endWithinMs, resolved));
}

/** A file's relative paths of sockets lead from where it lies. */
function placed(files: FileProxies, baseDir: string): FileProxies {
  return files.map((one) => (one.edge.upstream.path === undefined ? one : { ...one, edge: { ...one.edge, upstream: { path: resolve(baseDir, one.edge.upstream.path) } } }));
}

function switchboardOf(engine: LocalEngine): Switchboard {
  return {
    open: (config, faults) => engine.openProxy(config, faults),
    close: (proxy) => engine.closeProxy(proxy),
    change: async (proxy, faults) => void await engine.changeFaults(proxy, faults),
  };
}

/** Tells issues of the witness once of each kind: some come with every connection. */
class Issues {
  readonly #told = new Map<string, Set<string>>();
  readonly #onIssue: (issue: ServedIssue) => void;

  constructor(onIssue: (issue: ServedIssue) => void) {
    this.#onIssue = onIssue;
  }

  add(records: readonly WitnessRecord[]): void {
    for (const record of records) {
      if (record.kind !== "witness-issue") continue;
      const { proxy, code, message } = record;
      const told = this.#told.get(proxy) ?? new Set();
      if (told.has(code)) continue;
      this.#told.set(proxy, told.add(code));
      this.#onIssue({ proxy, code, message });
    }
  }

  /** The proxy has changed: what is told of it is news again. */
  forget(proxy: string): void {
    this.#told.delete(proxy);
  }
}

/** Tells of an event what is new in it: a file that is taken over names every proxy of it. */
class News {
  readonly #control: Control;
  /** What each proxy was when it was last spoken of, and its toxics. */
  readonly #last = new Map<string, { readonly itself: string; readonly toxics: string }>();

  constructor(control: Control) {
    this.#control = control;
  }

  /** Absent: nothing is. */
  of(event: ControlEvent): ServedChange | undefined {
    const { proxy, change } = event;
    const before = this.#last.get(proxy);
    if (event.kind === "proxy" && event.change === "removed") {
      this.#last.delete(proxy);
      return { ...event, withToxics: false };
    }
    const now = readProxy(this.#control.proxy(proxy));
    const { ttl: _lease, toxics, ...itself } = now;
    const last = { itself: JSON.stringify(itself), toxics: JSON.stringify(toxics.map(({ ttl: _ttl, ...toxic }) => toxic)) };
    this.#last.set(proxy, last);
    if (event.kind === "toxic") return change === "removed" || change === "expired" ? event : { ...event, now: readToxic(this.#control.toxic(proxy, event.toxic)) };
    const withToxics = last.toxics !== (before?.toxics ?? "[]");
    return event.change === "updated" && last.itself === before?.itself && !withToxics ? undefined : { ...event, now, withToxics };
  }
}

/** What is told to clients by a status is told here by the reason behind it. */
function rethrow(error: unknown): never {
  if (!(error instanceof ApiError)) throw error;
  const reason = reasonOf(error);
  if (reason !== undefined) throw reason;
  throw new ChaosError("listen-failed", error.message, { hint: "give the proxy another address in listen", cause: error });
}

function reasonOf(error: unknown): ChaosError | undefined {
  if (error instanceof ChaosError) return error;
  return error instanceof Error ? reasonOf(error.cause) : undefined;
}
