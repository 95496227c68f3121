import { z } from "zod";
import type { ProbeAnswer, ProbeType } from "../model/probe-type.ts";
import { blameBy, gradeBy } from "./grading.ts";
import type { TextTest } from "./text-test.ts";
import { excerpt, explainText, textFault, textTest } from "./text-test.ts";

const keepBytes = 64 * 1024;

const params = z.strictObject({
  address: z.string().regex(/^(\w+:\/\/)?(\[[^\]]+\]|[^:/\s]+|\$\{[^}]+\}):(\d+|\$\{[^}]+\})\/?$|^\$\{[^}]+\.url\}$/, "expected host:port").optional().meta({ description: 'host:port, such as "${proxies.database.host}:${proxies.database.port}"' }),
  host: z.string().min(1).optional().meta({ description: "with port, instead of address; default 127.0.0.1" }),
  port: z.union([z.int().min(1).max(65_535), z.string().regex(/^(\d+|\$\{[^}]+\})$/, "expected a port number")]).optional().meta({ description: "with host, instead of address" }),
  send: z.string().optional().meta({ description: "sent when connected" }),
  until: z.string().min(1).optional().meta({ description: "the answer is whole when this has come; default: what expect contains, else the end of a line" }),
  expect: textTest.optional().meta({ description: "what makes an answer good; without it a connection is enough" }),
  degraded: textTest.optional().meta({ description: "what is acceptable while a fault is in force" }),
}).refine(({ address, port }) => (address === undefined) !== (port === undefined), { message: "expected an address, or host and port", path: ["address"] });
type TcpParams = z.infer<typeof params>;

/** Connects over TCP, and may say a line and look at the answer. */
export const tcp: ProbeType<TcpParams> = {
  type: "tcp",
  summary: "Connects over TCP; may send a text and grade what comes back.",
  params,
  example: 'address: "${proxies.cache.host}:${proxies.cache.port}"\nsend: "PING\\r\\n"\nexpect: { contains: PONG }\n',
  explain(params) {
    const says = params.send === undefined ? "" : `, send "${excerpt(params.send, 40)}"`;
    const good = params.expect === undefined ? "connected" : `the answer ${explainText(params.expect)}`;
    return `connect to ${addressText(params)}${says}; good: ${good}${params.degraded === undefined ? "" : `; degraded: the answer ${explainText(params.degraded)}`}`;
  },
  ask(params) {
    const readUntil = untilOf(params);
    return { kind: "tcp", ...endpointOf(params), ...(params.send === undefined ? {} : { send: params.send }), ...(readUntil === undefined ? {} : { readUntil }), keepBytes };
  },
  grade: (params, answer) => gradeBy(faultOf, { expect: params.expect, degraded: params.degraded }, answer),
  blame: (params, answer) => blameBy(faultOf, { expect: params.expect }, answer),
};

/** Absent: nothing is read, being connected is the answer. */
function untilOf({ until, expect, degraded }: TcpParams): string | undefined {
  if (until !== undefined) return until;
  if (expect === undefined && degraded === undefined) return undefined;
  return degraded === undefined && expect?.matches === undefined && expect?.equals === undefined ? expect?.contains ?? "\n" : "\n";
}

function endpointOf(params: TcpParams): { readonly host: string; readonly port: number } {
  if (params.address === undefined) return { host: params.host ?? "127.0.0.1", port: Number(params.port) };
  const bare = params.address.replace(/^\w+:\/\//, "").replace(/\/$/, "");
  const colon = bare.lastIndexOf(":");
  return { host: bare.slice(0, colon).replaceAll(/[[\]]/g, ""), port: Number(bare.slice(colon + 1)) };
}

function addressText(params: TcpParams): string {
  return params.address ?? `${params.host ?? "127.0.0.1"}:${params.port ?? ""}`;
}

function faultOf(expect: TextTest | undefined, { body = "" }: ProbeAnswer): string | undefined {
  const wanted = expect === undefined ? undefined : textFault(expect, body);
  return wanted === undefined ? undefined : `expected ${wanted}, got ${body === "" ? "nothing" : `"${excerpt(body)}"`}`;
}
