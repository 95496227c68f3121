import type { Socket } from "node:net";

/** Sends a true RST, at once and whatever is still unsent, and destroys the socket. */
export function reset(socket: Socket): void {
  if (socket.destroyed) return;
  // An RST cannot be asked for before there is a connection, nor while a FIN is waiting to be sent (libuv: EINVAL).
  const finUnderWay = socket.writableEnded && !socket.writableFinished;
  if (socket.pending || finUnderWay) socket.destroy();
  else socket.resetAndDestroy();
}
