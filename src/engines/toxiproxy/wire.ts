import { z } from "zod";
import type { Json, JsonObject } from "../../model/json.ts";

/** One toxic as a control API tells of it. */
export interface RemoteToxic {
  readonly name: string;
  readonly type: string;
  /** `upstream` or `downstream`, in the letters in which it was created. */
  readonly stream: string;
  /** Share of connections, 0..1. */
  readonly toxicity: number;
  readonly attributes: JsonObject;
  /** What is left of its lease, ms; absent: it stays until it is removed. */
  readonly ttl?: number | undefined;
}

/** One proxy as a control API tells of it. */
export interface RemoteProxy {
  readonly name: string;
  readonly listen: string;
  readonly upstream: string;
  readonly enabled: boolean;
  readonly toxics: readonly RemoteToxic[];
  /** What is left of its lease, ms; at its end it is healed. */
  readonly ttl?: number | undefined;
}

/** What a control API is told of a new toxic; what is absent has the server's default. */
export interface NewToxic {
  readonly name?: string;
  readonly type: string;
  readonly stream?: "upstream" | "downstream";
  readonly toxicity?: number;
  readonly attributes?: JsonObject;
  /** Ms or text such as `30s`; chaos only. */
  readonly ttl?: number | string;
}

/** Attributes are merged key by key. */
export type ToxicChanges = Pick<NewToxic, "toxicity" | "attributes" | "ttl">;

/** What a control API is told of a new proxy. */
export interface NewProxy {
  readonly name: string;
  readonly upstream: string;
  readonly listen?: string;
  readonly enabled?: boolean;
  /** Made together with it; chaos only. */
  readonly toxics?: readonly NewToxic[];
  readonly ttl?: number | string;
}

export type ProxyChanges = Partial<Pick<NewProxy, "upstream" | "listen" | "enabled" | "ttl">>;

const attributes: z.ZodType<JsonObject> = z.record(z.string(), z.json());

/** Keys that are not known here stay: a server may say more. */
export const toxicShape = z.looseObject({ name: z.string(), type: z.string(), stream: z.string(), toxicity: z.number(), attributes, ttl: z.number().optional() });
/** Some servers write an empty list as null. */
export const toxicsShape = z.array(toxicShape).nullable().transform((list) => list ?? []);
export const proxyShape = z.looseObject({ name: z.string(), listen: z.string(), upstream: z.string(), enabled: z.boolean(), toxics: toxicsShape.optional().transform((list) => list ?? []), ttl: z.number().optional() });
export const proxiesShape = z.record(z.string(), proxyShape);
export const populatedShape = z.looseObject({ proxies: z.array(proxyShape).nullable().transform((list) => list ?? []) });
export const versionShape = z.looseObject({ version: z.string() });

/** The text of an error's body; absent when it is no body of this API. */
export function errorOf(body: Json | undefined): string | undefined {
  return typeof body === "object" && body !== null && "error" in body && typeof body.error === "string" ? body.error : undefined;
}

/** A toxic as our own server tells of it. */
export function readToxic(json: Json): RemoteToxic {
  return toxicShape.parse(json);
}

/** A proxy as our own server tells of it. */
export function readProxy(json: Json): RemoteProxy {
  return proxyShape.parse(json);
}
