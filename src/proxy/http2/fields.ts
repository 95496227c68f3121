import { sensitiveHeaders } from "node:http2";
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";

/** The fields of a head or of trailers as they came: name, value, name, value, …; names are lower case. */
export type Fields = readonly string[];

/** The first value of a field. */
export function fieldOf(fields: Fields, name: string): string | undefined {
  for (let i = 0; i < fields.length; i += 2) if (fields[i] === name) return fields[i + 1];
  return undefined;
}

/** All values of a field as one (RFC 9110 §5.3). */
export function joinedField(fields: Fields, name: string): string | undefined {
  let joined: string | undefined;
  for (let i = 0; i < fields.length; i += 2) if (fields[i] === name) joined = joined === undefined ? fields[i + 1] : `${joined}, ${fields[i + 1] ?? ""}`;
  return joined;
}

/** Bytes of data that a head promises; absent when it does not say. */
export function lengthIn(fields: Fields): number | undefined {
  const text = fieldOf(fields, "content-length");
  return text === undefined || !/^\d{1,15}$/.test(text) ? undefined : Number(text);
}

/** Characters of names and values: what fields weigh before they are compressed. */
export function weightOf(fields: Fields): number {
  let weight = 0;
  for (const text of fields) weight += text.length;
  return weight;
}

/** Names of fields that no compression is to remember (RFC 7541 §7.1.3). */
export function sensitiveIn(headers: IncomingHttpHeaders): readonly string[] {
  const names: unknown = Reflect.get(headers, sensitiveHeaders);
  return Array.isArray(names) ? names : none;
}

const none: readonly string[] = [];

/**
 * Fields as node:http2 takes them; `changed` ones stand for those that came. It sends names in lower case, in the order of the keys: one that comes
 * again behind others has another key, so that the order stays.
 */
export function toSend(fields: Fields, sensitive: readonly string[] = [], changed: Readonly<Record<string, string>> = {}): OutgoingHttpHeaders {
  const headers: Record<string, string | string[]> = Object.create(null);
  let key = "";
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? "";
    const value = (Object.hasOwn(changed, name) ? changed[name] : fields[i + 1]) ?? "";
    if (fields[i - 2] !== name) key = keyFor(name, headers);
    const before = headers[key];
    if (before === undefined) headers[key] = value;
    else if (typeof before === "string") headers[key] = [before, value];
    else before.push(value);
  }
  if (sensitive.length > 0) Reflect.set(headers, sensitiveHeaders, [...sensitive]);
  return headers;
}

/** A key that is not taken, the name in upper and lower case; when there are no more, the name itself. */
function keyFor(name: string, taken: Readonly<Record<string, unknown>>): string {
  if (!(name in taken)) return name;
  for (let nth = 1; nth < 64; nth += 1) {
    const key = spelt(name, nth);
    if (!(key in taken)) return key;
  }
  return name;
}

/** The bits of `nth` say which letters are in upper case. */
function spelt(name: string, nth: number): string {
  let key = "";
  for (let i = 0; i < name.length; i += 1) key += Math.floor(nth / 2 ** i) % 2 === 1 ? name.charAt(i).toUpperCase() : name.charAt(i);
  return key;
}
