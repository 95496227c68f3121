/** The floor: two sockets and two pipes. */
import { connect, createServer } from "node:net";
import { argument, serve } from "../program.mjs";

const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
  const upstream = connect({ port: argument.upstreamPort, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
  for (const socket of [client, upstream]) {
    socket.on("error", () => {
      client.destroy();
      upstream.destroy();
    });
  }
  client.pipe(upstream);
  upstream.pipe(client);
});
server.listen(0, "127.0.0.1", () => serve({ port: server.address().port }));
