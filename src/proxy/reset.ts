import type { Socket } from "node:net";

/** Sends a true RST, at once and whatever is still unsent, and destroys the socket. */
export function reset(socket: Socket): void {
  if (socket.destroyed) return;
  // An RST cannot be asked for before there is a connection, nor while a FIN is waiting to be sent (libuv: EINVAL).
  const finUnderWay = socket.writableEnded && !socket.writableFinished;
  if (socket.pending || finUnderWay) socket.destroy();
  else socket.resetAndDestroy();
}

const nothing = new Uint8Array(0);

/**
 * Calls `action` when the peer has sent a FIN. An RST is an `error` event, also when it came together with bytes:
 * libuv reports that as an end of file, but writing nothing brings the socket's pending error to light and sends no byte.
 */
export function onFin(socket: Socket, action: () => void): void {
  socket.on("end", () => {
    // With bytes waiting to be written, asking would wait too; those bytes will meet the error themselves.
    if (!socket.writable || socket.writableLength > 0) action();
    else socket.write(nothing, (error) => (error ? undefined : action()));
  });
}
