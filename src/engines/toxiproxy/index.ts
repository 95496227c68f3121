/**
 * Toxiproxy's control API from the other side: a client for our own server and for Toxiproxy itself.
 * May import: model to proxy (ranks 0 to 6). wire.ts has what crosses, exchange.ts one request.
 */
export { defaultApiUrl, readApiUrl } from "./address.ts";
export { ToxiproxyClient } from "./client.ts";
export type { ClientOptions } from "./client.ts";
export type { NewProxy, NewToxic, ProxyChanges, RemoteProxy, RemoteToxic, ToxicChanges } from "./wire.ts";
export { readProxy, readToxic } from "./wire.ts";
