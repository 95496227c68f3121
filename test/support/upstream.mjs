// A dependency: GET /work answers at once. Environment: PORT.
import { createServer } from "node:http";

createServer((request, response) => {
  response.end(JSON.stringify({ path: request.url }));
}).listen(Number(process.env.PORT), "127.0.0.1");
