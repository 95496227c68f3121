// A price feed: a WebSocket server that answers each { id, symbol } with { id, symbol, price }. GET /health/ready says that it is there.
import { createServer } from "node:http";
import { WebSocketServer } from "ws";
import { send, stopOnSignal } from "./http.mjs";

const server = createServer((_request, response) => send(response, 200, { status: "ready" }));

new WebSocketServer({ server }).on("connection", (socket) => {
  socket.on("error", () => {}); // a caller that broke off
  socket.on("message", (words) => {
    const { id, symbol } = JSON.parse(words);
    socket.send(JSON.stringify({ id, symbol, price: 100 + symbol.length + Math.random() }));
  });
});

server.listen(Number(process.env.PORT ?? 4005), "127.0.0.1", () => console.log("prices: listening"));
stopOnSignal(server);
