/**
 * Ways of carrying faults out; each file is one engine.
 * May import: model to proxy (ranks 0 to 6).
 * To add one: a file whose class starts, sets the whole list of faults, lifts and stops, as local.ts does.
 */
export { LocalEngine } from "./local.ts";
export { SharedEngine } from "./shared.ts";
export { ToxiproxyEngine } from "./toxiproxy.ts";
export { defaultApiUrl, readApiUrl, readProxy, readToxic, ToxiproxyClient } from "./toxiproxy/index.ts";
export type { ClientOptions, NewProxy, NewToxic, ProxyChanges, RemoteProxy, RemoteToxic, ToxicChanges } from "./toxiproxy/index.ts";
