/** Whether a host is this machine, judged by its name alone: a name that only resolves to it is not. */
export function isLocalHost(host: string): boolean {
  const name = bareHost(host);
  return name === "localhost" || name.endsWith(".localhost") || name === "::1" || name === "0.0.0.0" || name === "::" || /^(::ffff:)?127(\.\d{1,3}){3}$/.test(name) || /^::ffff:7f[0-9a-f]{2}:/.test(name);
}

/** What is dialled for a host: any name under .localhost is the loopback (RFC 6761 §6.3), whatever a name server says. */
export function dialledHost(host: string): string {
  return bareHost(host).endsWith(".localhost") ? "localhost" : host;
}

/** A host as it is compared: lower case, without brackets or the dot of the root. */
export function bareHost(host: string): string {
  return host.replaceAll(/[[\]]/g, "").replace(/\.$/, "").toLowerCase();
}
