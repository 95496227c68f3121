import { createServer } from "node:net";
import type { Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { Endpoint } from "../../../src/model/endpoint.ts";
import { ChaosError } from "../../../src/model/error.ts";
import { bindError, listenFailure, listenText, parseListen, resolveListen, systemNetwork } from "../../../src/proxy/api/listen-address.ts";
import { listen } from "../../../src/proxy/listener.ts";

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

async function taken(): Promise<{ readonly host: string; readonly port: number }> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return { host: "127.0.0.1", port: typeof address === "object" && address !== null ? address.port : 0 };
}

/** What the data plane's own listener says, as clients of the control API are told. */
async function told(endpoint: Endpoint): Promise<string> {
  const error: unknown = await listen(endpoint, { proxy: "db", accept: () => undefined, troubled: () => undefined }).then((server) => void servers.push(server), (thrown: unknown) => thrown);
  return error instanceof ChaosError ? listenFailure(error, endpoint, listenText(endpoint)).message : "it listens";
}

describe("where a proxy is to listen", () => {
  test.each([
    ["127.0.0.1:80", { host: "127.0.0.1", port: 80 }],
    [":80", { host: "", port: 80 }],
    ["[::1]:80", { host: "::1", port: 80 }],
    ["a.test:", { host: "a.test", port: 0 }],
    ["", { host: "", port: 0 }],
    ["unix:/run/a.sock", { path: "/run/a.sock" }],
  ])("%j is taken apart", (text, address) => {
    expect(parseListen(text)).toEqual(address);
  });

  test.each([
    ["nohost", "address nohost: missing port in address"],
    ["[::1]", "address [::1]: missing port in address"],
    ["[::1", "address [::1: missing ']' in address"],
    ["[::1]:2:3", "address [::1]:2:3: too many colons in address"],
    ["::1", "address ::1: too many colons in address"],
    ["a]:1", "address a]:1: unexpected ']' in address"],
    ["a[:1", "address a[:1: unexpected '[' in address"],
    ["a:65536", "address 65536: invalid port"],
    ["a:-1", "address -1: invalid port"],
    ["a:www-none", "lookup tcp/www-none: unknown port"],
  ])("%j is refused in Go's words", (text, message) => {
    expect(() => parseListen(text)).toThrow(message);
  });

  test("localhost is the loopback of IPv4, and everywhere is both families where there are both", async () => {
    const network = { ...systemNetwork(), hasIpv6: true };
    expect(await resolveListen({ host: "localhost", port: 1 }, network)).toEqual({ host: "127.0.0.1", port: 1 });
    for (const host of ["", "0.0.0.0", "::"]) expect(await resolveListen({ host, port: 1 }, network)).toEqual({ host: "::", port: 1 });
    expect(await resolveListen({ host: "", port: 1 }, { ...network, hasIpv6: false })).toEqual({ host: "0.0.0.0", port: 1 });
  });

  test("a name that has no address is refused", async () => {
    await expect(resolveListen({ host: "no-such-host.invalid", port: 1 }, systemNetwork())).rejects.toThrow("lookup no-such-host.invalid: no such host");
  });

  test("an address of IPv4 goes before one of IPv6", async () => {
    expect(await systemNetwork().resolve("127.0.0.1")).toBe("127.0.0.1");
    expect(await systemNetwork().resolve("localhost")).toBe("127.0.0.1");
  });
});

describe("what the system refuses is told in Go's words", () => {
  test("a port that is in use", async () => {
    const held = await taken();
    expect(await told(held)).toBe(`listen tcp 127.0.0.1:${held.port}: bind: address already in use`);
    expect(await systemNetwork().refusal(held)).toBe("EADDRINUSE");
    expect(bindError(held, "localhost:1", "EADDRINUSE").message).toBe(`listen tcp 127.0.0.1:${held.port}: bind: address already in use`);
  });

  test("an address that no interface has", async () => {
    expect(await told({ host: "203.0.113.7", port: 0 })).toBe("listen tcp 203.0.113.7:0: bind: cannot assign requested address");
  });

  test("a port that takes privileges", async () => {
    const error: unknown = await listen({ host: "127.0.0.1", port: 1 }, { proxy: "db", accept: () => undefined, troubled: () => undefined }).then((server) => void servers.push(server), (thrown: unknown) => thrown);
    const said = error instanceof ChaosError ? error : new ChaosError("listen-failed", 'proxy "db" cannot listen on 127.0.0.1:1: not permitted');
    expect(listenFailure(said, { host: "127.0.0.1", port: 1 }, "127.0.0.1:1").message).toBe("listen tcp 127.0.0.1:1: bind: permission denied");
  });

  test("a socket that cannot be made, with what can be done", async () => {
    expect(await told({ path: join(tmpdir(), "no-such-folder", "a.sock") })).toMatch(/^listen unix \/.*no such folder \(make the folder/);
  });

  test("a port of every address, as it was written", () => {
    expect(bindError({ host: "::", port: 80 }, ":80", "EACCES").message).toBe("listen tcp :80: bind: permission denied");
    expect(bindError({ host: "::", port: 80 }, "0.0.0.0:80", "EADDRINUSE").message).toBe("listen tcp 0.0.0.0:80: bind: address already in use");
  });

  test("and a port that is free is not refused", async () => {
    expect(await systemNetwork().refusal({ host: "127.0.0.1", port: 0 })).toBeUndefined();
  });
});
