// A gRPC service of prices: shop.Pricing/Quote takes { sku, quantity } and answers { sku, total }; JSON as messages, so that no schema is needed.
import { Server, ServerCredentials, status } from "@grpc/grpc-js";
import { pricing } from "./pricing-api.mjs";

const pence = { tea: 310, scone: 275 };

function quote({ request: { sku, quantity = 1 } }, answer) {
  const price = pence[sku];
  if (price === undefined) return answer({ code: status.NOT_FOUND, details: `no such thing as ${sku}` });
  answer(null, { sku, total: price * quantity });
}

const server = new Server();
server.addService(pricing, { quote });
server.bindAsync(`127.0.0.1:${process.env.PORT}`, ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error;
});
for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => server.forceShutdown());
