import { isIP, Socket } from "node:net";
import type { TcpNetConnectOpts } from "node:net";
import { connect as connectTls, createSecureContext } from "node:tls";
import type { SecureContext } from "node:tls";
import type { ProxyConfig } from "../model/data-plane.ts";
import type { UpstreamTls } from "../model/tls.ts";
import { defaultLimits } from "./http1/limits.ts";
import { hasLastFile, noFileLeft } from "./last-file.ts";
import { copying, lending } from "./read-memory.ts";
import { carriedBy } from "./reset.ts";
import { closedInHandshake, unanswered } from "./tls/problems.ts";

/** What is dialled, and how it is spoken to. */
export type DialTarget = Pick<ProxyConfig, "upstream" | "upstreamTls" | "limits">;

export interface DialOptions {
  /** Upstream can be spoken to: connected, and where TLS is spoken its certificate is good. */
  readonly reached: () => void;
  /** What comes from it. Without `bytes` and `lent` the socket is a stream to be read as any other. */
  readonly bytes?: (bytes: Buffer) => void;
  /** What comes from it, in memory that is lent: to return true is to give it back. */
  readonly lent?: (bytes: Buffer) => boolean;
  /** What is offered to be spoken over TLS (ALPN), the best first; default: nothing is said of it. */
  readonly protocols?: readonly string[];
}

/** A socket to upstream that may be listened to and written to, and what dials it. */
export interface Dialling {
  readonly socket: Socket;
  readonly dial: () => void;
}

// What the types of Node 20 do not know of a socket's options, they know of `connect`, which hands them over.
const undelayed: Pick<TcpNetConnectOpts, "noDelay"> = { noDelay: true };

/**
 * Of several addresses each but the last is tried for so long. Node does not come back to one that it has left, by default after 250 ms: where a long way
 * or a thread that stood still takes that time, and the last address is dead, an upstream that answers would be unreachable.
 */
const patient: Pick<TcpNetConnectOpts, "autoSelectFamilyAttemptTimeout"> = { autoSelectFamilyAttemptTimeout: 1000 };

/** A connection to upstream. What fails, verification of the certificate included, is an `error` event of the socket; one behind an `end` before upstream is reached. */
export function dial(target: DialTarget, options: DialOptions): Socket {
  const { socket, dial } = prepareDial(target, options);
  dial();
  return socket;
}

/** A connection to upstream that begins when it is told to. */
export function prepareDial({ upstream, upstreamTls, limits }: DialTarget, { reached, bytes, lent, protocols }: DialOptions): Dialling {
  if (upstreamTls === undefined) {
    const socket = plainSocket(bytes, lent);
    socket.on("connect", () => (hasLastFile(socket) ? socket.destroy(noFileLeft()) : reached()));
    return { socket, dial: () => void socket.connect({ ...patient, ...upstream }) };
  }
  // Wrapped before it has an address: a name may stand for several, and each attempt is another handle of the system.
  const carrier = plainSocket(undefined, undefined);
  const { servername = upstream.host ?? "localhost", insecure } = upstreamTls;
  const socket = connectTls({
    socket: carrier, secureContext: contextOf(upstreamTls), rejectUnauthorized: !insecure, host: servername, servername: isName(servername) ? servername : "",
    ...(protocols === undefined ? {} : { ALPNProtocols: [...protocols] }),
  });
  carriedBy(socket, carrier);
  staysOpen(carrier);
  carrier.on("connect", () => void (hasLastFile(carrier) && socket.destroy(noFileLeft())));
  socket.on("secureConnect", reached);
  let isShaken = false;
  socket.once("secureConnect", () => (isShaken = true));
  shakenBeforeFin(socket, () => isShaken, limits?.headMs ?? defaultLimits.headMs);
  socket.on("error", (error: NodeJS.ErrnoException) => {
    if (!isShaken && error.code === "ECONNRESET") error.code = closedInHandshake;
    // Of what goes wrong behind the handshake Node only tells.
    socket.destroy();
  });
  const take = bytes ?? lent;
  if (take !== undefined) socket.on("data", take);
  return { socket, dial: () => void carrier.connect({ ...patient, ...upstream }) };
}

/** Closed as soon as both its ends have come, it would take down what it carries, with the last bytes unread: it is left to that to close it. */
function staysOpen(carrier: Socket): void {
  const inside: unknown = Reflect.get(carrier, "_writableState");
  if (typeof inside === "object" && inside !== null) Reflect.set(inside, "autoDestroy", false);
}

/** A FIN waits for the end of the handshake, which it would cut short; but not for ever for an upstream that says nothing: nobody may be there any more to end the connection. */
function shakenBeforeFin(socket: Socket, isShaken: () => boolean, silentMs: number): void {
  const end = socket.end.bind(socket);
  socket.end = (...given: unknown[]) => {
    if (!isShaken()) socket.setTimeout(silentMs, () => socket.destroy(unanswered(silentMs)));
    Reflect.apply(end, socket, given);
    return socket;
  };
  socket.once("secureConnect", () => socket.setTimeout(0));
  const final = socket._final.bind(socket);
  socket._final = (callback) => void (isShaken() ? final(callback) : socket.once("secureConnect", () => final(callback)));
}

/** One for all connections of a proxy: what it trusts is read from text but once. */
const contexts = new WeakMap<UpstreamTls, SecureContext>();

function contextOf(tls: UpstreamTls): SecureContext {
  const known = contexts.get(tls) ?? createSecureContext({ ...(tls.ca === undefined ? {} : { ca: tls.ca }), ...tls.identity });
  contexts.set(tls, known);
  return known;
}

function plainSocket(bytes: DialOptions["bytes"], lent: DialOptions["lent"]): Socket {
  const reader = lent !== undefined ? lending(lent) : bytes !== undefined ? copying(bytes) : undefined;
  const read: Pick<TcpNetConnectOpts, "onread"> = reader === undefined ? {} : { onread: reader };
  return new Socket({ allowHalfOpen: true, ...undelayed, ...read });
}

/** Host header of a URL of what is dialled (RFC 9110 §4.2: port 80 is the default of http, 443 of https); a unix socket is on this machine. */
export function authority({ upstream, upstreamTls }: DialTarget): string {
  if (upstream.path !== undefined) return "localhost";
  const { host, port } = upstream;
  const name = host.includes(":") ? `[${host}]` : host;
  return port === (upstreamTls === undefined ? 80 : 443) ? name : `${name}:${port}`;
}

/** What may stand in SNI: no address (RFC 6066 §3). */
function isName(host: string): boolean {
  return isIP(host) === 0;
}
