import { describe, expect, test } from "vitest";
import { dataPlaneConfig, proxyEndpoints, serviceEndpoints, upstreamAddress } from "../../src/run/addresses.ts";
import { planOf, shop } from "../support/a-run.ts";

const plan = planOf(shop());
const [proxy] = plan.experiment.proxies;
if (proxy === undefined) throw new Error("expected a proxy");

describe("addresses", () => {
  test("of services are their ports on this machine", () => {
    expect(serviceEndpoints(plan, new Map([["stock", 20_001]]))).toEqual({ stock: { host: "127.0.0.1", port: 20_001, url: "http://127.0.0.1:20001" }, shop: { host: "127.0.0.1" } });
  });

  test("of a proxy are the caller's own listener, or the default one", () => {
    const listening = [{ proxy: "stock", caller: "default", host: "127.0.0.1", port: 1 }, { proxy: "stock", caller: "shop", host: "127.0.0.1", port: 2 }];
    expect(proxyEndpoints(plan, listening, "shop")["stock"]).toEqual({ host: "127.0.0.1", port: 2, url: "http://127.0.0.1:2" });
    expect(proxyEndpoints(plan, listening, "shop#2")["stock"]?.port).toBe(1);
  });

  test.each([
    ["0.0.0.0", {}, "tcp", "tcp://127.0.0.1:7"],
    ["::", {}, "http1", "http://[::1]:7"],
    ["0.0.0.0", { advertise: "box.test" }, "http1", "http://box.test:7"],
  ] as const)("of a proxy that listens on %s (%j, %s) are %s", (host, more, lane, url) => {
    const changed = { ...plan, experiment: { ...plan.experiment, proxies: [{ ...proxy, ...more, lane }] } };
    expect(proxyEndpoints(changed, [{ proxy: "stock", caller: "default", host, port: 7 }], "default")["stock"]?.url).toBe(url);
  });

  test.each([
    ["http://127.0.0.1", { host: "127.0.0.1", port: 80 }],
    ["http://[::1]:8080/base", { host: "::1", port: 8080 }],
    ["tcp://localhost:5432", { host: "localhost", port: 5432 }],
  ])("of the upstream %s are %j", (upstream, address) => {
    expect(upstreamAddress({ ...proxy, upstream }, {})).toEqual(address);
  });

  test.each(["tcp://localhost", "nonsense", "http://"])("throws for the upstream %s", (upstream) => {
    expect(() => upstreamAddress({ ...proxy, upstream }, {})).toThrow(/proxy stock: expected an upstream with host and port/);
  });

  test("of the data plane hold every listener and what upstream stands for", () => {
    const config = dataPlaneConfig(plan, serviceEndpoints(plan, new Map([["stock", 20_001]])), "0123456789abcdef", { baseDir: "/somewhere", tls: new Map(), allowHosts: [] });
    expect(config.proxies).toEqual([{
      name: "stock", lane: "http1", host: "keep", correlate: { by: "trace" }, upstream: { host: "127.0.0.1", port: 20_001 },
      listeners: [{ caller: "default", host: "127.0.0.1", port: 0 }, { caller: "shop", host: "127.0.0.1", port: 0 }],
    }]);
  });

  test("of the data plane say what each proxy takes", () => {
    const changed = { ...plan, experiment: { ...plan.experiment, proxies: [{ ...proxy, upstream: "http://127.0.0.1:1", limits: { connections: 5 } }, { ...proxy, name: "other", upstream: "http://127.0.0.1:1" }] } };
    expect(dataPlaneConfig(changed, {}, "0123456789abcdef", { baseDir: "/somewhere", tls: new Map(), allowHosts: [] }).proxies.map(({ limits }) => limits)).toEqual([{ connections: 5 }, undefined]);
  });

  test("of an edge that is reached through a forward proxy are no listener, and its host may be called", () => {
    const text = shop().replace('  stock: { upstream: "${services.stock.url}" }', '  out: { upstream: forward, hosts: [] }\n  stock: { upstream: "http://Stock.localhost:${services.stock.port}", through: out }').replace('env: { UPSTREAM_URL: "${proxies.stock.url}" }', "egress: out");
    const through = planOf(text);
    const config = dataPlaneConfig(through, serviceEndpoints(through, new Map([["stock", 20_001]])), "0123456789abcdef", { baseDir: "/somewhere", tls: new Map(), allowHosts: [] });
    expect(config.proxies).toMatchObject([
      { name: "out", forward: { hosts: ["stock.localhost:20001"] }, listeners: [{ caller: "default" }, { caller: "shop" }] },
      { name: "stock", through: "out", upstream: { host: "stock.localhost", port: 20_001 }, listeners: [] },
    ]);
  });

  test("of the data plane say which proxies are to be precise", () => {
    const changed = { ...plan, experiment: { ...plan.experiment, proxies: [{ ...proxy, upstream: "http://127.0.0.1:1", precise: true }, { ...proxy, name: "other", upstream: "http://127.0.0.1:1" }] } };
    expect(dataPlaneConfig(changed, {}, "0123456789abcdef", { baseDir: "/somewhere", tls: new Map(), allowHosts: [] }).proxies.map(({ precise }) => precise)).toEqual([true, undefined]);
  });

  test.each([
    ["", undefined],
    [", hosts: api.test", ["api.test"]],
    [', hosts: ["${services.stock.url}", "https://api.test/", "*.internal:${services.stock.port}", "[::1]:80"]', ["127.0.0.1:20001", "api.test", "*.internal:20001", "[::1]:80"]],
  ])("of a forward proxy%s say whom it may call", (more, hosts) => {
    const forwarding = planOf(shop().replace('upstream: "${services.stock.url}"', `upstream: forward${more}`));
    const config = dataPlaneConfig(forwarding, serviceEndpoints(forwarding, new Map([["stock", 20_001]])), "0123456789abcdef", { baseDir: "/somewhere", tls: new Map(), allowHosts: ["api.test"] });
    expect(config.proxies).toMatchObject([{ lane: "http1", host: "keep" }]);
    expect(config.proxies[0]?.forward).toEqual({ ...(hosts === undefined ? {} : { hosts }), allowHosts: ["api.test"] });
  });
});
