import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { ChaosError } from "../../model/error.ts";
import { ApiError } from "./api-error.ts";
import { brokenReply, refusalOfBroken } from "./broken-request.ts";
import { EventStreams } from "./event-stream.ts";
import { Metrics } from "./metrics.ts";
import { hasBody, mayExceed, readBody } from "./read-body.ts";
import { emptyReply, errorReply, textReply, timeoutReply, writeReply } from "./reply.ts";
import type { Reply } from "./reply.ts";
import { nextRequestId } from "./request-id.ts";
import { cleanPath, encodePath, readTarget } from "./request-target.ts";
import type { RequestTarget } from "./request-target.ts";
import { findRoute } from "./routes.ts";
import type { ApiControl, Watch } from "./routes.ts";
import { refusalOf } from "./security.ts";
import type { AccessRules } from "./security.ts";
import type { WitnessLog } from "./witness-log.ts";

/** Of a body that nobody wants so much is read to keep the connection; with more to come it is closed. */
const mostUnwantedBytes = 256 * 1024;
/** A client that is still sending when it is answered gets so long to read the answer before its connection is closed. */
const lingerMs = 500;

/** For the count of open connections. */
const countWithinMs = 1_000;

export interface RequestHandlerOptions {
  readonly rules: AccessRules;
  readonly control: ApiControl;
  readonly log: WitnessLog;
  /** Value of the `Server` header. */
  readonly server: string;
  /** For what is not answered by then: 503. */
  readonly answerWithinMs: number;
  readonly openConnections?: (() => Promise<ReadonlyMap<string, number>>) | undefined;
}

/** Answers the requests to the control API. */
export class RequestHandler {
  readonly #options: RequestHandlerOptions;
  readonly #metrics: Metrics;
  readonly #streams: EventStreams;
  readonly #underWay = new Set<ServerResponse>();
  #whenQuiet: (() => void) | undefined;

  constructor(options: RequestHandlerOptions) {
    this.#options = options;
    this.#metrics = new Metrics(options.control, options.log);
    this.#streams = new EventStreams(options.log, options.control);
  }

  /** Ends the streams of events. */
  close(): void {
    this.#metrics.close();
    this.#streams.close();
  }

  /** Resolves when everything that was asked is answered. */
  async quiet(): Promise<void> {
    if (this.#underWay.size > 0) await new Promise<void>((resolve) => (this.#whenQuiet = resolve));
  }

  /** Whether the answer to a request that came by it is on its way. */
  isAnswering(socket: Duplex): boolean {
    return [...this.#underWay].some((response) => response.socket === socket && response.headersSent);
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#underWay.add(response);
    response.on("close", () => this.#over(response));
    response.on("error", () => undefined);
    request.on("error", () => undefined);
    response.setHeader("Server", this.#options.server);
    const method = request.method ?? "";
    const target = request.url === "*" ? { path: "*", query: "" } : readTarget(request.url ?? "");
    if (target === undefined) return this.#answer(request, response, brokenReply(400, "400 Bad Request"), "");
    const refusal = refusalOfBroken(request) ?? this.#refusal(request, target);
    if (refusal !== undefined) return this.#answer(request, response, refusal, "");
    if (target.path === "*") return this.#answer(request, response, emptyReply(method === "OPTIONS" ? 200 : 404), "");
    const path = cleanPath(target.path);
    if (path !== target.path) return this.#answer(request, response, emptyReply(301, { Location: encodePath(path) + target.query }), "");
    const found = findRoute(method, path);
    if (found === undefined) return this.#answer(request, response, textReply(404, "404 page not found"), "");
    const { route, handler, proxy, toxic } = found;
    if (handler === undefined) return this.#answer(request, response, emptyReply(405), route.pattern);
    response.setHeader("X-Toxiproxy-Request-Id", nextRequestId());
    if (request.headers["user-agent"]?.startsWith("Mozilla/") === true) return this.#answer(request, response, textReply(403, "User agent not allowed"), route.pattern);
    const context = { control: this.#options.control, log: this.#options.log, caughtUp: () => this.#openConnections(), metrics: async () => this.#metrics.text(await this.#openConnections()) };
    const body = (): Promise<string> => readBody(request);
    const outcome = await this.#inTime(handler(context, { proxy, toxic, query: target.query, body }));
    if (!("watch" in outcome)) return this.#answer(request, response, outcome, route.pattern);
    if (this.#streams.isFull) return this.#answer(request, response, errorReply(503, "too many event streams are open"), route.pattern);
    this.#metrics.answered(method, route.pattern, 200);
    this.#streams.open(response, outcome.watch.proxy);
  }

  #over(response: ServerResponse): void {
    this.#underWay.delete(response);
    if (this.#underWay.size === 0) this.#whenQuiet?.();
  }

  #refusal({ headers }: IncomingMessage, { authority }: RequestTarget): Reply | undefined {
    const { host, origin, authorization } = headers;
    const apiToken = headers["x-api-token"];
    return refusalOf({ host: authority ?? host, origin, authorization, apiToken: Array.isArray(apiToken) ? apiToken[0] : apiToken }, this.#options.rules);
  }

  /** What a route comes to, its errors told as replies. */
  async #inTime(work: Promise<Reply | Watch>): Promise<Reply | Watch> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Reply>((resolve) => {
      timer = setTimeout(() => resolve(timeoutReply), this.#options.answerWithinMs);
    });
    const outcome = await Promise.race([work.catch((error: unknown) => replyTo(error)), late]);
    clearTimeout(timer);
    return outcome;
  }

  #answer(request: IncomingMessage, response: ServerResponse, reply: Reply, route: string): void {
    this.#metrics.answered(knownMethods.has(request.method ?? "") ? (request.method ?? "") : "other", route, reply.status);
    // `complete` says nothing yet of a request without a body.
    if (request.complete || !hasBody(request) || (reply.status !== 413 && !mayExceed(request, mostUnwantedBytes))) {
      writeReply(response, reply);
      response.end();
      return;
    }
    // Closed at once, the connection would be reset, and its client might not see the answer.
    request.pause();
    writeReply(response, { ...reply, headers: { ...reply.headers, Connection: "close" } });
    const timer = setTimeout(() => request.socket.destroy(), lingerMs);
    response.on("close", () => clearTimeout(timer));
  }

  /** Nothing where the data plane does not tell in time. */
  async #openConnections(): Promise<ReadonlyMap<string, number> | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), countWithinMs);
    });
    const open = await Promise.race([this.#options.openConnections?.().catch(() => undefined), late]);
    clearTimeout(timer);
    return open;
  }
}

const knownMethods = new Set(["GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS"]);

function replyTo(error: unknown): Reply {
  if (error instanceof ApiError) return errorReply(error.status, error.message);
  if (error instanceof ChaosError) return errorReply(500, error.hint === undefined ? error.message : `${error.message}: ${error.hint}`);
  return errorReply(500, `internal error: ${error instanceof Error ? error.message : String(error)}`);
}
