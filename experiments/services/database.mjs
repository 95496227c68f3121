// A real PostgreSQL (PGlite: the server itself, compiled to WebAssembly) behind the PostgreSQL wire protocol on PORT,
// with a table of products. No installation, nothing on disk.
import { PGlite } from "@electric-sql/pglite";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";

const database = await PGlite.create();
await database.exec(`
  create table products (id integer primary key, name text not null, price_cents integer not null);
  insert into products select n, 'product ' || n, 100 + n from generate_series(1, 100) as n;
`);
const server = new PGLiteSocketServer({ db: database, host: "127.0.0.1", port: Number(process.env.PORT ?? 5432), maxConnections: 20 });
await server.start();
console.log("database: listening");

for (const signal of ["SIGTERM", "SIGINT"]) {
  process.once(signal, async () => {
    await server.stop();
    process.exit(0);
  });
}
