import { connect } from "node:net";
import type { Caller } from "./caller.ts";
import { Keep, once } from "./caller.ts";
import { failureWord } from "./failure.ts";

/** One connection per call: connects, sends, and reads until what is looked for has come; without it, being connected is the answer. */
export function tcpCaller(): Caller {
  return {
    call: (call, _headers, answered) => {
      if (call.kind !== "tcp") throw new TypeError(`expected a TCP call, got ${call.kind}`);
      const kept = new Keep(call.keepBytes);
      const socket = connect({ host: call.host, port: call.port, noDelay: true });
      const answer = once((told) => {
        answered(told);
        socket.destroy();
      });
      const soFar = (): { readonly body: string; readonly bodyBytes: number } => ({ body: kept.text(), bodyBytes: kept.bytes });
      socket.once("connect", () => {
        if (call.send !== undefined) socket.write(call.send);
        if (call.readUntil === undefined) answer(soFar());
      });
      socket.on("data", (chunk: Buffer) => {
        kept.add(chunk);
        if (call.readUntil !== undefined && kept.text().includes(call.readUntil)) answer(soFar());
      });
      socket.once("end", () => answer({ ...soFar(), failure: "closed" }));
      socket.once("error", (error) => answer({ ...soFar(), failure: failureWord(error) }));
      return { abort: (failure) => answer({ ...soFar(), failure }) };
    },
    close: () => Promise.resolve(),
  };
}
