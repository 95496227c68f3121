import { z } from "zod";
import type { Correlate, LaneName, Proxy } from "../../model/experiment.ts";

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

/** `host:port`, `[::1]:0`, or `:port` on the loopback. */
const listenSchema = z.string().transform((text, context) => {
  const parts = /^(\[[0-9a-fA-F:.]+\]|[^:[\]\s]*):(\d{1,5})$/.exec(text);
  const port = Number(parts?.[2]);
  if (parts !== null && port <= 65_535) return { host: (parts[1] ?? "").replaceAll(/[[\]]/g, "") || "127.0.0.1", port };
  context.addIssue({ code: "custom", message: `expected host:port like "127.0.0.1:0", got "${text}"` });
  return z.NEVER;
});

const lanes: Readonly<Record<string, LaneName>> = { http: "http1", tcp: "tcp" };

/** How bytes are framed, from what upstream is; absent when it cannot be told. */
function laneOf(upstream: string): LaneName | undefined {
  return /^\$\{services\.[^}]+\.url\}/.test(upstream) ? "http1" : lanes[schemeOf(upstream) ?? ""];
}

function schemeOf(upstream: string): string | undefined {
  return /^([a-z][a-z0-9+.-]*):\/\//i.exec(upstream)?.[1]?.toLowerCase();
}

function noLane(upstream: string): string {
  const scheme = schemeOf(upstream);
  if (scheme === undefined) return `expected a URL such as "http://127.0.0.1:8080" or "tcp://127.0.0.1:5432", got "${upstream}": write what it speaks, http:// or tcp://`;
  const known = ["https", "tls", "h2c", "grpc", "unix"].includes(scheme);
  return `${known ? `${scheme}:// upstreams are not supported yet` : `unknown scheme ${scheme}://`}: expected http:// or tcp://, got "${upstream}"${known && scheme !== "unix" ? "; tcp:// passes its bytes on unseen" : ""}`;
}

function addressProblem(upstream: string, lane: LaneName): string | undefined {
  const rest = upstream.replace(/^\$\{services\.[^}]+\.url\}|^[a-z]+:\/\//i, "");
  const parts = /^((?:\[[^\]]+\]|\$\{[^}]+\}|[^:/?#@[\]\s])*)(:(?:\d+|\$\{[^}]+\}))?(\/.*)?$/.exec(rest);
  if (parts === null) return `expected host and port after the scheme, got "${upstream}"`;
  if ((parts[3] ?? "/") !== "/") return `expected an upstream without a path, got "${parts[3] ?? ""}" in "${upstream}": the caller's path is passed on as it is`;
  if (rest.length === upstream.length || upstream.startsWith("${")) return undefined;
  if (parts[1] === "") return `expected a host after the scheme, got "${upstream}"`;
  return lane === "tcp" && parts[2] === undefined ? `expected a port, as in "tcp://127.0.0.1:5432", got "${upstream}"` : undefined;
}

/** A dependency edge, without its name. */
export const proxySchema = z.strictObject({
  upstream: z.string().min(1).meta({ description: 'what stands behind it: http://host:port, tcp://host:port, or "${services.NAME.url}"' }),
  listen: listenSchema.prefault("127.0.0.1:0").meta({ description: "host:port; port 0 = any free one, which ${proxies.NAME.url|host|port} tells" }),
  host: z.enum(["keep", "upstream"]).default("keep").meta({ description: "the Host header that upstream sees: the caller's, or its own" }),
  advertise: z.string().min(1).optional().meta({ description: "the host that ${proxies.NAME.url} says, when listening elsewhere than on the loopback" }),
  callers: z.int().min(1).optional().meta({ description: "replicas of the caller that the run does not start" }),
  correlate: correlateSchema.prefault("trace").meta({ description: "where a request's id comes out: trace, { header }, { json: pointer }, { path: \"/orders/{}\" }, serial, none" }),
}).transform(({ upstream, listen, host, advertise, callers, correlate }, context): Omit<Proxy, "name"> => {
  const lane = laneOf(upstream);
  const problem = lane === undefined ? noLane(upstream) : addressProblem(upstream, lane);
  if (problem !== undefined) context.addIssue({ code: "custom", message: problem, path: ["upstream"] });
  return { upstream, lane: lane ?? "tcp", listen, host, ...(advertise === undefined ? {} : { advertise }), ...(callers === undefined ? {} : { callers }), correlate };
});
