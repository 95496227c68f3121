// A service whose calls go where HTTP_PROXY says: GET / asks STOCK_URL and PRICES_URL by their own URLs and answers with both statuses;
// GET /away asks a host elsewhere. Passes traceparent on. Environment: PORT too.
import { createServer } from "node:http";
import { EnvHttpProxyAgent, request as call } from "undici";

const { PORT, STOCK_URL, PRICES_URL } = process.env;
const dispatcher = new EnvHttpProxyAgent();

async function statusOf(url, { traceparent }) {
  try {
    const { statusCode, body } = await call(url, { dispatcher, headers: traceparent === undefined ? {} : { traceparent } });
    await body.dump();
    return statusCode;
  } catch (error) {
    return error.message;
  }
}

createServer(async (request, response) => {
  if (request.url === "/health") return response.end("ok");
  const urls = request.url === "/away" ? ["http://api.example.test/"] : [`${STOCK_URL}/stock`, `${PRICES_URL}/prices`];
  const statuses = await Promise.all(urls.map((url) => statusOf(url, request.headers)));
  response.writeHead(statuses.every((status) => status === 200) ? 200 : 503).end(JSON.stringify(statuses));
}).listen(Number(PORT), "127.0.0.1");
