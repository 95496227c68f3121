import { z } from "zod";
import type { LaneName } from "../../model/experiment.ts";
import type { ProxyLimits } from "../../model/limits.ts";
import { quantity } from "../../units/fields.ts";

/** The head of an ordinary request is hardly shorter: one that is to fit into less would be refused, and with it every other. */
const leastHeadBytes = 256;

/** What a proxy takes before it refuses or makes wait; what is left out has its default (proxy/http1/limits.ts, proxy/proxy-server.ts, proxy/tcp/duct.ts). */
export const limitsSchema = z.strictObject({
  connections: z.int().min(1).optional().meta({ description: "client connections open at once, default 10000: further ones are reset at accept, and the report says so" }),
  buffer: quantity("size", { positive: true }).optional().describe("held in each direction of a connection before its sender is made to wait, default 1MiB, on tcp:// proxies 4MiB"),
  head: quantity("size", { min: leastHeadBytes }).optional().describe("HTTP: largest head of a request (a larger one is answered 431) or answer, default 64KiB, at least 256B"),
  headers: z.int().min(1).optional().meta({ description: "HTTP: most header lines of a head, default 2000: a request with more is answered 431" }),
  headTimeout: quantity("duration", { positive: true }).optional().describe("HTTP and TLS: from the first byte of a request head to its last, default 60s: a slower one is answered 408, on HTTP/2 its connection is closed; a TLS handshake, and the preface of HTTP/2, may take as long from the connection's opening"),
  idleTimeout: quantity("duration", { positive: true }).optional().describe("HTTP/1: a connection on which nothing is outstanding and nothing comes for so long is closed; default: never"),
  pipelined: z.int().min(1).optional().meta({ description: "HTTP: unanswered requests on one connection before its client is made to wait, default 128 (HTTP/2: streams, 1024)" }),
}).transform(({ connections, buffer, head, headers, headTimeout, idleTimeout, pipelined }): Partial<ProxyLimits> => ({
  ...(connections === undefined ? {} : { connections }),
  ...(buffer === undefined ? {} : { heldBytes: buffer }),
  ...(head === undefined ? {} : { headBytes: head }),
  ...(headers === undefined ? {} : { headerCount: headers }),
  ...(headTimeout === undefined ? {} : { headMs: headTimeout }),
  ...(idleTimeout === undefined ? {} : { idleMs: idleTimeout }),
  ...(pipelined === undefined ? {} : { inFlight: pipelined }),
}));

/** Limits that are not every lane's, with what must be spoken for them, as they are written. */
const ofSome: Readonly<Partial<Record<keyof ProxyLimits, { readonly key: string; readonly spoken: string; readonly lanes: readonly LaneName[]; readonly overTls?: true }>>> = {
  headBytes: { key: "head", spoken: "HTTP", lanes: ["http1", "http2"] },
  headerCount: { key: "headers", spoken: "HTTP", lanes: ["http1", "http2"] },
  inFlight: { key: "pipelined", spoken: "HTTP", lanes: ["http1", "http2"] },
  headMs: { key: "headTimeout", spoken: "HTTP, or TLS with callers,", lanes: ["http1", "http2"], overTls: true },
  idleMs: { key: "idleTimeout", spoken: "HTTP/1", lanes: ["http1"] },
};

/** The keys among the given limits that mean nothing on the lane; `tls`: callers speak TLS. */
export function limitsBeyond({ lane, tls }: { readonly lane: LaneName; readonly tls: boolean }, limits: Partial<ProxyLimits>): readonly { readonly key: string; readonly spoken: string }[] {
  return Object.entries(ofSome).flatMap(([name, { key, spoken, lanes, overTls }]) => (name in limits && !lanes.includes(lane) && !(tls && overTls === true) ? [{ key, spoken }] : []));
}
