import { Client, Metadata, Server, ServerCredentials, credentials, status } from "@grpc/grpc-js";
import type { ClientOptions, MethodDefinition, ServerDuplexStream, ServerOptions, ServerReadableStream, ServerUnaryCall, ServerWritableStream, ServiceDefinition, StatusObject, UntypedServiceImplementation, sendUnaryData } from "@grpc/grpc-js";
import type { Undo } from "./http-edge.ts";

const method = (name: string, requestStream: boolean, responseStream: boolean): MethodDefinition<Buffer, Buffer> => ({
  path: `/shop.Orders/${name}`, requestStream, responseStream,
  requestSerialize: (bytes) => bytes, requestDeserialize: (bytes) => bytes, responseSerialize: (bytes) => bytes, responseDeserialize: (bytes) => bytes,
});

const orders: ServiceDefinition = {
  get: method("Get", false, false),
  list: method("List", false, true),
  add: method("Add", true, false),
  chat: method("Chat", true, true),
};

export interface GrpcServerOptions {
  /** In place of the echo of unary calls. */
  readonly get?: (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => void;
  readonly options?: ServerOptions;
  readonly credentials?: ServerCredentials;
}

/** A gRPC server without a schema: Get echoes, List gives each byte of the request as a message, Add joins what comes, Chat answers each message with itself. */
export async function serveGrpc(undo: Undo, { get, options = {}, credentials: own = ServerCredentials.createInsecure() }: GrpcServerOptions = {}) {
  const seen: { readonly method: string; readonly metadata: Metadata }[] = [];
  let cancelled = 0;
  const note = (name: string, call: { readonly metadata: Metadata; on(event: "cancelled", listener: () => void): unknown }): void => {
    seen.push({ method: name, metadata: call.metadata });
    call.on("cancelled", () => (cancelled += 1));
  };
  const trailers = (): Metadata => {
    const metadata = new Metadata();
    metadata.set("x-trailer", "behind it all");
    metadata.set("x-trailer-bin", Buffer.from([0, 1, 254, 255]));
    return metadata;
  };
  const implementation: UntypedServiceImplementation = {
    get: (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => {
      note("get", call);
      const head = new Metadata();
      head.set("x-head", "before it all");
      call.sendMetadata(head);
      if (get === undefined) callback(null, call.request, trailers());
      else get(call, callback);
    },
    list: (call: ServerWritableStream<Buffer, Buffer>) => {
      note("list", call);
      for (const byte of call.request) call.write(Buffer.from([byte]));
      call.end(trailers());
    },
    add: (call: ServerReadableStream<Buffer, Buffer>, callback: (error: null, value: Buffer) => void) => {
      note("add", call);
      const pieces: Buffer[] = [];
      call.on("data", (piece: Buffer) => pieces.push(piece));
      call.on("end", () => callback(null, Buffer.concat(pieces)));
    },
    chat: (call: ServerDuplexStream<Buffer, Buffer>) => {
      note("chat", call);
      call.on("data", (piece: Buffer) => call.write(piece));
      call.on("end", () => call.end());
    },
  };
  const server = new Server(options);
  server.addService(orders, implementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", own, (error, bound) => (error === null ? resolve(bound) : reject(error)));
  });
  undo.push(() => server.forceShutdown());
  return { server, port, seen, cancelled: () => cancelled };
}

/** What a call came to. */
export interface Ended {
  readonly code: number;
  readonly details: string;
  readonly messages: readonly Buffer[];
  readonly head: Metadata | undefined;
  readonly trailers: Metadata;
}

const serialize = (bytes: Buffer): Buffer => bytes;

/** A gRPC client without a schema. Transparent and configured retries are off unless asked for. */
export class GrpcCaller {
  readonly client: Client;

  constructor(undo: Undo, port: number, options: ClientOptions = {}, own = credentials.createInsecure()) {
    this.client = new Client(`127.0.0.1:${port}`, own, { "grpc.enable_retries": 0, "grpc.use_local_subchannel_pool": 1, ...options });
    undo.push(() => this.client.close());
  }

  get(message: Buffer | string, { metadata = new Metadata(), deadlineMs = 15_000 }: { readonly metadata?: Metadata; readonly deadlineMs?: number } = {}): Promise<Ended> {
    return new Promise((resolve) => {
      let value: Buffer | undefined;
      const call = this.client.makeUnaryRequest("/shop.Orders/Get", serialize, serialize, Buffer.from(message), metadata, { deadline: Date.now() + deadlineMs }, (_error, answer) => (value = answer));
      settle(call, () => (value === undefined ? [] : [value]), resolve);
    });
  }

  list(message: Buffer, deadlineMs = 15_000): Promise<Ended> {
    return new Promise((resolve) => {
      const messages: Buffer[] = [];
      const call = this.client.makeServerStreamRequest("/shop.Orders/List", serialize, serialize, message, new Metadata(), { deadline: Date.now() + deadlineMs });
      call.on("data", (piece: Buffer) => messages.push(piece)).on("error", () => undefined);
      settle(call, () => messages, resolve);
    });
  }

  add(messages: readonly Buffer[]): Promise<Ended> {
    return new Promise((resolve) => {
      let value: Buffer | undefined;
      const call = this.client.makeClientStreamRequest("/shop.Orders/Add", serialize, serialize, new Metadata(), { deadline: Date.now() + 15_000 }, (_error, answer) => (value = answer));
      for (const message of messages) call.write(message);
      call.end();
      settle(call, () => (value === undefined ? [] : [value]), resolve);
    });
  }

  chat(deadlineMs = 15_000) {
    const call = this.client.makeBidiStreamRequest("/shop.Orders/Chat", serialize, serialize, new Metadata(), { deadline: Date.now() + deadlineMs });
    const messages: Buffer[] = [];
    call.on("data", (piece: Buffer) => messages.push(piece)).on("error", () => undefined);
    return { call, messages, ended: new Promise<Ended>((resolve) => settle(call, () => messages, resolve)) };
  }
}

interface Settling {
  on(event: "metadata", listener: (metadata: Metadata) => void): unknown;
  on(event: "status", listener: (status: StatusObject) => void): unknown;
}

function settle(call: Settling, messages: () => readonly Buffer[], resolve: (ended: Ended) => void): void {
  let head: Metadata | undefined;
  call.on("metadata", (metadata) => (head = metadata));
  // What callbacks set comes after it.
  call.on("status", ({ code, details, metadata }) => setImmediate(() => resolve({ code, details, messages: messages(), head, trailers: metadata })));
}

export { Metadata, status };
