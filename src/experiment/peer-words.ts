import type { Json } from "../model/json.ts";
import { format } from "../units/format.ts";

/** Words of Toxiproxy, Istio, Chaos Mesh, Gremlin, k6, WireMock and others, and what is written here instead. */

const shown = (value: Json): string => (typeof value === "object" ? "…" : String(value));
const share = (value: Json): string => (typeof value === "number" ? `rate: ${format("share", value > 1 ? value / 100 : value)}` : "rate: 20%");
const time = (key: string) => (value: Json): string => `${key}: ${typeof value === "number" ? format("duration", value) : typeof value === "string" ? value : "1s"}`;
const same = (key: string) => (value: Json): string => `${key}: ${shown(value)}`;
const seconds = (key: string) => (value: Json): string => `${key}: ${typeof value === "number" ? `${value}s` : typeof value === "string" ? value : "10s"}`;
const perSecond = (key: string) => (value: Json): string => `${key}: ${typeof value === "number" ? `${value}/s` : "25/s"}`;

const directions: Readonly<Record<string, string>> = { upstream: "request", downstream: "response" };

/** Key in lower case without separators → what to write. */
const everywhere: Readonly<Record<string, (value: Json) => string>> = {
  timeoutms: time("timeout"),
  statuscode: same("status"),
  id: same("name"),
};

const ofFaults: Readonly<Record<string, (value: Json) => string>> = {
  toxicity: share, probability: share, errorrate: share, percentage: share, percent: share, failurerate: share, failratio: share, chance: share, likelihood: share,
  latency: time("delay"), latencyms: time("delay"), delayms: time("delay"), fixeddelay: time("delay"), fixeddelayms: time("delay"), duration: seconds("for"), durationms: time("for"), length: seconds("for"),
  jitterms: time("jitter"), deviation: time("jitter"), start: seconds("from"), startafter: seconds("from"), offset: seconds("from"),
  httpstatus: same("status"), code: same("status"), stream: (value) => `direction: ${directions[shown(value)] ?? "response"}`,
  target: same("proxy"), upstream: same("proxy"), toxic: same("type"), kind: same("type"), fault: same("type"), filter: () => "match: { … }", route: () => "match: { path: … }", path: (value) => `match: { path: ${shown(value)} }`, method: (value) => `match: { method: ${shown(value)} }`,
  headers: () => "match: { headers: … }", attributes: () => "its parameters, directly in the fault", params: () => "its parameters, directly in the fault", args: () => "its parameters, directly in the fault",
  burst: same("burstLength"), burstsize: same("burstLength"), silence: same("afterSilence"), idle: same("afterSilence"), interval: same("every"), times: same("first"), count: same("first"), max: same("first"), limit: same("first"), skip: same("after"),
  patch: () => "json: { /a/pointer: value }, or headers: { name: value }", replace: () => "status, headers or body, directly in the fault", remove: () => "removeJson: [/a/pointer], or headers: { name: null }", replies: same("copies"), duplicates: same("copies"), maxage: time("age"), ttl: time("age"),
};

const ofProbes: Readonly<Record<string, (value: Json) => string>> = {
  rps: perSecond("load"), qps: perSecond("load"), rate: (value) => `load: ${typeof value === "number" ? `${value}/s` : typeof value === "string" ? value : "25/s"}`, interval: () => "load: 10/s", vus: perSecond("load"), every: () => "load: 10/s",
  uri: same("url"), endpoint: same("url"), address: same("url"), target: same("url"), verb: same("method"), status: (value) => `expect: { status: ${shown(value)} }`, expectedstatus: (value) => `expect: { status: ${shown(value)} }`,
  payload: same("json"), data: same("json"), tolerance: () => "expect: { … }", cmd: same("command"), fallback: () => "degraded: { … }",
};

const ofProxies: Readonly<Record<string, (value: Json) => string>> = {
  target: same("upstream"), address: same("upstream"), url: same("upstream"), to: same("upstream"), port: (value) => `listen: 127.0.0.1:${shown(value)}`, bind: same("listen"), toxics: () => "faults: at the top level, with proxy: …",
};

const ofServices: Readonly<Record<string, (value: Json) => string>> = {
  cmd: same("command"), run: same("command"), exec: same("command"), environment: () => "env: { … }", healthcheck: () => 'ready: { http: "…" }', readiness: () => 'ready: { http: "…" }', scale: same("replicas"), instances: same("replicas"), workdir: same("cwd"), dir: same("cwd"),
};

const atTop: Readonly<Record<string, (value: Json) => string>> = {
  name: same("title"), steadystatehypothesis: () => "steadyState: [{ probe: …, success: \">= 99%\" }]", steadystates: () => "steadyState:", experiment: () => "its content at the top level", contributions: () => "tags:", variables: () => "vars:", duration: seconds("maxDuration"), rollbacks: () => "nothing: everything is undone by itself", toxics: () => "faults:",
};

const bySection: Readonly<Record<string, Readonly<Record<string, (value: Json) => string>>>> = { faults: ofFaults, probes: ofProbes, proxies: ofProxies, services: ofServices, "": atTop };

/** What to write instead of a key of another tool, such as `rate: 20%` for `toxicity: 0.2`; absent when the key is of none. */
export function peerKey(section: string, key: string, value: Json): string | undefined {
  const plain = key.toLowerCase().replaceAll(/[-_]/g, "");
  const word = bySection[section]?.[plain] ?? everywhere[plain];
  return word?.(value);
}

const faultWords: Readonly<Record<string, string>> = {
  delay: "latency", slow: "latency", lag: "latency", abort: "error", httperror: "error", httpabort: "error", fail: "error", failure: "error", status: "error", exception: "error", unavailable: "error",
  resetpeer: "reset", connectionreset: "reset", rst: "reset", timeout: "hang", freeze: "hang", stall: "hang", close: "drop", disconnect: "drop", emptyresponse: "drop", refuse: "down", disable: "down", disabled: "down", unreachable: "down", outage: "down", partition: "down",
  drip: "slow-body", trickle: "slow-body", chunkeddribble: "slow-body", cut: "truncate", partial: "truncate", partialresponse: "truncate", bitflip: "corrupt", corruption: "corrupt", garbage: "malformed", malformedresponsechunk: "malformed", randomdatathenclose: "malformed", invalidresponse: "malformed",
  modify: "rewrite", mutate: "rewrite", transform: "rewrite", tamper: "rewrite", patch: "rewrite", replace: "rewrite", override: "rewrite", httpreplace: "rewrite", httppatch: "rewrite",
  cache: "stale", cached: "stale", staleread: "stale", stalecache: "stale", staledata: "stale", replicalag: "stale", dup: "duplicate", duplication: "duplicate", repeat: "duplicate", resend: "duplicate", redeliver: "duplicate",
  quota: "rate-limit", toomanyrequests: "rate-limit",
  throttle: "bandwidth", throttling: "bandwidth", loss: "packet-loss", networkloss: "packet-loss", packetloss: "packet-loss", slowclose: "slow-close", limitdata: "limit-data", slice: "slicer", halfopen: "half-open", maxconnections: "connection-limit",
};

const hypothesisWords: Readonly<Record<string, string>> = {
  breaker: "circuit-breaker", retries: "retry", timeouts: "timeout", healthcheck: "health-check", readiness: "health-check", degradation: "fallback", gracefuldegradation: "fallback", slo: "claim", availability: "claim", latency: "claim", sla: "claim",
};

const probeWords: Readonly<Record<string, string>> = { https: "http", rest: "http", get: "http", socket: "tcp", port: "tcp", exec: "command", shell: "command", process: "command", script: "command" };

const typeWords: Readonly<Record<string, Readonly<Record<string, string>>>> = { fault: faultWords, hypothesis: hypothesisWords, probe: probeWords };

/** The type that is meant by another tool's word, where there is one. */
export function peerType(kind: "fault" | "hypothesis" | "probe", word: string): string | undefined {
  return typeWords[kind]?.[word.toLowerCase().replaceAll(/[-_\s]/g, "")];
}
