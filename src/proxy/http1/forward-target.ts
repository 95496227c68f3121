import { dialledHost } from "../local-host.ts";

/** Where a request to a forward proxy is to go. */
export interface ForwardTarget {
  /** A name or an address, as it is dialled: IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** `host:port` in lower case, as the witness writes it. */
  readonly authority: string;
  /** What upstream gets as its target; of a CONNECT, which it does not get, the target as sent. */
  readonly path: string;
  /** What Host has to say (RFC 9112 §3.2.2). */
  readonly hostField: string;
}

/**
 * The target of a request to a forward proxy: absolute-form, or authority-form of a CONNECT (RFC 9112 §3.2.2, §3.2.3); a sentence that says what is wrong with another.
 * It quotes nothing, so that it is the same for all requests that are wrong in the same way, and tells no secret.
 */
export function readForwardTarget(method: string, target: string): ForwardTarget | string {
  if (method === "CONNECT") {
    const read = targetOf(target, undefined, target);
    return read === "form" ? "this is a forward proxy: expected host and port as in CONNECT host:443" : read === "port" ? wrongPort : read;
  }
  const parts = /^([a-z][a-z\d+.-]*):\/\/([^/?#]*)([/?].*)?$/i.exec(target);
  if (parts === null) return "this is a forward proxy: expected a whole URL as in GET http://host/path, or CONNECT host:port";
  const [, scheme = "", authority = "", rest = ""] = parts;
  if (scheme.toLowerCase() !== "http") return `this is a forward proxy: expected http:// as in GET http://host/path${scheme.toLowerCase() === "https" ? "; for https:// ask for a tunnel, CONNECT host:443" : ""}`;
  // RFC 9112 §3.2.4: an OPTIONS without any path asks about the server as a whole.
  const path = rest.startsWith("/") ? rest : rest === "" && method === "OPTIONS" ? "*" : `/${rest}`;
  const read = targetOf(authority, 80, path);
  if (read !== "form") return read === "port" ? wrongPort : read;
  return `this is a forward proxy: expected http://host or http://host:port${authority.includes("@") ? ", without user and password" : ""}`;
}

const wrongPort = "this is a forward proxy: expected a port from 1 to 65535 behind the host";

/** Or what is wrong. */
function targetOf(text: string, defaultPort: number | undefined, path: string): ForwardTarget | "form" | "port" {
  const parts = /^(?:\[([\da-f:.]+)\]|([\w.~-]+))(?::(\d*))?$/i.exec(text);
  if (parts === null) return "form";
  const [, address, name = "", digits = ""] = parts;
  const port = digits === "" ? defaultPort : Number(digits);
  if (port === undefined) return "form";
  if (port < 1 || port > 65_535) return "port";
  const host = (address ?? name).toLowerCase();
  return { host, port, authority: authorityOf({ host, port }), path, hostField: text };
}

/** `host:port` as the witness writes it. */
export function authorityOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`.toLowerCase();
}

/** What is dialled for a `host:port` as the witness writes it. */
export function endpointOf(authority: string): { readonly host: string; readonly port: number } {
  const colon = authority.lastIndexOf(":");
  return { host: dialledHost(authority.slice(0, colon).replaceAll(/[[\]]/g, "")), port: Number(authority.slice(colon + 1)) };
}
