import { z } from "zod";
import type { Endpoint } from "../../model/endpoint.ts";

/** `host:port`, `[::1]:0`, `:port` on the loopback, or `unix:` with the path of a socket. */
export const listenSchema = z.string().transform((text, context): Endpoint => {
  const path = /^unix:/i.test(text) ? unixPath(text) : undefined;
  if (path !== undefined) return { path };
  const parts = /^(\[[0-9a-fA-F:.]+\]|[^:[\]\s]*):(\d{1,5})$/.exec(text);
  const port = Number(parts?.[2]);
  if (parts !== null && port <= 65_535) return { host: (parts[1] ?? "").replaceAll(/[[\]]/g, "") || "127.0.0.1", port };
  context.addIssue({ code: "custom", message: `expected host:port like "127.0.0.1:0", or unix: with a path like "unix:/tmp/payments.sock", got "${text}"` });
  return z.NEVER;
});

/** The path in `unix:/run/x.sock`, `unix:///run/x.sock` or `http+unix:/run/x.sock`; absent when it is no such text. */
export function unixPath(text: string): string | undefined {
  return /^(?:http\+)?unix:(?:\/\/(?=\/)|(?!\/\/))(.+)$/i.exec(text)?.[1];
}

/** Ports of URLs that say none. */
const defaultPorts: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };

/** Host and port of a URL, or the path of a unix socket; absent when the text says neither. */
export function upstreamEndpoint(text: string): Endpoint | undefined {
  const path = unixPath(text);
  if (path !== undefined) return { path };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const port = url === undefined ? 0 : url.port === "" ? defaultPorts[url.protocol] ?? 0 : Number(url.port);
  return url === undefined || url.hostname === "" || port === 0 ? undefined : { host: url.hostname.replaceAll(/[[\]]/g, ""), port };
}
