import { readFileSync } from "node:fs";
import type { Socket } from "node:net";

/** Number of the last file that may be open at a time: numbers are given from 0, the lowest that is free. Linux only. */
const last = mostFiles() - 1;

/**
 * Whether a socket has the last file that may be open. Kept, the system would end the next caller's connection with nobody told
 * (libuv, uv__emfile_trick): so it is not kept, and told.
 */
export function hasLastFile(socket: Socket): boolean {
  const handle: unknown = Reflect.get(socket, "_handle");
  return typeof handle === "object" && handle !== null && Number(Reflect.get(handle, "fd")) >= last;
}

/** What opening a further file would have said. */
export function noFileLeft(): Error {
  return Object.assign(new Error("no file is left for a further connection"), { code: "EMFILE" });
}

/** Node asks the system for as many as it may have, when it starts. */
function mostFiles(): number {
  try {
    const most = Number(/^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1]);
    return Number.isFinite(most) ? most : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
