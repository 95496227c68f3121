import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import type { ProxyConfig } from "../../src/model/data-plane.ts";
import { startPlane } from "./plane.ts";
import { Caller, echo, serve } from "./wire.ts";

/** What a test has to undo at its end, last first. */
export type Undo = (() => unknown)[];

/** An upstream, a tcp proxy before it, and callers; all are undone at the end of the test. */
export async function setUpPlane(undo: Undo, handle: (socket: Socket) => void = echo, limits: ProxyConfig["limits"] = {}) {
  const upstream = await serve(handle);
  undo.push(() => upstream.close());
  const plane = await startPlane({ upstreamPort: upstream.port, limits });
  undo.push(() => plane.engine.stop());
  const call = (): Caller => {
    const caller = new Caller(plane.port);
    undo.push(() => caller.close());
    return caller;
  };
  /** How long an action takes, ms. */
  const time = async (action: () => Promise<unknown>): Promise<number> => {
    const startMs = plane.env.nowMs();
    await action();
    return plane.env.nowMs() - startMs;
  };
  return { upstream, plane, call, time };
}

/** Bytes in which every missing, doubled or moved one shows. */
export function patterned(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i + 4 <= length; i += 4) bytes.writeUInt32LE((i * 2_654_435_761) % 2 ** 32, i);
  return bytes;
}

export function hashOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Undoes all, last first. */
export async function undoAll(undo: Undo): Promise<void> {
  for (const action of undo.splice(0).reverse()) await action();
}
