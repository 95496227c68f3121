import { connect } from "node:net";
import type { Socket } from "node:net";
import { encodeRequestKey } from "../../src/math/request-key.ts";
import { tracePrefix } from "./http-edge.ts";

/** One thing that a client does: a call, made again up to `attempts` times in all while it is answered 503. */
export interface Task {
  /** Number of its request. */
  readonly n: number;
  readonly path: string;
  readonly attempts: number;
}

/** Every second request carries a trace of the run. */
export function isTraced(n: number): boolean {
  return n % 2 === 0;
}

/**
 * What clients do for requests 1 to `count`, in another order for each `order`: within some dozens, tasks change their places. Of every eight
 * requests one makes three attempts whatever comes of them, which overlap where there are connections for them; another makes two different calls.
 */
export function tasksOf(count: number, order: number): readonly Task[] {
  const tasks = Array.from({ length: count }, (_, i) => i + 1).flatMap((n): readonly Task[] => {
    const call = { n, path: `/${n}`, attempts: 3 };
    if (n % 8 === 0) return Array.from({ length: 3 }, () => ({ ...call, attempts: 1 }));
    return n % 8 === 2 ? [call, { ...call, path: `/beside/${n}` }] : [call];
  });
  return tasks.map((task, i) => ({ task, place: i + ((i * 7919 * (order + 1)) % 48) })).toSorted((a, b) => a.place - b.place).map(({ task }) => task);
}

/** Does one task after the other on one connection; tells of each answer its body. */
export function drive(port: number, take: () => Task | undefined, told: (task: Task, body: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let task: Task | undefined;
    let left = 0;
    let got = "";
    const send = (isBusy: boolean): void => {
      if (!isBusy || left === 0) {
        task = take();
        left = task?.attempts ?? 0;
      }
      if (task === undefined) return void socket.end();
      left -= 1;
      got = "";
      socket.write(headOf(task));
    };
    socket.on("connect", () => { send(false); }).on("error", reject).on("close", () => { resolve(); });
    socket.on("data", (bytes) => {
      got += bytes.toString("latin1");
      const end = got.indexOf("\r\n\r\n") + 4;
      const length = end < 4 ? undefined : /content-length: (\d+)/i.exec(got)?.[1];
      if (task === undefined || length === undefined || got.length < end + Number(length)) return;
      told(task, got.slice(end));
      send(got.startsWith("HTTP/1.1 503"));
    });
  });
}

function headOf({ n, path }: Task): string {
  return `GET ${path} HTTP/1.1\r\nHost: x\r\n${isTraced(n) ? `traceparent: 00-${tracePrefix}${encodeRequestKey("test", 0, n)}-00f067aa0ba902b7-01\r\n` : ""}\r\n`;
}
