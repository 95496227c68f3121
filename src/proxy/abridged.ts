import { fingerprint } from "../math/fingerprint.ts";

/** Longer than any id or time that is meant. */
const mostCharacters = 256;

/** A text as it is written down that a caller or upstream has chosen; a long one by its beginning and a number that stands for all of it, since records are many and kept. */
export function abridged(text: string): string {
  return text.length <= mostCharacters ? text : `${text.slice(0, mostCharacters)}… ${fingerprint(text)}`;
}
