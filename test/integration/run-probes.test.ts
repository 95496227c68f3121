import { createServer as createHttpServer } from "node:http";
import type { IncomingMessage, RequestListener } from "node:http";
import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import type { ProbeAnswer, ProbeCall } from "../../src/model/probe-type.ts";
import { commandCaller } from "../../src/run/probes/command.ts";
import { httpCaller } from "../../src/run/probes/http.ts";
import { tcpCaller } from "../../src/run/probes/tcp.ts";
import type { Caller } from "../../src/run/probes/index.ts";
import { eventually } from "../support/chaos.ts";
import { processesWith } from "../support/processes.ts";

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

function kept<C extends Caller>(caller: C): C {
  undo.push(() => caller.close());
  return caller;
}

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    socket.on("error", () => undefined);
    sockets.add(socket);
  });
  undo.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

async function httpServer(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await portOf(createHttpServer({ keepAliveTimeout: 60_000 }, listener))}`;
}

async function tcpServer(accept: (socket: Socket) => void): Promise<number> {
  return portOf(createServer(accept));
}

const ask = (caller: Caller, call: ProbeCall, headers: Readonly<Record<string, string>> = {}): Promise<ProbeAnswer> => new Promise((resolve) => void caller.call(call, headers, resolve));
const get = (url: string, more: Partial<Extract<ProbeCall, { kind: "http" }>> = {}): ProbeCall => ({ kind: "http", method: "GET", url, headers: {}, trace: true, keepBytes: 100, ...more });
const closedPort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => void server.close(() => resolve()));
  return port;
};

describe("HTTP calls", () => {
  test("send what was asked, and give status, headers and body", async () => {
    const seen: IncomingMessage[] = [];
    const url = await httpServer((request, response) => {
      seen.push(request);
      request.resume().on("end", () => response.writeHead(201, { "X-Kind": "a" }).end("made"));
    });
    const answer = await ask(kept(httpCaller("reuse")), get(`${url}/orders?x=1`, { method: "POST", headers: { "content-type": "text/plain" }, body: "hello" }), { traceparent: "00-1-2-01" });
    expect(answer).toMatchObject({ status: 201, body: "made", bodyBytes: 4, headers: { "x-kind": "a" } });
    expect(answer).not.toHaveProperty("failure");
    expect(seen[0]).toMatchObject({ method: "POST", url: "/orders?x=1", headers: { "content-type": "text/plain", "content-length": "5", traceparent: "00-1-2-01" } });
  });

  test("keep the first bytes of a long body, and count the rest", async () => {
    const url = await httpServer((_request, response) => void response.end("x".repeat(5_000_000)));
    const answer = await ask(kept(httpCaller("reuse")), get(url));
    expect(answer).toMatchObject({ status: 200, body: "x".repeat(100), bodyBytes: 5_000_000 });
  });

  test("do not follow a redirect", async () => {
    const url = await httpServer((_request, response) => void response.writeHead(302, { location: "/else" }).end());
    expect(await ask(kept(httpCaller("reuse")), get(url))).toMatchObject({ status: 302 });
  });

  test.each([["reuse", 1], ["fresh", 3]] as const)("with connections: %s make %i connections for three calls, one after the other", async (connections, count) => {
    const ports = new Set<number | undefined>();
    const url = await httpServer((request, response) => {
      ports.add(request.socket.remotePort);
      response.end("ok");
    });
    const caller = kept(httpCaller(connections));
    for (let i = 0; i < 3; i++) {
      await ask(caller, get(url));
      // The connection is idle a moment after the answer.
      await new Promise((resolve) => { setImmediate(resolve); });
    }
    expect(ports.size).toBe(count);
  });

  test("do not wait for one another", async () => {
    let asked = 0;
    const url = await httpServer((_request, response) => {
      asked += 1;
      if (asked === 5) response.end("ok");
    });
    const caller = kept(httpCaller("reuse"));
    const fifth = Promise.race(Array.from({ length: 5 }, () => ask(caller, get(url))));
    expect(await fifth).toMatchObject({ status: 200 });
  });

  test("fail as refused, reset, closed, malformed, and are not tried again", async () => {
    const caller = kept(httpCaller("reuse"));
    let accepted = 0;
    const broken = (act: (socket: Socket) => void): Promise<number> => tcpServer((socket) => {
      accepted += 1;
      socket.once("data", () => act(socket));
    });
    const failureAt = async (port: number): Promise<string | undefined> => (await ask(caller, get(`http://127.0.0.1:${port}/`))).failure;
    expect(await failureAt(await closedPort())).toBe("refused");
    expect(await failureAt(await broken((socket) => socket.resetAndDestroy()))).toBe("reset");
    expect(await failureAt(await broken((socket) => socket.end()))).toBe("closed");
    expect(await failureAt(await broken((socket) => socket.end("HTTP/1.1 what\r\n\r\n")))).toBe("malformed");
    expect(accepted).toBe(3);
  });

  test("tell what came of an answer that was cut off", async () => {
    const port = await tcpServer((socket) => void socket.once("data", () => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", () => socket.resetAndDestroy())));
    const answer = await ask(kept(httpCaller("reuse")), get(`http://127.0.0.1:${port}/`));
    expect(answer.status).toBe(200);
    expect(answer.failure).toMatch(/^(reset|closed)$/);
  });

  test("that are aborted are answered at once, and their connection is closed", async () => {
    let closed = false;
    let arrived = (): void => undefined;
    const hasArrived = new Promise<void>((resolve) => { arrived = resolve; });
    const url = await httpServer((request, response) => {
      response.writeHead(200).write("some");
      request.socket.once("close", () => { closed = true; });
      arrived();
    });
    const caller = kept(httpCaller("reuse"));
    const answers: ProbeAnswer[] = [];
    const flight = caller.call(get(url), {}, (answer) => void answers.push(answer));
    await hasArrived;
    flight.abort("timeout");
    expect(answers).toMatchObject([{ failure: "timeout" }]);
    await eventually(() => (closed ? true : undefined));
    flight.abort("timeout");
    expect(answers.length).toBe(1);
  });

  test("that are aborted before they are connected are not sent", async () => {
    let requests = 0;
    const url = await httpServer((_request, response) => {
      requests += 1;
      response.end();
    });
    const caller = kept(httpCaller("reuse"));
    const answers: ProbeAnswer[] = [];
    caller.call(get(url), {}, (answer) => void answers.push(answer)).abort("timeout");
    expect(answers).toMatchObject([{ failure: "timeout" }]);
    await ask(caller, get(url));
    expect(requests).toBe(1);
  });
});

describe("TCP calls", () => {
  const call = (port: number, more: Partial<Extract<ProbeCall, { kind: "tcp" }>> = {}): ProbeCall => ({ kind: "tcp", host: "127.0.0.1", port, keepBytes: 100, ...more });

  test("are answered when they are connected, or when what is looked for has come", async () => {
    const port = await tcpServer((socket) => void socket.on("data", (data: Buffer) => {
      socket.write("PO");
      if (data.toString() === "PING\n") socket.write("NG\n");
    }));
    const caller = kept(tcpCaller());
    expect(await ask(caller, call(port))).toEqual({ body: "", bodyBytes: 0 });
    expect(await ask(caller, call(port, { send: "PING\n", readUntil: "\n" }))).toEqual({ body: "PONG\n", bodyBytes: 5 });
  });

  test("fail as refused, reset, closed, and as they are aborted", async () => {
    const caller = kept(tcpCaller());
    const failureAt = async (port: number): Promise<string | undefined> => (await ask(caller, call(port, { send: "x", readUntil: "\n" }))).failure;
    expect(await failureAt(await closedPort())).toBe("refused");
    expect(await failureAt(await tcpServer((socket) => void socket.once("data", () => socket.resetAndDestroy())))).toBe("reset");
    expect(await failureAt(await tcpServer((socket) => void socket.end("half")))).toBe("closed");
    const answers: ProbeAnswer[] = [];
    caller.call(call(await tcpServer(() => undefined), { readUntil: "\n" }), {}, (answer) => void answers.push(answer)).abort("timeout");
    expect(answers).toMatchObject([{ failure: "timeout" }]);
  });
});

describe("commands", () => {
  const id = randomUUID();
  const watched: number[] = [];
  const forgotten: number[] = [];
  const caller = commandCaller({ baseDir: "/", env: { PATH: process.env["PATH"] ?? "", CHAOS_TEST_MARK: id }, watch: (pid) => void watched.push(pid), forget: (pid) => void forgotten.push(pid) });
  const call = (command: readonly string[], more: Partial<Extract<ProbeCall, { kind: "command" }>> = {}): ProbeCall => ({ kind: "command", command, shell: false, env: {}, keepBytes: 10, ...more });

  test("tell exit code and output", async () => {
    expect(await ask(caller, call(["sh", "-c", "echo $WORD; exit 4"], { env: { WORD: "hello" } }))).toEqual({ exitCode: 4, stdout: "hello\n", bodyBytes: 6 });
    expect(await ask(caller, call(["seq", "100"]))).toMatchObject({ exitCode: 0, stdout: "1\n2\n3\n4\n5\n", bodyBytes: 292 });
    expect(await ask(caller, call(["echo one && pwd"], { shell: true, cwd: "tmp" }))).toMatchObject({ stdout: "one\n/tmp\n" });
  });

  test("fail with a system's word, or the signal that ended them", async () => {
    expect(await ask(caller, call(["no-such-program"]))).toMatchObject({ failure: "ENOENT" });
    expect(await ask(caller, call(["sh", "-c", "kill -9 $$"]))).toMatchObject({ failure: "SIGKILL" });
  });

  test("that are aborted end with their whole group, and are watched while they run", async () => {
    const answers: ProbeAnswer[] = [];
    const before = watched.length;
    const flight = caller.call(call(["trap '' TERM; sleep 60 & sleep 60"], { shell: true }), {}, (answer) => void answers.push(answer));
    await eventually(() => (processesWith("CHAOS_TEST_MARK", id).length >= 3 ? true : undefined));
    expect(watched.slice(before)).toEqual([expect.any(Number)]);
    flight.abort("timeout");
    expect(answers).toMatchObject([{ failure: "timeout" }]);
    await eventually(() => (processesWith("CHAOS_TEST_MARK", id).length === 0 ? true : undefined));
    expect(forgotten).toEqual(watched);
  });

  test("leave nothing that they started running when they end", async () => {
    await ask(caller, call(["sleep 60 >/dev/null 2>&1 & echo started"], { shell: true }));
    await eventually(() => (processesWith("CHAOS_TEST_MARK", id).length === 0 ? true : undefined));
    expect(processesWith("CHAOS_TEST_MARK", id)).toEqual([]);
  });
});
