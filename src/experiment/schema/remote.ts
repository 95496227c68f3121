import { z } from "zod";
import type { Endpoint } from "../../model/endpoint.ts";
import type { Remote } from "../../model/experiment.ts";

/** `http://127.0.0.1:8474`, or the URL of a service of the run. */
const apiPattern = /^https?:\/\/[^/\s?#@]+\/?$|^\$\{services\.[^}]+\.url\}\/?$/i;

/** What a proxy says of the server that carries its faults out. */
export const remoteFields = {
  remote: z.string().regex(apiPattern, 'expected the URL of a control API, such as http://127.0.0.1:8474 or "${services.NAME.url}"').optional()
    .meta({ description: "the control API of another server, chaos proxy or Toxiproxy, that carries the faults of this edge out: http://127.0.0.1:8474" }),
  name: z.string().min(1).optional().meta({ description: "remote only: what the proxy is called there; default: its name here" }),
  token: z.string().min(1).optional().meta({ description: 'remote only: the token of its control API, such as "${secrets.apiToken}"' }),
  witness: z.boolean().optional().meta({ description: "remote only: false: callers speak to the remote proxy by themselves, and nothing sees their calls; default true: a proxy of ours stands before it" }),
};

/** The address is what its control API says. */
export function isSchemeOnly(upstream: string): boolean {
  return /^[a-z][a-z\d+.-]*:\/\/$/i.test(upstream);
}

/** What is about our own listener. */
const ofWitness = ["tls", "host", "advertise", "callers", "limits", "precise", "workers", "upstreamTls"] as const;
/** What an edge has only where its callers name the host. */
const ofForwarding = ["hosts", "through"] as const;
const ofRemote = ["name", "token", "witness"] as const;

type Written = Partial<Readonly<Record<(typeof ofWitness)[number] | (typeof ofForwarding)[number] | (typeof ofRemote)[number], unknown>>> & { readonly listen: Endpoint };

/** What does not go together with a remote proxy, or only with one. */
export function remoteProblems(written: Written, remote: string | undefined): readonly { readonly key: string; readonly message: string }[] {
  const present = <K extends keyof Written>(keys: readonly K[]): readonly K[] => keys.filter((key) => written[key] !== undefined);
  if (remote === undefined) return present(ofRemote).map((key) => ({ key, message: `${key} says something of a remote proxy: expected remote: http://… with it` }));
  const forwarding = present(ofForwarding).map((key) => ({ key, message: `${key} does not go with remote: the remote proxy has one upstream of its own` }));
  if (written.witness !== false) return forwarding;
  const { host, port, path } = written.listen;
  const listens = path !== undefined || host !== "127.0.0.1" || port !== 0;
  return [...forwarding, ...[...present(ofWitness), ...(listens ? ["listen"] : [])].map((key) => ({ key, message: `${key} does not go with witness: false: no proxy of ours is there, callers speak to the remote one by themselves` }))];
}

/** Where and what it is; its name there is by default the one here, which is not known yet. */
export function remoteOf({ remote, name = "", token, witness = true }: { readonly remote: string; readonly name?: string | undefined; readonly token?: string | undefined; readonly witness?: boolean | undefined }): Remote {
  return { api: remote.replace(/\/$/, ""), name, ...(token === undefined ? {} : { token }), witness };
}
