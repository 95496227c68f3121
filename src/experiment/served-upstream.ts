import type { Endpoint } from "../model/endpoint.ts";
import type { Proxy } from "../model/experiment.ts";
import type { Json, JsonObject } from "../model/json.ts";
import { check } from "./check.ts";
import type { Report } from "./finding.ts";
import { upstreamEndpoint } from "./schema/endpoint.ts";
import { forward } from "./schema/forward.ts";
import { proxySchema } from "./schema/proxy.ts";
import type { Path } from "./yaml-source.ts";

/** A proxy that is served by itself, without a run: nothing in it is a template. */
export interface ServedEdge {
  readonly proxy: Proxy;
  /** What is dialled. */
  readonly upstream: Endpoint;
}

/** What nobody answers at. */
const nowhere = { host: "127.0.0.1", port: 0 } as const;

/**
 * An edge whose `upstream` is written as in an experiment, or as Toxiproxy has it: `host:port`, for bytes.
 * As there, a text of the latter form that says no address is found out when it is dialled. Everything else that is wrong is reported; absent then.
 */
export function readServedEdge(name: string, given: JsonObject, path: Path, report: Report): ServedEdge | undefined {
  const written: Json = given["upstream"] ?? null;
  const bytes = typeof written === "string" && !/^[a-z][a-z0-9+.-]*:\/\/|^(?:http\+)?unix:/i.test(written) && written !== forward && !written.includes("${") ? hostAndPort(written) : undefined;
  const asUrl = bytes === undefined ? given : { ...given, upstream: `tcp://${urlHost(bytes.host)}:${bytes.port}` };
  const edge = check(proxySchema, asUrl, { path, section: "proxies" }, report);
  if (edge === undefined) return undefined;
  const upstream = bytes ?? (edge.forward === undefined ? upstreamEndpoint(edge.upstream) : nowhere);
  if (upstream === undefined) {
    report({ code: "bad-value", message: `upstream: expected host and port, got "${edge.upstream}"`, hint: 'such as "http://127.0.0.1:8080" or "127.0.0.1:5432"', path: [...path, "upstream"] });
    return undefined;
  }
  // Shown, and named in messages, as it was written.
  return { proxy: { name, ...edge, upstream: typeof written === "string" ? written : edge.upstream }, upstream };
}

/** `host:port`, `[::1]:port`, `:port` on this machine. */
function hostAndPort(text: string): { readonly host: string; readonly port: number } {
  const parts = /^(\[[\da-fA-F:.%]+\]|[^:[\]\s]*):(\d{1,5})$/.exec(text);
  const port = Number(parts?.[2] ?? 0);
  if (parts === null || port > 65_535) return nowhere;
  return { host: (parts[1] ?? "").replaceAll(/[[\]]/g, "") || "localhost", port };
}

function urlHost(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
