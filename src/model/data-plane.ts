import type { Correlate, Fault, LaneName } from "./experiment.ts";
import type { Endpoint } from "./endpoint.ts";
import type { WitnessRecord } from "./event.ts";
import type { ProxyLimits } from "./limits.ts";
import type { ServerTls, UpstreamTls } from "./tls.ts";

/** One proxy as the data plane is to serve it; nothing in it is a template. */
export interface ProxyConfig {
  readonly name: string;
  readonly lane: LaneName;
  readonly upstream: Endpoint;
  /** Each request names the host that it is for: `upstream` is not dialled. */
  readonly forward?: ForwardConfig;
  /** The forward proxy by which its calls come: those for the host and port of `upstream`. */
  readonly through?: string;
  /** Upstream is spoken to over TLS. */
  readonly upstreamTls?: UpstreamTls;
  /** Callers speak TLS. */
  readonly tls?: ServerTls;
  /** How callers' connections end where upstream cannot be reached, for bytes; default `rst`. */
  readonly unreachable?: "fin";
  /** What is not limited here has its default. */
  readonly limits?: Partial<ProxyLimits>;
  readonly host: "keep" | "upstream";
  /** Timers are waited for awake, at the cost of processor time. */
  readonly precise?: boolean;
  /** Data planes that listen on its addresses, above 1: each is given some of its connections. Only the first is given port 0. */
  readonly workers?: number;
  readonly correlate: Correlate;
  readonly listeners: readonly (Endpoint & { readonly caller: string })[];
}

/** Which hosts a forward proxy passes calls on to. */
export interface ForwardConfig {
  /** `host` or `host:port`, `*` for any part of a name; absent: any. */
  readonly hosts?: readonly string[];
  /** Those beyond this machine that may be called. */
  readonly allowHosts: readonly string[];
}

export interface DataPlaneConfig {
  readonly seed: string;
  /** First half of this run's trace ids, 16 hex digits. */
  readonly tracePrefix: string;
  readonly proxies: readonly ProxyConfig[];
  /** Which of those it is that serve the run together: connections are numbered by all. Absent: it is alone. */
  readonly share?: Share;
}

/** One of several data planes that know nothing of each other; `index` from 0. */
export interface Share {
  readonly index: number;
  readonly of: number;
}

/** To the data plane. Each request is answered by the reply with the same id. Plain data. */
export type DataPlaneRequest =
  | { readonly kind: "start"; readonly id: number; readonly config: DataPlaneConfig }
  /**
   * The whole list of faults, at once; windows count from `sinceMs`, absent: from the moment it is carried out. An empty list lifts:
   * no new decision, delays run out, what hangs is reset; with `release` delays end at once too.
   */
  | { readonly kind: "set-faults"; readonly id: number; readonly epoch: number; readonly faults: readonly Fault[]; readonly release: boolean; readonly sinceMs?: number }
  /** One proxy more, with the faults that are in force on it from its first connection on. Its fates depend on its name, and on nothing that befalls other proxies. */
  | { readonly kind: "open-proxy"; readonly id: number; readonly config: ProxyConfig; readonly faults: readonly Fault[] }
  /** Its connections end (FIN), its listeners close; answered when they have, whatever its connections still do. */
  | { readonly kind: "close-proxy"; readonly id: number; readonly proxy: string }
  /**
   * The whole list of one proxy's faults, in order. One that is as before keeps its counters, its clock and its hold of connections; one of the same name
   * and type that is otherwise changed keeps its place, its draw per connection and what it has counted; the others are taken hold of or let go.
   */
  | { readonly kind: "change-faults"; readonly id: number; readonly proxy: string; readonly faults: readonly Fault[] }
  /** How many connections are open; answered at once, whatever else is being carried out. */
  | { readonly kind: "count-connections"; readonly id: number }
  /** Every connection is ended, every open exchange recorded as `open`, every listener closed. */
  | { readonly kind: "stop"; readonly id: number };

/** What was bound to, with the ports that were got. */
export type Listening = readonly (Endpoint & { readonly proxy: string; readonly caller: string })[];

/** From the data plane. */
export type DataPlaneMessage =
  | { readonly kind: "started"; readonly id: number; readonly listening: Listening }
  | { readonly kind: "opened"; readonly id: number; readonly listening: Listening }
  | { readonly kind: "closed"; readonly id: number }
  | { readonly kind: "faults-set"; readonly id: number; readonly atMs: number }
  | { readonly kind: "connections"; readonly id: number; readonly open: readonly { readonly proxy: string; readonly connections: number }[] }
  | { readonly kind: "stopped"; readonly id: number }
  | { readonly kind: "failed"; readonly id: number; readonly code: string; readonly message: string; readonly hint?: string }
  /** It ended by itself: nothing listens and no fault is in force since `atMs`, and no request is answered any more. */
  | { readonly kind: "died"; readonly atMs: number; readonly code: string; readonly message: string; readonly hint?: string; readonly stack?: string }
  | { readonly kind: "records"; readonly records: readonly WitnessRecord[] };

/** The border: all that the rest of the program knows of the data plane. */
export interface DataPlane {
  send(request: DataPlaneRequest): void;
  onMessage(listener: (message: DataPlaneMessage) => void): void;
}
