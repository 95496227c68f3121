// Breakers by the name of their library: each gives (what) => promise around call(what, signal).
import { cockatiel } from "./cockatiel.mjs";
import { byHand } from "./by-hand.mjs";
import { opossum } from "./opossum.mjs";

export function makeBreaker(library, options, call) {
  if (library === "none") return (what) => call(what);
  if (library.startsWith("opossum")) return opossum(library, options, call);
  if (library.startsWith("cockatiel")) return cockatiel(library, options, call);
  return byHand(library, options, call);
}
