import { request as overHttp } from "node:http";
import type { IncomingMessage } from "node:http";
import { request as overHttps } from "node:https";
import { ChaosError } from "../../model/error.ts";
import type { Json } from "../../model/json.ts";

export interface Question {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly url: URL;
  readonly token: string | undefined;
  /** Plain data. */
  readonly body: object | undefined;
  readonly timeoutMs: number;
}

export interface Answer {
  readonly status: number;
  /** Absent: it is empty or no JSON. */
  readonly body: Json | undefined;
  readonly text: string;
  /** What the server calls itself. */
  readonly server: string | undefined;
}

/** More than a server of ten thousand proxies has to say. */
const mostBytes = 64 * 1024 * 1024;

/** One request on a connection of its own. Throws ChaosError `api-unreachable` when there is no answer. */
export function exchange(question: Question): Promise<Answer> {
  const { method, url, token, body, timeoutMs } = question;
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers = {
    accept: "application/json", "user-agent": "chaos",
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(text === undefined ? {} : { "content-type": "application/json", "content-length": String(Buffer.byteLength(text)) }),
  };
  const open = url.protocol === "https:" ? overHttps : overHttp;
  return new Promise<Answer>((resolve, reject) => {
    const asked = open(url, { method, headers, agent: false, timeout: timeoutMs }, (response) => {
      whole(response).then((got) => resolve({ status: response.statusCode ?? 0, body: jsonOf(got), text: got, server: [response.headers.server].flat()[0] }), (error: unknown) => reject(unreachable(url, error)));
    });
    // From the first byte to the last: a server that trickles is given up as well.
    const limit = setTimeout(() => asked.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
    asked.on("close", () => clearTimeout(limit));
    asked.on("error", (error) => reject(unreachable(url, error)));
    asked.end(text);
  });
}

async function whole(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response) {
    const piece = Buffer.from(part);
    bytes += piece.length;
    if (bytes > mostBytes) throw new Error(`its answer is longer than ${mostBytes / 1024 / 1024} MiB`);
    parts.push(piece);
  }
  return Buffer.concat(parts).toString("utf8");
}

function jsonOf(text: string): Json | undefined {
  try {
    const value: Json = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

function unreachable({ origin, host, port }: URL, error: unknown): ChaosError {
  const refused = codesOf(error).includes("ECONNREFUSED");
  const message = refused ? `expected a control API at ${origin}, but nothing listens there` : `expected an answer of the control API at ${origin}: ${error instanceof Error && error.message !== "" ? error.message : "the connection failed"}`;
  const start = isLoopback(host) ? `start one with: chaos proxy${port === "8474" ? "" : ` --api ${host}${port === "" ? ":80" : ""}`}; ` : "check that one runs there; ";
  return new ChaosError("api-unreachable", message, { hint: `${start}or name another with --api URL`, cause: error });
}

/** A name with two addresses fails with an error for each. */
function codesOf(error: unknown): readonly unknown[] {
  if (error instanceof AggregateError) return error.errors.flatMap(codesOf);
  return error instanceof Error && "code" in error ? [error.code] : [];
}

function isLoopback(host: string): boolean {
  return /^(?:localhost|127\.|\[::1\])/.test(host);
}
