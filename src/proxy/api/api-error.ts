import type { JsonObject } from "../../model/json.ts";

/** Why a request to the control API is refused: the status of the answer and what its `error` says, in Toxiproxy's words where it has any. */
export class ApiError extends Error {
  readonly status: number;
  /** Of `populate` only: the proxies that were made before it failed. */
  readonly proxies: readonly JsonObject[] | undefined;

  constructor(status: number, message: string, options: { proxies?: readonly JsonObject[]; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = "ApiError";
    this.status = status;
    this.proxies = options.proxies;
  }
}
