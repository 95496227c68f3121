/** A part of the public API, names only: what it takes to speak to a control API, without what it takes to run experiments, which is ten times as much to load. */
export { ChaosError } from "./model/error.ts";
export { defaultApiUrl, readApiUrl, ToxiproxyClient } from "./engines/toxiproxy/index.ts";
