import { Agent } from "undici";
import type { Load } from "../../model/experiment.ts";
import type { ProbeAnswer } from "../../model/probe-type.ts";
import { once, Keep } from "./caller.ts";
import type { Caller } from "./caller.ts";
import { failureWord } from "./failure.ts";
import type { Trust } from "./trust.ts";

/**
 * HTTP/1.1 over connections of its own: each request on one that is idle, or on a new one; never retried, never redirected.
 * Timeouts are the load's, counted from the due time, so the client has none.
 */
export function httpCaller(connections: Load["connections"], trust: Trust = {}): Caller {
  const agent = new Agent({ connections: null, pipelining: connections === "fresh" ? 0 : 1, headersTimeout: 0, bodyTimeout: 0, maxHeaderSize: 64 * 1024, allowH2: false, connect: { timeout: 0, ...trust } });
  return {
    call: (call, added, answered) => {
      if (call.kind !== "http") throw new TypeError(`expected an HTTP call, got ${call.kind}`);
      const answer = once(answered);
      const url = new URL(call.url);
      const kept = new Keep(call.keepBytes);
      let head: Pick<ProbeAnswer, "status" | "headers"> = {};
      let abort: ((reason: Error) => void) | undefined;
      let isAborted = false;
      const soFar = (): ProbeAnswer => ({ ...head, body: kept.text(), bodyBytes: kept.bytes });
      agent.dispatch(
        { origin: url.origin, path: url.pathname + url.search, method: call.method, headers: { ...call.headers, ...added }, body: call.body ?? null, idempotent: false, blocking: false },
        {
          onRequestStart: (controller) => {
            abort = (reason) => controller.abort(reason);
            if (isAborted) abort(new Error("aborted"));
          },
          onResponseStart: (_controller, status, headers) => {
            head = { status, headers: flat(headers) };
          },
          onResponseData: (_controller, chunk) => kept.add(chunk),
          onResponseEnd: () => answer(soFar()),
          onResponseError: (_controller, error) => answer({ ...soFar(), failure: failureWord(error) }),
        },
      );
      return {
        abort: (failure) => {
          isAborted = true;
          answer({ ...soFar(), failure });
          abort?.(new Error("aborted"));
        },
      };
    },
    close: () => agent.destroy(),
  };
}

function flat(headers: Readonly<Record<string, string | readonly string[] | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value = ""]) => [name.toLowerCase(), typeof value === "string" ? value : value.join(", ")]));
}
