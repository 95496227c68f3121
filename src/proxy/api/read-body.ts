import type { IncomingMessage } from "node:http";
import { ApiError } from "./api-error.ts";

/** Far more than any client's: a populate of a thousand proxies has some 200 KB. */
export const mostBodyBytes = 1024 * 1024;

/** Whether its head announces a body. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || announcedBytes(headers["content-length"]) > 0;
}

/** Whether more is announced, or may come, than will be read. */
export function mayExceed(request: IncomingMessage, bytes: number): boolean {
  return request.headers["transfer-encoding"] !== undefined || announcedBytes(request.headers["content-length"]) > bytes;
}

/** The body as text; throws ApiError 413 as soon as it is known to be too large, and reads no further then. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  if (announcedBytes(request.headers["content-length"]) > mostBodyBytes) throw tooLarge();
  await new Promise<void>((resolve, reject) => {
    request.on("data", (bytes: Buffer) => {
      length += bytes.byteLength;
      if (length <= mostBodyBytes) return void parts.push(bytes);
      request.pause();
      reject(tooLarge());
    });
    request.on("end", resolve);
    // It left: nobody is there to be answered.
    request.on("close", () => reject(new ApiError(400, "bad request body: unexpected EOF")));
  });
  return Buffer.concat(parts).toString();
}

function announcedBytes(value: string | undefined): number {
  return value === undefined ? 0 : Number(value);
}

function tooLarge(): ApiError {
  return new ApiError(413, `bad request body: expected at most ${mostBodyBytes} bytes`);
}
