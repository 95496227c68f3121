// What pricing and its callers agree on.
const toBytes = (value) => Buffer.from(JSON.stringify(value));
const fromBytes = (bytes) => JSON.parse(bytes.toString());

export const pricing = {
  quote: { path: "/shop.Pricing/Quote", requestStream: false, responseStream: false, requestSerialize: toBytes, requestDeserialize: fromBytes, responseSerialize: toBytes, responseDeserialize: fromBytes },
};
