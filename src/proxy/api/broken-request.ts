import type { IncomingMessage } from "node:http";
import type { Reply } from "./reply.ts";

/** What Go's server answers, and closes the connection, to requests that Node's parser lets pass; undefined where there is nothing wrong. */
export function refusalOfBroken({ rawHeaders, headers, httpVersion, httpVersionMajor }: IncomingMessage): Reply | undefined {
  if (httpVersionMajor !== 1) return brokenReply(505, "505 HTTP Version Not Supported: unsupported protocol version");
  const hosts = rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === "host").length;
  if (hosts === 0 && httpVersion !== "1.0") return brokenReply(400, "400 Bad Request: missing required Host header");
  // Whoever stands between may read another of them than we do.
  if (hosts > 1) return brokenReply(400, "400 Bad Request");
  const coding = headers["transfer-encoding"];
  return coding === undefined || coding.toLowerCase() === "chunked" ? undefined : brokenReply(501, "Unsupported transfer encoding");
}

export function brokenReply(status: number, body: string): Reply {
  return { status, headers: { "Content-Type": "text/plain; charset=utf-8", Connection: "close" }, body };
}
