import { posix } from "node:path";

/** What a request asks for. */
export interface RequestTarget {
  /** Percent-decoded, as its bytes in UTF-8 say. */
  readonly path: string;
  /** With the question mark; empty when there is none. */
  readonly query: string;
  /** Host and port of a target in absolute form. */
  readonly authority?: string;
}

const absoluteForm = /^[a-z][a-z0-9+.-]*:\/\/([^/?]*)(.*)$/i;

/** The target of a request line, as Node hands it over (one character a byte); absent when it is none that Go would take. */
export function readTarget(target: string): RequestTarget | undefined {
  const absolute = absoluteForm.exec(target);
  const rest = absolute === null ? target : absolute[2] ?? "";
  const mark = rest.indexOf("?");
  const written = mark < 0 ? rest : rest.slice(0, mark);
  if (absolute === null && !written.startsWith("/")) return undefined;
  const path = decode(written);
  if (path === undefined) return undefined;
  return { path, query: mark < 0 ? "" : rest.slice(mark), ...(absolute === null ? {} : { authority: absolute[1] ?? "" }) };
}

/** A path without empty parts and dots; a slash at its end stays. */
export function cleanPath(path: string): string {
  return path === "" ? "/" : posix.normalize(path.startsWith("/") ? path : `/${path}`);
}

/** A path as it stands in a Location. */
export function encodePath(path: string): string {
  return path.replaceAll(/[^A-Za-z0-9\-_.~$&+,/:;=@]/gu, (character) => [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""));
}

function decode(written: string): string | undefined {
  if (/%(?![0-9a-f]{2})/i.test(written)) return undefined;
  return Buffer.from(written.replaceAll(/%([0-9a-f]{2})/gi, (_escape, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))), "latin1").toString();
}
