import type { Toxic } from "../../model/toxic.ts";
import type { Proxy } from "../../model/experiment.ts";
import type { Finding } from "../../experiment/finding.ts";
import { defaultToxicName, isToxicType, readToxic } from "../../experiment/read-toxic.ts";
import type { GivenToxic } from "../../experiment/read-toxic.ts";
import { readServedEdge } from "../../experiment/served-upstream.ts";
import type { ServedEdge } from "../../experiment/served-upstream.ts";
import { readStream } from "../../toxics/index.ts";
import { ApiError } from "./api-error.ts";
import type { ProxyInput, ToxicInput } from "./decode.ts";
import type { ServedProxy } from "./served-proxy.ts";

/** Throws ApiError 400 where a body does not say what it has to; `at` is added to the name of the field. */
export function requireFields(input: ProxyInput, at = ""): { readonly name: string; readonly upstream: string } {
  const { name = "", upstream = "" } = input;
  for (const [field, value] of [["name", name], ["upstream", upstream]]) if (value === "") throw new ApiError(400, `missing required field: ${field}${at}`);
  return { name, upstream };
}

/** A proxy that is asked for, before it is opened. Throws ApiError. */
export function readProxy(input: ProxyInput, at = ""): ServedProxy {
  const { name, upstream } = requireFields(input, at);
  const edge = readEdge(name, upstream);
  const toxics = new Map<string, Toxic>();
  for (const given of input.toxics ?? []) {
    const toxic = readNewToxic(given, edge.proxy, toxics);
    toxics.set(toxic.name, toxic);
  }
  return { name, listen: input.listen ?? "", enabled: input.enabled ?? true, edge, tls: {}, toxics };
}

/** What a text says of an upstream. Throws ApiError 400. */
function readEdge(name: string, upstream: string): ServedEdge {
  const { report, refuse } = findings();
  return readServedEdge(name, { upstream }, [], report) ?? refuse();
}

/** The same edge with another upstream: what its lane and its TLS are goes with that. */
export function movedEdge({ proxy }: ServedEdge, upstream: string): ServedEdge {
  const moved = readEdge(proxy.name, upstream);
  const { upstreamTls: _formerTls, forward: _formerForward, ...kept } = proxy;
  const { lane, host, upstreamTls, forward } = moved.proxy;
  return { upstream: moved.upstream, proxy: { ...kept, upstream, lane, host, ...(upstreamTls !== undefined && { upstreamTls }), ...(forward !== undefined && { forward }) } };
}

/** In Toxiproxy's order: stream, type, name, attributes. Throws ApiError 400, or 409 where there is one of that name. */
export function readNewToxic(input: ToxicInput, proxy: Proxy, others: ReadonlyMap<string, Toxic>): Toxic {
  const { type = "", stream, toxicity = 1, attributes = {} } = input;
  if (stream !== undefined && readStream(stream) === undefined) throw new ApiError(400, "stream was invalid, can be either upstream or downstream");
  if (!isToxicType(type)) throw new ApiError(400, "invalid toxic type");
  const name = input.name === undefined || input.name === "" ? defaultToxicName(type, stream) : input.name;
  if (others.has(name)) throw new ApiError(409, "toxic already exists");
  if (input.attributesError !== undefined) throw input.attributesError;
  return readGiven({ name, type, stream, toxicity, attributes }, proxy);
}

/** What a body says that is to be other; the rest stays, key by key. Throws ApiError 400. */
export function readChangedToxic(toxic: Toxic, input: ToxicInput, proxy: Proxy): Toxic {
  return readAgain({ ...toxic, toxicity: input.toxicity ?? toxic.toxicity, attributes: { ...toxic.attributes, ...input.attributes } }, proxy);
}

/** A toxic on what its proxy has become. Throws ApiError 400. */
export function readAgain({ name, type, stream, toxicity, attributes }: Toxic, proxy: Proxy): Toxic {
  return readGiven({ name, type, stream, toxicity, attributes }, proxy);
}

function readGiven(given: GivenToxic, proxy: Proxy): Toxic {
  const { report, refuse } = findings();
  return readToxic(given, proxy, [], report) ?? refuse();
}

/** Collects what is wrong, all of it, and tells it at once. */
function findings(): { readonly report: (finding: Finding) => void; readonly refuse: () => never } {
  const told: string[] = [];
  return {
    report: ({ message, hint }) => told.push(hint === undefined ? message : `${message} (${hint})`),
    refuse: () => {
      throw new ApiError(400, `bad request body: ${told.join("; ")}`);
    },
  };
}
