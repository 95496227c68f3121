// Many callers that stream through a proxy, in a process of their own: each connection takes an open file at either end. Told by its parent what to do next.
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";

const pool = randomBytes(256 * 1024);
const mostChunkBytes = 4096;
/** @type {{ socket: import("node:net").Socket, sent: import("node:crypto").Hash, got: import("node:crypto").Hash, sentBytes: number, gotBytes: number, isFinished: boolean, isReset: boolean, ended: Promise<unknown> }[]} */
const callers = [];

const send = (caller, bytes) => {
  caller.sent.update(bytes);
  caller.sentBytes += bytes.length;
  caller.socket.write(bytes);
};

const finish = (caller) => {
  caller.isFinished = true;
  caller.socket.end();
};

/** Opens one connection, and says its number first. */
const open = async (port) => {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const caller = { socket, sent: createHash("sha256"), got: createHash("sha256"), sentBytes: 0, gotBytes: 0, isFinished: false, isReset: false, ended: new Promise((resolve) => socket.on("end", resolve).on("close", resolve)) };
  socket.on("data", (bytes) => {
    caller.got.update(bytes);
    caller.gotBytes += bytes.length;
  });
  await once(socket, "connect");
  socket.on("error", () => (caller.isReset = true));
  const number = Buffer.alloc(4);
  number.writeUInt32LE(callers.length);
  callers.push(caller);
  send(caller, number);
};

const doings = {
  open: async ({ port, count }) => {
    for (let i = 0; i < count; i++) await open(port);
  },
  /** Some send; a third of all close their half in one of the rounds, while the other half still comes. */
  round: ({ round }) => {
    for (const [nth, caller] of callers.entries()) {
      if (caller.isFinished) continue;
      const start = Math.floor(Math.random() * (pool.length - mostChunkBytes));
      if (Math.random() < 0.3) send(caller, pool.subarray(start, start + 1 + Math.floor(Math.random() * mostChunkBytes)));
      if (nth % 3 === 0 && round === 20 + (nth % 70)) finish(caller);
    }
  },
  finish: () => {
    for (const caller of callers) if (!caller.isFinished) finish(caller);
  },
  report: async () => {
    await Promise.all(callers.map(({ ended }) => ended));
    return callers.map(({ sent, got, sentBytes, gotBytes, isReset }) => ({ sent: sent.digest("hex"), got: got.digest("hex"), sentBytes, gotBytes, isReset }));
  },
};

process.on("message", async (told) => {
  process.send?.((await doings[told.kind](told)) ?? "done");
});
process.on("disconnect", () => process.exit());
