/** The upstream of all peers: a raw HTTP/1.1 server that does as little as can be. GET /bulk/<bytes> streams so many. */
import { createServer } from "node:net";
import { serve } from "./program.mjs";

const body = JSON.stringify({ id: "ch_0123456789abcdef", status: "paid", amount: 12, currency: "EUR", order: "order-000001", at: "2024-01-01T00:00:00.000Z" });
const small = Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nx-request-id: 0123456789\r\n\r\n${body}`);
const block = Buffer.alloc(64 * 1024, "x");

const server = createServer({ noDelay: true }, (socket) => {
  let rest = "";
  socket.on("error", () => undefined);
  socket.on("data", (bytes) => {
    rest += bytes.toString("latin1");
    for (let end = endOfRequest(rest); end > 0; end = endOfRequest(rest)) {
      const bulk = /^GET \/bulk\/(\d+) /.exec(rest);
      rest = rest.slice(end);
      if (bulk === null) socket.write(small);
      else sendBulk(socket, Number(bulk[1]));
    }
  });
});
server.listen(Number(process.env.PORT ?? 0), "127.0.0.1", () => serve({ port: server.address().port }));

function endOfRequest(text) {
  const head = text.indexOf("\r\n\r\n");
  if (head < 0) return 0;
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head));
  const end = head + 4 + Number(length?.[1] ?? 0);
  return end <= text.length ? end : 0;
}

function sendBulk(socket, bytes) {
  socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${bytes}\r\n\r\n`);
  let left = bytes;
  const more = () => {
    while (left > 0) {
      const next = left < block.length ? block.subarray(0, left) : block;
      left -= next.length;
      if (!socket.write(next)) {
        socket.once("drain", more);
        return;
      }
    }
  };
  more();
}
