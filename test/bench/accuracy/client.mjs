/** The independent client: raw sockets, a clock of its own, no code of the proxy. */
import { connect } from "node:net";
import { serve } from "../program.mjs";

serve({}, (job) => jobs[job.kind](job));

const jobs = {
  /** So many calls per second whatever the answers do, each on a connection of its own that is kept: what each took from its due time, and its status. */
  async calls({ port, perSecond, count }) {
    const free = [];
    const startMs = performance.now() + 50;
    const results = [];
    const running = [];
    for (let i = 0; i < count; i++) {
      const dueMs = startMs + (i * 1000) / perSecond;
      await until(dueMs);
      running.push((async () => {
        const client = free.pop() ?? (await open(port));
        const sentMs = performance.now();
        const status = await client.call();
        results[i] = { ms: performance.now() - sentMs, status };
        if (client.isOpen()) free.push(client);
      })());
    }
    await Promise.all(running);
    for (const client of free) client.close();
    return { results };
  },

  /** One call after the other on one connection: their statuses. */
  async serial({ port, count }) {
    let client = await open(port);
    const statuses = [];
    for (let i = 0; i < count; i++) {
      if (!client.isOpen()) client = await open(port);
      statuses.push(await client.call());
    }
    client.close();
    return { statuses };
  },

  /** One long answer: when which part of its body came, how many bytes were not as upstream sent them, and how it ended. */
  async stream({ port, bytes }) {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const arrivals = [];
    let head = "";
    let changed = 0;
    let total = 0;
    const end = await new Promise((resolve) => {
      socket.on("connect", () => socket.write(`GET /bulk/${bytes} HTTP/1.1\r\nhost: bench.test\r\n\r\n`));
      socket.on("error", (error) => resolve(error.code));
      socket.on("end", () => resolve("FIN"));
      socket.on("data", (piece) => {
        const atMs = performance.now();
        let body = piece;
        if (!head.includes("\r\n\r\n")) {
          const before = head.length;
          head += piece.toString("latin1");
          const at = head.indexOf("\r\n\r\n");
          body = at < 0 ? piece.subarray(piece.length) : piece.subarray(at + 4 - before);
          head = at < 0 ? head : head.slice(0, at + 4);
        }
        if (body.length === 0) return;
        total += body.length;
        for (const byte of body) if (byte !== 0x78) changed += 1;
        arrivals.push({ atMs, bytes: body.length });
        if (total === bytes) resolve("whole");
      });
    });
    socket.destroy();
    return { arrivals, total, changed, end };
  },
};

async function until(dueMs) {
  for (let left = dueMs - performance.now(); left > 0; left = dueMs - performance.now()) await new Promise((resolve) => (left > 1.5 ? setTimeout(resolve, left - 1) : setImmediate(resolve)));
}

/** A connection for one call after the other; a call gives the status, 0 when the connection ended first. */
function open(port) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let text = "";
    let done;
    const over = () => done?.(0);
    socket.on("data", (piece) => {
      text += piece.toString("latin1");
      const head = text.indexOf("\r\n\r\n");
      if (head < 0) return;
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head + 2))?.[1] ?? 0);
      if (text.length < head + 4 + length) return;
      const status = Number(text.slice(9, 12));
      text = "";
      done(status);
    });
    socket.on("close", over);
    socket.on("error", (error) => (done === undefined ? reject(error) : over()));
    socket.on("connect", () => resolve({
      call: () => new Promise((resolve) => {
        done = resolve;
        socket.write("GET /small HTTP/1.1\r\nhost: bench.test\r\n\r\n");
      }),
      isOpen: () => !socket.destroyed && socket.readyState === "open",
      close: () => socket.destroy(),
    }));
  });
}
