import { describe, expect, test } from "vitest";
import { ForwardPolicy } from "../../src/proxy/forward-policy.ts";

const refusal = (host: string, { hosts, allowHosts = [], port = 80 }: { readonly hosts?: readonly string[]; readonly allowHosts?: readonly string[]; readonly port?: number } = {}): string | undefined =>
  new ForwardPolicy({ ...(hosts === undefined ? {} : { hosts }), allowHosts }).refusal(host, port);

describe("who a forward proxy passes on to", () => {
  test.each(["127.0.0.1", "localhost", "LOCALHOST.", "shop.localhost", "::1"])("%s, which is this machine", (host) => {
    expect(refusal(host)).toBeUndefined();
  });

  test.each(["10.0.0.1", "169.254.169.254", "example.test", "localhost.example.test", "2130706433", "::2"])("not %s, unless the run was allowed it", (host) => {
    expect(refusal(host)).toBe(`${host} is not this machine: if it is meant, and you may do so, run with --allow-host ${host}`);
    expect(refusal(host, { allowHosts: [host.toUpperCase()] })).toBeUndefined();
  });

  test("beyond this machine only who is allowed, whatever its list says", () => {
    expect(refusal("api.test", { hosts: ["api.test"] })).toMatch(/--allow-host api\.test/);
    expect(refusal("api.test", { hosts: ["api.test"], allowHosts: ["api.test"] })).toBeUndefined();
  });

  test.each([
    [["127.0.0.1:9000"], "127.0.0.1", 9000, true],
    [["127.0.0.1:9000"], "127.0.0.1", 9001, false],
    [["127.0.0.1"], "127.0.0.1", 9001, true],
    [["*.localhost"], "a.b.localhost", 1, true],
    [["*.localhost"], "localhost", 1, false],
    [["LocalHost."], "localhost", 1, true],
    [["LocalHost.:7"], "localhost", 7, true],
    [["[::1]:9000"], "::1", 9000, true],
    [["[::1]"], "::1", 9000, true],
    [["::1"], "::1", 9000, true],
    [["*:443"], "localhost", 443, true],
    [["*:443"], "localhost", 444, false],
    [["l.calhost"], "localhost", 1, false],
    [[], "localhost", 1, false],
  ] as const)("by the list %j: %s:%i → %s", (hosts, host, port, passes) => {
    expect(refusal(host, { hosts, port })).toBe(passes ? undefined : `${host} is not among the hosts of this proxy: if it is meant, add it there`);
  });
});
