import { connect } from "node:net";

/** An answer as it came over the wire. */
export interface RawResponse {
  readonly status: number;
  /** Names as sent. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  /** Whether the server closed the connection behind it. */
  readonly closed: boolean;
  /** What the server sent in all. */
  readonly text: string;
}

export interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly host?: string;
}

/** The bytes of a request with a Content-Length where it has a body. */
function requestText({ method = "GET", path = "/", body, headers = {}, host = "localhost" }: RawRequest): string {
  const lines = [`${method} ${path} HTTP/1.1`, `Host: ${host}`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)];
  if (body !== undefined) lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
  return `${lines.join("\r\n")}\r\n\r\n${body ?? ""}`;
}

/** Sends bytes on a connection of its own and reads one answer, to its end as its framing says. */
export async function send(port: number, request: RawRequest | string, host = "127.0.0.1"): Promise<RawResponse> {
  const text = typeof request === "string" ? request : requestText(request);
  const isHead = text.startsWith("HEAD ");
  const socket = connect({ host, port });
  let received = "";
  let closed = false;
  await new Promise<void>((resolve, reject) => {
    socket.setEncoding("latin1");
    socket.on("data", (bytes: string) => {
      received += bytes;
      if (isWhole(received, isHead)) resolve();
    });
    socket.on("end", () => {
      closed = true;
      resolve();
    });
    socket.on("error", reject);
    socket.write(text);
  });
  if (!closed && /\r\nconnection: close\r\n/i.test(received)) {
    await new Promise<void>((resolve) => socket.on("close", () => resolve()).on("error", () => undefined));
    closed = true;
  }
  socket.destroy();
  return { ...parse(received), closed, text: received };
}

function parse(received: string): Omit<RawResponse, "closed" | "text"> {
  const last = received.replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, "");
  const end = last.indexOf("\r\n\r\n");
  const [statusLine = "", ...lines] = last.slice(0, end < 0 ? undefined : end).split("\r\n");
  const headers = lines.map((line): [string, string] => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]);
  const isChunked = headers.some(([name, value]) => name.toLowerCase() === "transfer-encoding" && value === "chunked");
  const body = end < 0 ? "" : last.slice(end + 4);
  return { status: Number(statusLine.split(" ")[1] ?? 0), headers, body: Buffer.from(isChunked ? unchunk(body) : body, "latin1").toString() };
}

function isWhole(received: string, isHead: boolean): boolean {
  const last = received.replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, "");
  const end = last.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const head = last.slice(0, end);
  if (isHead || / 204 | 304 /.test(head.split("\r\n")[0] ?? "")) return true;
  const length = /\r\ncontent-length: *(\d+)/i.exec(head);
  if (length !== null) return last.length - end - 4 >= Number(length[1]);
  return /\r\ntransfer-encoding: *chunked/i.test(head) && last.endsWith("0\r\n\r\n");
}

function unchunk(body: string): string {
  let rest = body;
  let whole = "";
  for (let size = Number.parseInt(rest, 16); size > 0; size = Number.parseInt(rest, 16)) {
    const start = rest.indexOf("\r\n") + 2;
    whole += rest.slice(start, start + size);
    rest = rest.slice(start + size + 2);
  }
  return whole;
}

/** The value of a header; absent when it was not sent. */
export function header(response: RawResponse, name: string): string | undefined {
  return response.headers.find(([known]) => known.toLowerCase() === name.toLowerCase())?.[1];
}
