// A product catalog: GET /products/N reads PostgreSQL at DB_HOST:DB_PORT and answers
//   200 { product }                    fresh from the database,
//   203 { product, stale: true }       the last one it knows, when the database did not answer in time (the fallback).
// GET /health/live, GET /health/ready (503 after 3 queries in a row failed, 200 again after one went through).
//
// Each query is given 300 ms; a query that ran out of time takes its connection with it.
// A second look at the database is taken once a second while it is down (the breaker), so that buyers do not wait for it.
//
// Switches, each the defect of a story: TIMEOUT=off · FALLBACK=off · BREAKER=off
import { createServer } from "node:http";
import pg from "pg";
import { send, stopOnSignal } from "./http.mjs";

const { DB_HOST, DB_PORT, TIMEOUT, FALLBACK, BREAKER } = process.env;
const limitMs = TIMEOUT === "off" ? 0 : 300;

const pool = new pg.Pool({
  host: DB_HOST, port: Number(DB_PORT), user: "postgres", database: "postgres", ssl: false,
  max: 8, connectionTimeoutMillis: limitMs, query_timeout: limitMs, idleTimeoutMillis: 0,
});
pool.on("error", () => {}); // an idle connection was cut; the pool opens another one when it is needed

const lastKnown = new Map();
let failuresInARow = 0;
let nextLookAt = 0;

async function readProduct(id) {
  if (BREAKER !== "off" && failuresInARow >= 3 && Date.now() < nextLookAt) throw new Error("database is out");
  nextLookAt = Date.now() + 1_000;
  const client = await pool.connect().catch(noteFailure);
  try {
    const { rows } = await client.query("select id, name, price_cents from products where id = $1", [id]);
    client.release();
    failuresInARow = 0;
    lastKnown.set(id, rows[0]);
    return rows[0];
  } catch (error) {
    client.release(true);
    return noteFailure(error);
  }
}

function noteFailure(error) {
  failuresInARow++;
  throw error;
}

const server = createServer(async (request, response) => {
  if (request.url === "/health/live") return send(response, 200, { status: "alive" });
  if (request.url === "/health/ready") return send(response, failuresInARow < 3 ? 200 : 503, { failuresInARow });
  const id = Number(/^\/products\/(\d+)$/.exec(request.url)?.[1]);
  if (!Number.isInteger(id)) return send(response, 404, { error: "not found" });
  try {
    const product = await readProduct(id);
    return product === undefined ? send(response, 404, { error: "no such product" }) : send(response, 200, { product });
  } catch (error) {
    const product = lastKnown.get(id);
    if (FALLBACK === "off" || product === undefined) return send(response, 503, { error: error.message });
    return send(response, 203, { product, stale: true });
  }
});

server.keepAliveTimeout = 60_000;
server.listen(Number(process.env.PORT ?? 4003), "127.0.0.1", () => console.log("catalog: listening"));
stopOnSignal(server);
