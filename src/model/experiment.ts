import type { Bound } from "./bound.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Layer } from "./fault-type.ts";
import type { JsonObject } from "./json.ts";
import type { ProxyLimits } from "./limits.ts";
import type { Selection } from "./selection.ts";
import type { Direction } from "./effect.ts";
import type { ListenerTlsChoice, UpstreamTlsChoice } from "./tls.ts";

/**
 * What the author wrote, validated, with every unit parsed and every default filled in.
 * `${vars.…}` and `${env.…}` are replaced; `${secrets.…}`, `${services.…}`, `${proxies.…}` and `${request.…}` still stand in strings ("templates").
 * Paths are as written; `Plan.baseDir` is what they are relative to. JSON-safe.
 */
export interface Experiment {
  readonly version: 1;
  readonly title: string;
  readonly description?: string;
  readonly tags: readonly string[];
  /** Absent when the author gave none: the plan chooses one. */
  readonly seed?: string;
  /** Of held verdicts, 0..1; default 0.99. */
  readonly confidence: number;
  /** Secret name → the environment variable's name and default; values never enter the plan. */
  readonly secrets: Readonly<Record<string, SecretSource>>;
  readonly services: readonly Service[];
  readonly proxies: readonly Proxy[];
  readonly probes: readonly Probe[];
  readonly steadyState: readonly SteadyState[];
  readonly phases: Phases;
  readonly faults: readonly Fault[];
  readonly hypotheses: readonly Hypothesis[];
  readonly guards: readonly Guard[];
  readonly maxDurationMs?: number;
}

export interface SecretSource {
  /** The text as written, such as `${env.API_KEY}`. */
  readonly template: string;
}

/** A process that the run starts, waits for, and always stops with its whole process group. */
export interface Service {
  readonly name: string;
  /** Program and arguments; with `shell` a single shell line. Templates. */
  readonly command: readonly string[];
  readonly shell: boolean;
  /** Absent: the service has no port of ours. */
  readonly port?: "auto" | number;
  readonly cwd?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly ready?: Ready;
  readonly replicas: number;
  /** Between SIGTERM and SIGKILL. */
  readonly stopWithinMs: number;
  /** All its calls are to go through a forward proxy. */
  readonly egress?: Egress;
}

/** A service is told of a forward proxy by the variables that HTTP clients look for: HTTP_PROXY, HTTPS_PROXY, NO_PROXY. */
export interface Egress {
  readonly proxy: string;
  /** Hosts that it calls directly, as NO_PROXY names them. */
  readonly except: readonly string[];
}

export interface Ready {
  readonly kind: "http" | "tcp" | "log";
  /** A URL, a host:port, or text looked for in the output. */
  readonly target: string;
  readonly withinMs: number;
}

/** Where a request's id comes out on a dependency edge. */
export type Correlate =
  | { readonly by: "trace" }
  | { readonly by: "header"; readonly header: string }
  | { readonly by: "json"; readonly path: string }
  | { readonly by: "path"; readonly template: string }
  | { readonly by: "serial" }
  | { readonly by: "none" };

/** How bytes are framed on a dependency edge. */
export type LaneName = "http1" | "http2" | "tcp";

/** A proxy that passes calls on to the hosts that its callers name. */
export interface Forward {
  /** Those that may be named: `host`, `host:port` or a URL, `*` for any part of a name; templates. Absent: any. */
  readonly hosts?: readonly string[];
}

/** A proxy that another server carries out: `chaos proxy`, or Toxiproxy itself. */
export interface Remote {
  /** URL of its control API; template. */
  readonly api: string;
  /** What the proxy is called there. */
  readonly name: string;
  /** For servers that ask for one; template. */
  readonly token?: string;
  /** A proxy of ours stands before it and sees every call; false: callers speak to it by themselves. */
  readonly witness: boolean;
}

/** A dependency edge: faults are injected here and every call is witnessed. */
export interface Proxy {
  readonly name: string;
  /**
   * Template; `http://…`, `https://…`, `tcp://…`, `tls://…`, `unix:…`, `http+unix:…`; `forward`: its callers say.
   * Of a remote one the address by which its listener is reached; a scheme alone (`http://`): its control API is asked for the rest when the run starts.
   */
  readonly upstream: string;
  /** Faults on this edge are carried out by another server, behind the witness. */
  readonly remote?: Remote;
  readonly forward?: Forward;
  /** A forward proxy: what it is told to call at the host and port of `upstream` is on this edge, which has no listener of its own. */
  readonly through?: string;
  readonly lane: LaneName;
  /** Upstream is spoken to over TLS: `https://…`, `tls://…`. */
  readonly upstreamTls?: UpstreamTlsChoice;
  readonly listen: Endpoint;
  /** Callers speak TLS. */
  readonly tls?: ListenerTlsChoice;
  /** The Host header that upstream sees. */
  readonly host: "keep" | "upstream";
  readonly advertise?: string;
  /** Replicas of the caller that the run did not start. */
  readonly callers?: number;
  /** Delays are waited for awake, at the cost of processor time. */
  readonly precise?: boolean;
  /** Threads that share its connections out, above 1. */
  readonly workers?: number;
  readonly correlate: Correlate;
  /** What is not limited here has its default. */
  readonly limits?: Partial<ProxyLimits>;
}

/** The open model: due times are fixed in advance. Rates per second. */
export interface Load {
  readonly kind: "open" | "serial";
  readonly rates: Readonly<Record<PhaseName, number>>;
  /** Rates of equal parts of `during`; replaces `rates.during`. */
  readonly steps?: readonly number[];
  /** Requests at each due time. */
  readonly burst: number;
  readonly arrivals: "even" | "poisson";
  /** Serial only: from an answer to the next request. */
  readonly pauseMs: number;
  /** Cap on unfinished requests. */
  readonly inFlight: number;
  readonly connections: "reuse" | "fresh";
}

/** Asks one question again and again and grades each answer. `params` belong to its type and are validated by it. */
export interface Probe {
  readonly name: string;
  readonly type: string;
  readonly params: JsonObject;
  readonly timeoutMs: number;
  readonly load: Load;
}

export type Metric = "success" | "available" | "p50" | "p95" | "p99" | "max" | "throughput";

export interface MetricClaim {
  readonly metric: Metric;
  /** Shares for success and available, ms for quantiles, per second for throughput. */
  readonly bound: Bound;
}

/** A gate: must hold before the fault (else nothing is injected) and again after it. */
export interface SteadyState {
  readonly probe: string;
  readonly claims: readonly MetricClaim[];
  readonly during: readonly MetricClaim[];
  /** `after` is judged from here on, ms after its start. */
  readonly settleMs: number;
}

export type PhaseName = "warmup" | "before" | "during" | "after";

export interface Phases {
  readonly warmupMs: number;
  readonly beforeMs: number;
  readonly duringMs: number;
  readonly afterMs: number;
  /** How often during and after are run. */
  readonly epochs: number;
}

export interface Fault {
  readonly name: string;
  readonly type: string;
  readonly layer: Layer;
  /** Set for the layers exchange and connection. */
  readonly proxy?: string;
  /** Set for the layer process. */
  readonly service?: string;
  /** Layer process: which replica of it, from 1; absent: all. */
  readonly replica?: number;
  /** Layer process: proxies that have such a process as their upstream, and which replica of it. */
  readonly edges?: readonly { readonly proxy: string; readonly replica: number }[];
  readonly direction: Direction;
  readonly selection: Selection;
  readonly params: JsonObject;
}

export interface Hypothesis {
  readonly name: string;
  readonly type: string;
  /** Names of the faults it speaks of; resolved (default: all on its proxy, else all). */
  readonly faults: readonly string[];
  readonly library?: string;
  readonly epochs?: number;
  /** The epoch is repeated once before it is given as violated. */
  readonly confirm: boolean;
  readonly shapes: readonly string[];
  readonly params: JsonObject;
}

/** A stop condition: not met over the last `overMs` ends injection at once. */
export interface Guard {
  readonly probe: string;
  readonly claims: readonly MetricClaim[];
  readonly overMs: number;
}
