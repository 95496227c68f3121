// Quotes: GET /quotes/SYMBOL asks the price feed at PRICES_URL, over one WebSocket that it holds open, and answers
//   200 { symbol, price }               fresh,
//   203 { symbol, price, stale: true }  the last price it knows, when none came in time (the fallback),
//   503                                 when it knows none.
// GET /health/ready is 200 once the WebSocket is open.
//
// A question without an answer is asked once more after 100 ms, and given up after 250 ms. A WebSocket that is closed is opened again
// after 50 ms; twice as long each time that fails, up to 1 s.
//
// Switches, each the defect of a story: RETRY=off · FALLBACK=off · RECONNECT=off
import { createServer } from "node:http";
import { WebSocket } from "ws";
import { send, stopOnSignal } from "./http.mjs";

const { PRICES_URL = "http://127.0.0.1:4005", RETRY, FALLBACK, RECONNECT } = process.env;
const pending = new Map();
const lastKnown = new Map();
let asked = 0;
let socket;

function connect(pauseMs = 50) {
  let nextPauseMs = Math.min(1_000, pauseMs * 2);
  socket = new WebSocket(PRICES_URL.replace(/^http/, "ws"));
  socket.on("open", () => (nextPauseMs = 50));
  socket.on("message", (words) => {
    const { id, symbol, price } = JSON.parse(words);
    lastKnown.set(symbol, price);
    pending.get(id)?.(price);
  });
  socket.on("error", () => {}); // the close that follows says what there is to say
  socket.on("close", (code, reason) => {
    console.log(`quotes: closed with ${code} ${reason.toString()}`);
    for (const answer of pending.values()) answer(undefined);
    if (RECONNECT !== "off") setTimeout(connect, pauseMs, nextPauseMs);
  });
}

/** The price; undefined when none came in time. */
function ask(symbol) {
  if (socket.readyState !== WebSocket.OPEN) return undefined;
  const id = ++asked;
  const question = JSON.stringify({ id, symbol });
  return new Promise((resolve) => {
    const again = setTimeout(() => (RETRY === "off" ? undefined : socket.send(question, () => {})), 100);
    const giveUp = setTimeout(() => pending.get(id)?.(undefined), 250);
    pending.set(id, (price) => {
      clearTimeout(again);
      clearTimeout(giveUp);
      pending.delete(id);
      resolve(price);
    });
    socket.send(question, () => {});
  });
}

const server = createServer(async (request, response) => {
  if (request.url === "/health/ready") return send(response, socket.readyState === WebSocket.OPEN ? 200 : 503, { open: socket.readyState === WebSocket.OPEN });
  const symbol = /^\/quotes\/(\w+)$/.exec(request.url)?.[1];
  if (symbol === undefined) return send(response, 404, { error: "not found" });
  const price = await ask(symbol);
  if (price !== undefined) return send(response, 200, { symbol, price });
  const last = lastKnown.get(symbol);
  if (FALLBACK === "off" || last === undefined) return send(response, 503, { error: "no price" });
  return send(response, 203, { symbol, price: last, stale: true });
});

connect();
server.listen(Number(process.env.PORT ?? 4006), "127.0.0.1", () => console.log("quotes: listening"));
stopOnSignal(server);
