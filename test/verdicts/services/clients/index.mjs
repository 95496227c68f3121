// HTTP clients, and what is built around their calls, by name: a client is (what) => promise of { status, text }, what = { path, method, headers, body, signal }.
// A name such as got-14 is the alias of a package in a version.
import { axios } from "./axios.mjs";
import { byHand } from "./by-hand.mjs";
import { cockatiel } from "./cockatiel.mjs";
import { byFetch } from "./fetch.mjs";
import { got } from "./got.mjs";
import { hedge } from "./hedge.mjs";
import { ky } from "./ky.mjs";
import { nodeHttp } from "./node-http.mjs";
import { opossum } from "./opossum.mjs";
import { pRetry } from "./p-retry.mjs";
import { race } from "./race.mjs";
import { undici } from "./undici.mjs";

const clients = { axios, fetch: byFetch, got, ky, "node-http": nodeHttp, undici };
const arounds = { cockatiel, hand: byHand, hedge, opossum, "p-retry": pRetry, race };

export function makeClient(name, options) {
  return lazily(named(clients, name)(name, options));
}

/** Such a client again, around the calls of one. */
export function makeAround(name, options, call) {
  return lazily(named(arounds, name)(name, options, call));
}

function named(known, name) {
  const make = known[name] ?? known[name.replace(/-\d+$/, "")];
  if (make === undefined) throw new Error(`no such client: ${name}`);
  return make;
}

/** Packages are loaded on demand, and before the first call. */
function lazily(made) {
  return async (what) => (await made)(what);
}
