import { z } from "zod";
import type { Correlate, LaneName, Proxy } from "../../model/experiment.ts";
import { listenSchema, unixPath } from "./endpoint.ts";
import { forward, hostsSchema, throughProblems } from "./forward.ts";
import { limitsBeyond, limitsSchema } from "./limits.ts";
import { name } from "./names.ts";
import { isSchemeOnly, remoteFields, remoteOf, remoteProblems } from "./remote.ts";
import { listenerTlsSchema, upstreamTlsSchema } from "./tls.ts";

const correlateSchema = z.union([
  z.enum(["trace", "serial", "none"]),
  z.strictObject({ header: z.string().min(1) }),
  z.strictObject({ json: z.string().min(1) }),
  z.strictObject({ path: z.string().includes("{}", "expected a path with {} where the id stands") }),
]).transform((given): Correlate => {
  if (typeof given === "string") return { by: given };
  if ("header" in given) return { by: "header", header: given.header.toLowerCase() };
  return "json" in given ? { by: "json", path: given.json } : { by: "path", template: given.path };
});

const lanes: Readonly<Record<string, LaneName>> = { http: "http1", https: "http1", "http+unix": "http1", h2c: "http2", h2: "http2", grpc: "http2", grpcs: "http2", tcp: "tcp", tls: "tcp", unix: "tcp" };
/** Schemes of what is spoken to over TLS. */
const securedSchemes = ["https", "h2", "grpcs", "tls"];

/** How bytes are framed, from what upstream is; absent when it cannot be told. */
function laneOf(upstream: string): LaneName | undefined {
  if (upstream === forward) return "http1";
  return /^\$\{services\.[^}]+\.url\}/.test(upstream) ? "http1" : lanes[schemeOf(upstream) ?? ""];
}

function schemeOf(upstream: string): string | undefined {
  return /^([a-z][a-z0-9+.-]*):\/\/|^((?:http\+)?unix):/i.exec(upstream)?.slice(1).find((scheme) => scheme !== undefined)?.toLowerCase();
}

const spoken = "http://, https://, grpc://, grpcs://, h2c://, h2://, tcp://, tls:// or unix:";

function noLane(upstream: string): string {
  const scheme = schemeOf(upstream);
  if (scheme === undefined) return `expected a URL such as "http://127.0.0.1:8080" or "tcp://127.0.0.1:5432", got "${upstream}": write what it speaks, ${spoken}; or forward, when its callers name the host`;
  return `unknown scheme ${scheme}://: expected ${spoken}, got "${upstream}"`;
}

function addressProblem(upstream: string, lane: LaneName, isRemote: boolean): string | undefined {
  if (upstream === forward || unixPath(upstream) !== undefined) return undefined;
  if (/^(http\+)?unix:/i.test(upstream)) return `expected the path of the socket as it is, like "unix:/run/payments.sock" or "http+unix:/run/payments.sock", got "${upstream}"`;
  if (isRemote && isSchemeOnly(upstream)) return undefined;
  const rest = upstream.replace(/^\$\{services\.[^}]+\.url\}|^[a-z][a-z0-9]*:\/\//i, "");
  const parts = /^((?:\[[^\]]+\]|\$\{[^}]+\}|[^:/?#@[\]\s])*)(:(?:\d+|\$\{[^}]+\}))?(\/.*)?$/.exec(rest);
  if (parts === null) return `expected host and port after the scheme, got "${upstream}"`;
  if ((parts[3] ?? "/") !== "/") return `expected an upstream without a path, got "${parts[3] ?? ""}" in "${upstream}": the caller's path is passed on as it is`;
  if (rest.length === upstream.length || upstream.startsWith("${")) return undefined;
  if (parts[1] === "") return `expected a host after the scheme, got "${upstream}"`;
  const hasDefault = /^https?:/i.test(upstream);
  return !hasDefault && parts[2] === undefined ? `expected a port, as in "${lane === "tcp" ? "tcp://127.0.0.1:5432" : "grpc://127.0.0.1:50051"}", got "${upstream}"` : undefined;
}

/** A dependency edge, without its name. */
export const proxySchema = z.strictObject({
  upstream: z.string().min(1).optional().meta({ description: 'what stands behind it: http:// or https://host:port, grpc:// or grpcs://host:port, h2c:// or h2://host:port (HTTP/2), tcp:// or tls://host:port, unix:/path or http+unix:/path, or "${services.NAME.url}"; forward: any host that callers name (HTTP_PROXY, CONNECT); with remote: how its listener is reached, or a scheme alone (http://, the default, or tcp://), and its control API is asked' }),
  ...remoteFields,
  hosts: hostsSchema.optional().meta({ description: 'upstream: forward only: the hosts that callers may name, such as [api.example.com, "*.internal", 127.0.0.1:9000], beside those that other edges go through it to; default: any. Those beyond this machine need --allow-host too' }),
  through: name.optional().meta({ description: "a forward proxy: what it is told to call at upstream's host and port is on this edge" }),
  upstreamTls: upstreamTlsSchema.optional().meta({ description: "https://, grpcs://, h2:// and tls:// upstreams: whom to trust (ca, servername, insecure), and as whom to come (cert, key)" }),
  listen: listenSchema.prefault("127.0.0.1:0").meta({ description: "host:port; port 0 = any free one, which ${proxies.NAME.url|host|port} tells; or unix:/path, which ${proxies.NAME.path} tells" }),
  tls: listenerTlsSchema.optional().meta({ description: "callers speak TLS: generated, { cert, key }, or { ca, caKey } to sign by; names: what else the certificate is for" }),
  host: z.enum(["keep", "upstream"]).optional().meta({ description: "the Host header that upstream sees: the caller's, or its own; default keep, upstream for https://, grpcs:// and h2://" }),
  advertise: z.string().min(1).optional().meta({ description: "the host that ${proxies.NAME.url} says, when listening elsewhere than on the loopback" }),
  callers: z.int().min(1).optional().meta({ description: "replicas of the caller that the run does not start" }),
  precise: z.boolean().default(false).meta({ description: "true: the last 2 ms of every delay are waited for awake, at the cost of up to a core: delays are exact to some 0.1 ms" }),
  workers: z.int().min(1).max(16).default(1).meta({ description: "threads that share its connections out, for loads beyond one processor core (Node 22.12 or newer, Linux or FreeBSD): they do not count together, so its faults may have a rate, but no first, every or attempt" }),
  correlate: correlateSchema.prefault("trace").meta({ description: "where a request's id comes out: trace, { header }, { json: pointer }, { path: \"/orders/{}\" }, serial, none" }),
  limits: limitsSchema.optional().meta({ description: "what it takes before it refuses callers or makes them wait: { connections, buffer, head, headers, headTimeout, idleTimeout, pipelined }" }),
}).meta({ allOf: [{ anyOf: [{ required: ["upstream"] }, { required: ["remote"] }] }] }).transform(({ upstream: written, remote, name: remoteName, token, witness, hosts, through, upstreamTls, listen, tls, host, advertise, callers, precise, workers, correlate, limits }, context): Omit<Proxy, "name"> => {
  if (written === undefined && remote === undefined) {
    context.addIssue({ code: "invalid_type", expected: "string", input: written, path: ["upstream"] });
    return z.NEVER;
  }
  const upstream = written ?? "http://";
  const lane = laneOf(upstream);
  const problem = upstream === forward && remote !== undefined ? "expected no upstream: forward with remote: the remote proxy has one upstream of its own" : lane === undefined ? noLane(upstream) : addressProblem(upstream, lane, remote !== undefined);
  for (const { key, message } of remoteProblems({ name: remoteName, token, witness, hosts, through, upstreamTls, listen, tls, host, advertise, callers, limits, ...(precise && { precise }), ...(workers > 1 && { workers }) }, remote)) context.addIssue({ code: "custom", message, path: [key] });
  if (problem !== undefined) context.addIssue({ code: "custom", message: problem, path: ["upstream"] });
  const scheme = schemeOf(upstream) ?? "";
  const isSecured = securedSchemes.includes(scheme);
  if (upstreamTls !== undefined && !isSecured) context.addIssue({ code: "custom", message: `expected an https://, grpcs://, h2:// or tls:// upstream with upstreamTls, got "${upstream}"`, path: ["upstreamTls"] });
  const isForward = upstream === forward;
  if (hosts !== undefined && !isForward) context.addIssue({ code: "custom", message: `expected upstream: forward with hosts, got "${upstream}"`, path: ["hosts"] });
  if (host === "upstream" && isForward) context.addIssue({ code: "custom", message: "expected no host: upstream with upstream: forward: Host always says what the caller named", path: ["host"] });
  for (const { key, spoken } of limitsBeyond({ lane: lane ?? "http1", tls: tls !== undefined }, limits ?? {})) context.addIssue({ code: "custom", message: `expected only where ${spoken} is spoken, got it with the upstream ${upstream}: leave it out`, path: ["limits", key] });
  if (through !== undefined) for (const { key, message } of throughProblems({ upstream, hosts, upstreamTls, listen, tls, host, advertise, callers, limits, ...(precise && { precise }), ...(workers > 1 && { workers }) }, through)) context.addIssue({ code: "custom", message, path: [key] });
  return {
    upstream, ...(remote === undefined ? {} : { remote: remoteOf({ remote, name: remoteName, token, witness }) }), ...(through === undefined ? {} : { through }), lane: lane ?? "tcp", ...(isForward ? { forward: hosts === undefined ? {} : { hosts } } : {}), ...(isSecured ? { upstreamTls: upstreamTls ?? { insecure: false } } : {}), listen, ...(tls === undefined ? {} : { tls }), host: host ?? (isSecured && lane !== "tcp" ? "upstream" : "keep"),
    ...(advertise === undefined ? {} : { advertise }), ...(callers === undefined ? {} : { callers }), ...(precise && { precise }), ...(workers > 1 && { workers }), correlate, ...(limits === undefined ? {} : { limits }),
  };
});
