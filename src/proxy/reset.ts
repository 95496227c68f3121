import type { Socket } from "node:net";
import type { Env, Timer } from "../model/env.ts";

/** By a socket that speaks TLS, the one whose bytes it makes. */
const carriers = new WeakMap<Socket, Socket>();

/** Tells which socket carries the bytes of one that speaks TLS. */
export function carriedBy(socket: Socket, carrier: Socket): void {
  carriers.set(socket, carrier);
  // Whatever befalls it, the socket is told.
  carrier.on("error", () => undefined);
}

/** Sends a true RST, at once and whatever is still unsent, and destroys the socket. A unix socket, which knows none, is closed. */
export function reset(socket: Socket): void {
  if (socket.destroyed) return;
  const carrier = carriers.get(socket) ?? socket;
  // An RST cannot be asked for before there is a connection, nor while a FIN is waiting to be sent (libuv: EINVAL), nor on what is no TCP.
  const finUnderWay = socket.writableEnded && !socket.writableFinished;
  if (carrier.pending || finUnderWay || carrier.remotePort === undefined) return void socket.destroy();
  carrier.resetAndDestroy();
  if (carrier !== socket) socket.destroy();
}

const nothing = new Uint8Array(0);

/** Between two looks whether a peer that is made to wait is still there. */
export const lookMs = 100;

/** A reset of a socket that is not read goes unseen; writing nothing brings it to light, and sends no byte. */
export function bringToLight(socket: Socket): void {
  if (socket.writable && socket.writableLength === 0) socket.write(nothing);
}

/** Calls `action` when the peer has sent a FIN. An RST is an `error` event. */
export function onFin(socket: Socket, action: () => void): void {
  socket.on("end", () => confirmFin(socket, action));
}

/**
 * Calls `action` if the end that was just told of is a FIN. It may be an RST that came together with bytes: libuv reports that as an end
 * of file, but writing nothing brings the socket's pending error to light and sends no byte. Over TLS it would make no difference: it is written beneath.
 */
export function confirmFin(socket: Socket, action: () => void): void {
  const carrier = carriers.get(socket) ?? socket;
  // A unix socket, which knows no RST, fails to write to a peer that has closed in peace.
  const isUnix = carrier.localPort === undefined;
  // With bytes waiting to be written, asking would wait too; those bytes will meet the error themselves.
  if (isUnix || !socket.writable || socket.writableLength > 0) action();
  else carrier.write(nothing, (error) => (error ? undefined : action()));
}

/**
 * From the last bytes written to a reset. It overtakes what the peer's window has no room for, and a peer on libuv that finds both at once
 * is told of an end instead of the reset: it is given this long to read.
 */
export const readingGraceMs = 20;

/** Calls `action`, which resets or destroys the socket, when what was written has been out for a moment, or when its peer takes no more of that. */
export function whenOut(socket: Socket, env: Env, action: () => void): void {
  let unsentBytes = socket.writableLength;
  let timer: Timer;
  const look = (): void => {
    if (socket.writableLength >= unsentBytes) return action();
    unsentBytes = socket.writableLength;
    timer = env.after(lookMs, look);
  };
  timer = env.after(lookMs, look);
  socket.write(nothing, () => {
    timer.cancel();
    env.after(readingGraceMs, action);
  });
}
