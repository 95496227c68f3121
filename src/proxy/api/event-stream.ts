import type { ServerResponse } from "node:http";
import type { JsonObject } from "../../model/json.ts";
import type { Control } from "./control.ts";
import { toJsonText } from "./encode.ts";
import { describePassage, moment } from "./exchange-words.ts";
import type { LogEntry, WitnessLog } from "./witness-log.ts";

/** Bytes that wait for one watcher; more, and it is not keeping up. */
const mostWaitingBytes = 1024 * 1024;
const mostWatchers = 100;
/** Between two signs of life: so a watcher that is gone is noticed, and one behind a proxy is not cut off as idle. */
const heartbeatMs = 15_000;
/** For what is still on its way when a stream has ended. */
const lingerMs = 2_000;

interface Sse {
  readonly event: string;
  readonly data: JsonObject;
}

/** Those who watch as it happens, by server-sent events. None of them holds up the others: who does not keep up is told so by a last event, and ended. */
export class EventStreams {
  readonly #log: WitnessLog;
  readonly #control: Pick<Control, "proxy" | "toxic">;
  readonly #enders = new Set<(last: Sse) => void>();

  constructor(log: WitnessLog, control: Pick<Control, "proxy" | "toxic">) {
    this.#log = log;
    this.#control = control;
  }

  get isFull(): boolean {
    return this.#enders.size >= mostWatchers;
  }

  /** Tells of one proxy, or of all, until the watcher leaves. */
  open(response: ServerResponse, proxy: string | undefined): void {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store", Connection: "close" });
    response.write(": events of chaos\n\n");
    const stopWatching = this.#log.watch((entries) => {
      for (const entry of entries) {
        const sse = this.#eventOf(entry, proxy);
        if (sse === undefined) continue;
        response.write(textOf(sse));
        if (response.writableLength <= mostWaitingBytes) continue;
        end({ event: "dropped", data: { ...moment(momentOf(entry), this.#log.zeroMs), why: `you did not keep up: ${mostWaitingBytes} bytes were waiting for you` } });
        return;
      }
    });
    const heartbeat = setInterval(() => response.write(":\n\n"), heartbeatMs);
    const leave = (): void => {
      stopWatching();
      clearInterval(heartbeat);
      this.#enders.delete(end);
    };
    const end = (last: Sse): void => {
      leave();
      response.end(textOf(last));
      const timer = setTimeout(() => response.destroy(), lingerMs);
      response.on("close", () => clearTimeout(timer));
    };
    this.#enders.add(end);
    response.on("close", leave).on("error", leave);
  }

  /** Ends all of them, with a last event. */
  close(): void {
    for (const end of this.#enders) end({ event: "closing", data: { why: "the control API is closed" } });
  }

  #eventOf(entry: LogEntry, proxy: string | undefined): Sse | undefined {
    if (entry.kind === "changed") return proxy === undefined || entry.event.proxy === proxy ? this.#changeOf(entry) : undefined;
    const { record } = entry;
    if (record.kind === "stall" || record.kind === "starved" || (proxy !== undefined && record.proxy !== proxy)) return undefined;
    if (record.kind === "exchange" || record.kind === "connection") return { event: record.kind, data: describePassage(record, this.#log.zeroMs) };
    if (record.kind === "witness-issue") return { event: "issue", data: { ...moment(record.atMs, this.#log.zeroMs), proxy: record.proxy, code: record.code, message: record.message } };
    return undefined;
  }

  #changeOf({ atMs, event }: Extract<LogEntry, { kind: "changed" }>): Sse {
    const { proxy, change } = event;
    const data = { ...moment(atMs, this.#log.zeroMs), change, proxy };
    if (event.kind === "proxy") return { event: "proxy", data: { ...data, now: orNull(() => this.#control.proxy(proxy)) } };
    return { event: "toxic", data: { ...data, toxic: event.toxic, now: orNull(() => this.#control.toxic(proxy, event.toxic)) } };
  }
}

function momentOf(entry: LogEntry): number {
  return entry.kind === "changed" ? entry.atMs : entry.record.atMs;
}

/** What is not there any more. */
function orNull(read: () => JsonObject): JsonObject | null {
  try {
    return read();
  } catch {
    return null;
  }
}

function textOf({ event, data }: Sse): string {
  return `event: ${event}\ndata: ${toJsonText(data)}\n\n`;
}
