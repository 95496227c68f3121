import { z } from "zod";
import type { Endpoint } from "../../model/endpoint.ts";

/** What `upstream` says of a proxy in forward mode. */
export const forward = "forward";

/** `api.example.com`, `*.internal`, `127.0.0.1:9000`, or the URL of a service; placeholders stand for what is not known yet. */
const hostPattern = /^(?:https?:\/\/)?(?:\[[\da-f:.]+\]|(?:[\w.~*-]|\$\{[^}]+\})+)(?::(?:\d{1,5}|\$\{[^}]+\}))?\/?$/i;

const host = z.string().regex(hostPattern, 'expected a host such as api.example.com, "*.internal" or 127.0.0.1:9000');

/** The hosts that a forward proxy may be told to call. */
export const hostsSchema = z.union([host.transform((one) => [one]), z.array(host)]);

/** What an edge that is reached through a forward proxy cannot have: what is about connections is the other's. */
const ofConnections = ["upstreamTls", "tls", "host", "advertise", "callers", "hosts", "limits", "precise", "workers"] as const;

interface Given extends Readonly<Partial<Record<(typeof ofConnections)[number], unknown>>> {
  readonly upstream: string;
  readonly listen: Endpoint;
}

/** What is wrong with an edge that is reached through a forward proxy. */
export function throughProblems(given: Given, through: string): readonly { readonly key: string; readonly message: string }[] {
  const listens = given.listen.path !== undefined || given.listen.host !== "127.0.0.1" || given.listen.port !== 0;
  return [
    ...(/^(?:https?:\/\/|\$\{services\.[^}]+\.url\})/i.test(given.upstream) ? [] : [{ key: "upstream", message: `expected http://host:port or https://host:port with through, as callers name it to ${through}, got "${given.upstream}"` }]),
    ...[...ofConnections.filter((key) => given[key] !== undefined), ...(listens ? ["listen"] : [])].map((key) => ({ key, message: `${key} does not go with through: it is ${through} that is called` })),
  ];
}
