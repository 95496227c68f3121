import { afterEach, describe, expect, it } from "vitest";
import { answering, exchangeFault } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { setUpForward } from "./forward-edge.ts";
import { refuse } from "./wire.ts";
import type { Caller } from "./wire.ts";

const undo: Undo = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

const get = (authority: string, path = "/", headers = ""): string => `GET http://${authority}${path} HTTP/1.1\r\nHost: ${authority}\r\n${headers}\r\n`;
const answer = (body: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const lengthOf = (...bodies: readonly string[]): number => bodies.reduce((sum, body) => sum + answer(body).length, 0);

/** Hosts that answer each request with their name and its path; what they get is kept. */
function naming(seen: string[]) {
  return (socket: Parameters<ReturnType<typeof answering>>[0], host: string): void => answering((text) => {
    seen.push(text);
    for (const [, path = ""] of text.matchAll(/^[A-Z]+ (\S+) HTTP/gm)) socket.write(answer(`${host} ${path}`));
  })(socket);
}

describe("a request to a forward proxy", () => {
  it("reaches the host that it names, as that host expects it", async () => {
    const seen: string[] = [];
    const { edge, call, toHere } = await setUpForward(undo, naming(seen));
    const caller = call();
    caller.socket.write(`POST http://${toHere}/orders?x=1 HTTP/1.1\r\nhost: other.test\r\nX-Odd:  a\tb \r\nProxy-Connection: keep-alive\r\nContent-Length: 4\r\n\r\nbody`);
    await caller.received(lengthOf("here /orders?x=1"));
    expect(seen.join("")).toBe(`POST /orders?x=1 HTTP/1.1\r\nhost: ${toHere}\r\nX-Odd:  a\tb \r\nContent-Length: 4\r\n\r\nbody`);
    expect(caller.bytes.toString()).toBe(answer("here /orders?x=1"));
    expect(edge.exchanges()).toMatchObject([{ method: "POST", path: "/orders?x=1", authority: toHere, status: 200, end: "complete", passedOn: true }]);
  });

  it("is passed on chunk for chunk, however it is split", async () => {
    let seen = "";
    const { call, toHere } = await setUpForward(undo, (socket) => {
      socket.on("data", (bytes) => {
        seen += bytes.toString("latin1");
        if (seen.endsWith("0\r\nT: u\r\n\r\n")) socket.write(answer("done"));
      });
    });
    const caller = call();
    const body = "5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nT: u\r\n\r\n";
    const text = `PUT http://${toHere} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n${body}`;
    for (const byte of text) {
      caller.socket.write(byte);
      await new Promise((resolve) => { setImmediate(resolve); });
    }
    await caller.received(lengthOf("done"));
    expect(seen).toBe(`PUT / HTTP/1.1\r\nHost: ${toHere}\r\nTransfer-Encoding: chunked\r\n\r\n${body}`);
  });

  it("may name another host than the one before it on its connection, and each host keeps one connection", async () => {
    const seen: string[] = [];
    const { here, there, edge, call, toHere, toThere } = await setUpForward(undo, naming(seen));
    const caller = call();
    const bodies: string[] = [];
    for (const [i, authority] of [toHere, toThere, toHere, toThere, toThere].entries()) {
      bodies.push(`${authority === toHere ? "here" : "there"} /${i}`);
      caller.socket.write(get(authority, `/${i}`));
      await caller.received(lengthOf(...bodies));
    }
    expect(caller.bytes.toString()).toBe(bodies.map(answer).join(""));
    expect([here.sockets.size, there.sockets.size]).toEqual([1, 1]);
    expect(edge.exchanges().map(({ authority, conn, nth }) => ({ authority, conn, nth }))).toEqual([toHere, toThere, toHere, toThere, toThere].map((authority, i) => ({ authority, conn: 1, nth: i + 1 })));
  });

  it("is answered in its turn when many are sent at once", async () => {
    const seen: string[] = [];
    const { call, toHere, toThere } = await setUpForward(undo, naming(seen));
    const caller = call();
    const order = [toHere, toHere, toThere, toHere, toThere, toThere, toHere];
    const bodies = order.map((authority, i) => `${authority === toHere ? "here" : "there"} /${i}`);
    caller.socket.write(order.map((authority, i) => get(authority, `/${i}`)).join(""));
    await caller.received(lengthOf(...bodies));
    expect(caller.bytes.toString()).toBe(bodies.map(answer).join(""));
  });

  it("waits for those before it that have another host, though their answers are held by a fault", async () => {
    const seen: string[] = [];
    const { edge, call, toHere, toThere } = await setUpForward(undo, naming(seen));
    edge.setFaults(exchangeFault("latency", { delay: "150ms" }, { match: { host: { glob: toHere } } }));
    const caller = call();
    caller.socket.write(get(toHere, "/a") + get(toThere, "/b"));
    await caller.received(lengthOf("here /a", "there /b"));
    const [first, second] = edge.exchanges();
    expect(first).toMatchObject({ authority: toHere, faults: [{ decision: "applied" }] });
    expect(second).toMatchObject({ authority: toThere, faults: [{ decision: "match" }] });
    expect((first?.endMs ?? 0) - (first?.startMs ?? 0)).toBeGreaterThanOrEqual(150);
  });

  it("does not go to another host before the answer that a fault threw away has come whole", async () => {
    const { edge, call, toHere, toThere } = await setUpForward(undo, (socket, host) => answering(() => {
      if (host === "there") socket.write(answer("there"));
      else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nnot", () => setTimeout(() => socket.write("HTP"), 50));
    })(socket));
    edge.setFaults(exchangeFault("error", { status: 500, body: "lost", reachUpstream: true }, { match: { host: { glob: toHere } } }));
    const caller = call();
    caller.socket.write(get(toHere) + get(toThere));
    await expect.poll(() => caller.bytes.toString()).toMatch(/lost.*there$/s);
    expect(edge.issues()).toEqual([]);
  });

  it("gets no earlier answer of another host again", async () => {
    const { edge, call, toHere, toThere } = await setUpForward(undo, naming([]));
    edge.setFaults(exchangeFault("stale", {}));
    const caller = call();
    const bodies: string[] = [];
    for (const [authority, host] of [[toHere, "here"], [toThere, "there"], [toHere, "here"]] as const) {
      bodies.push(`${host} /`);
      caller.socket.write(`GET http://${authority}/ HTTP/1.1\r\nHost: same\r\n\r\n`);
      await expect.poll(() => edge.exchanges().length).toBe(bodies.length);
    }
    expect(caller.bytes.toString()).toContain("there /");
    expect(edge.exchanges().map(({ faults }) => faults?.[0]?.effect)).toEqual([undefined, undefined, "replay"]);
  });

  it("to a name under .localhost stays on this machine, whatever a name server says", async () => {
    const seen: string[] = [];
    const { edge, here, call } = await setUpForward(undo, naming(seen));
    const caller = call();
    caller.socket.write(get(`carrier.localhost:${here.port}`, "/rate"));
    await caller.received(lengthOf("here /rate"));
    expect(seen.join("")).toContain(`Host: carrier.localhost:${here.port}\r\n`);
    expect(edge.exchanges()).toMatchObject([{ authority: `carrier.localhost:${here.port}`, status: 200 }]);
  });

  it("that is refused by its host ends in a reset, and no status is invented", async () => {
    const nobody = await refuse();
    undo.push(() => nobody.close());
    const { edge, call } = await setUpForward(undo, naming([]));
    const caller = call();
    caller.socket.write(get(`127.0.0.1:${nobody.port}`));
    expect(await caller.ended).toBe("ECONNRESET");
    expect(edge.exchanges()).toMatchObject([{ authority: `127.0.0.1:${nobody.port}`, end: "upstream-unreachable", passedOn: false }]);
  });

  it("finds a host again that had closed its connection while another was in use", async () => {
    const seen: string[] = [];
    const { here, call, toHere, toThere } = await setUpForward(undo, naming(seen));
    const caller = call();
    caller.socket.write(get(toHere, "/1"));
    await caller.received(lengthOf("here /1"));
    caller.socket.write(get(toThere, "/2"));
    await caller.received(lengthOf("here /1", "there /2"));
    const [first] = here.sockets;
    const closed = new Promise((resolve) => first?.once("close", resolve));
    first?.end();
    await closed;
    caller.socket.write(get(toHere, "/3"));
    await caller.received(lengthOf("here /1", "there /2", "here /3"));
    expect([...here.sockets]).not.toContain(first);
  });

  it("sees the close of the host that it was for", async () => {
    const { call, toHere } = await setUpForward(undo, (socket) => answering(() => socket.end("HTTP/1.1 200 OK\r\n\r\nto the end"))(socket));
    const caller = call();
    caller.socket.write(get(toHere));
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe("HTTP/1.1 200 OK\r\n\r\nto the end");
  });

  it("closes all connections to its hosts when the client has closed", async () => {
    const { here, there, call, toHere, toThere } = await setUpForward(undo, naming([]));
    const caller = call();
    caller.socket.write(get(toHere) + get(toThere));
    await caller.received(lengthOf("here /", "there /"));
    caller.socket.end();
    await expect.poll(() => [here.sockets.size, there.sockets.size]).toEqual([0, 0]);
  });
});

describe("what a forward proxy does not pass on", () => {
  const refused = async (request: string, forward: Parameters<typeof setUpForward>[2] = {}) => {
    const seen: string[] = [];
    const { edge, call } = await setUpForward(undo, naming(seen), forward);
    const caller: Caller = call();
    caller.socket.write(request.replaceAll("SELF", `${edge.port}`));
    expect(await caller.ended).toBe("fin");
    expect(seen).toEqual([]);
    return { answer: caller.bytes.toString(), exchanges: edge.exchanges(), issues: edge.issues() };
  };

  it.each([
    ["a request with a path only", "GET /x HTTP/1.1\r\nHost: a\r\n\r\n", 400, /\r\n\r\nthis is a forward proxy: expected a whole URL as in GET http:\/\/host\/path, or CONNECT host:port\n$/],
    ["an https:// URL", "GET https://127.0.0.1/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, /for https:\/\/ ask for a tunnel/],
    ["a call to itself", "GET http://127.0.0.1:SELF/ HTTP/1.1\r\nHost: a\r\n\r\n", 508, /127\.0\.0\.1:\d+ is this proxy itself\n$/],
    ["a call to itself by another name", "GET http://localhost:SELF/ HTTP/1.1\r\nHost: a\r\n\r\n", 508, /localhost:\d+ is this proxy itself\n$/],
    ["a tunnel to itself", "CONNECT 127.0.0.1:SELF HTTP/1.1\r\nHost: a\r\n\r\n", 508, /is this proxy itself\n$/],
    ["a call to another machine", "GET http://api.example.test/ HTTP/1.1\r\nHost: a\r\n\r\n", 403, /api\.example\.test is not this machine: .* --allow-host api\.example\.test\n$/],
    ["a tunnel to another machine", "CONNECT 10.1.2.3:443 HTTP/1.1\r\nHost: a\r\n\r\n", 403, /10\.1\.2\.3 is not this machine: .* --allow-host 10\.1\.2\.3\n$/],
  ])("is %s: says why, and witnesses it", async (_, request, status, words) => {
    const { answer, exchanges, issues } = await refused(request);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} .*\r\nvia: chaos\r\n`));
    expect(answer).toMatch(words);
    expect(exchanges).toMatchObject([{ end: "rejected", status, passedOn: false }]);
    expect(issues).toMatchObject([{ code: "not-forwarded", message: expect.stringMatching(status === 400 ? /forward proxy/ : /is/) }]);
  });

  it.each([
    ["GET http://me:s3cr3t@here.test/x?to=a@b HTTP/1.1\r\nHost: a\r\n\r\n", "http://[redacted]@here.test/x?to=a@b"],
    ["CONNECT me:s3cr3t@here.test:443 HTTP/1.1\r\nHost: a\r\n\r\n", "[redacted]@here.test:443"],
  ])("is told without the user and password that it named", async (request, path) => {
    const { exchanges, issues } = await refused(request);
    expect(exchanges).toMatchObject([{ end: "rejected", path }]);
    expect(JSON.stringify([exchanges, issues])).not.toContain("s3cr3t");
  });

  it("is a host that is not on its list, though it is this machine", async () => {
    const { answer, exchanges } = await refused("GET http://localhost:1/x HTTP/1.1\r\nHost: a\r\n\r\n", { hosts: ["127.0.0.1"] });
    expect(answer).toMatch(/^HTTP\/1\.1 403 .*\r\n\r\nlocalhost is not among the hosts of this proxy: if it is meant, add it there\n$/s);
    expect(exchanges).toMatchObject([{ authority: "localhost:1", path: "/x" }]);
  });

  it("has no body for a HEAD", async () => {
    const { answer } = await refused("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(answer).toMatch(/^HTTP\/1\.1 400 .*content-length: \d\d+\r\n\r\n$/s);
  });

  it("is what follows a refused request", async () => {
    const seen: string[] = [];
    const { call, toHere } = await setUpForward(undo, naming(seen));
    const caller = call();
    caller.socket.write(get("example.test") + get(toHere));
    expect(await caller.ended).toBe("fin");
    expect(seen).toEqual([]);
  });

  it("is a call that was sent on to it by another one: no call goes round", async () => {
    const { edge: second } = await setUpForward(undo, naming([]));
    const { edge: first, call } = await setUpForward(undo, naming([]));
    const caller = call();
    caller.socket.write(get(`127.0.0.1:${second.port}`));
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toMatch(/^HTTP\/1\.1 400 .*this is a forward proxy/s);
    expect(first.exchanges()).toMatchObject([{ status: 400, end: "complete" }]);
    expect(second.exchanges()).toMatchObject([{ status: 400, end: "rejected" }]);
  });
});
