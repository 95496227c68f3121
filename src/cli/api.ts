import type * as publicApi from "../index.ts";
import type * as remoteApi from "../remote.ts";

/** The public API as the commands see it: its types at once, its code when a command needs it. */
export type { Event, Experiment, FileProxies, Issue, Json, JsonObject, NewToxic, Plan, ProxyChanges, RemoteProxy, RemoteToxic, RenderOptions, Report, Reporter } from "../index.ts";
export type Api = typeof publicApi;

/** The part of it for remote control. */
export type RemoteApi = typeof remoteApi;
