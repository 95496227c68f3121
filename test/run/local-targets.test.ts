import { describe, expect, test } from "vitest";
import { checkTargets } from "../../src/run/local-targets.ts";
import { planOf, shop } from "../support/a-run.ts";

function check(host: string, allowHosts: readonly string[] = []): void {
  checkTargets(planOf(shop().replace('${services.shop.url}/"', `http://${host}:8080/"`)), {}, allowHosts);
}

describe("checkTargets", () => {
  test.each(["127.0.0.1", "127.9.9.9", "localhost", "LOCALHOST", "shop.localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "127.1"])("lets %s pass, which is this machine", (host) => {
    expect(() => check(host)).not.toThrow();
  });

  test.each(["128.0.0.1", "10.0.0.1", "localhost.example.test", "127.0.0.1.example.test", "[::2]", "[::ffff:10.0.0.1]", "example.test"])("refuses %s", (host) => {
    expect(() => check(host)).toThrow(/probe shop reaches .*, which is not this machine/);
  });

  const checkForward = (hosts: string, allowHosts: readonly string[] = []): void =>
    checkTargets(planOf(shop().replace('upstream: "${services.stock.url}"', `upstream: forward${hosts}`)), {}, allowHosts);

  test("refuses a host that a forward proxy names in full, and leaves the others to its calls", () => {
    expect(() => checkForward("")).not.toThrow();
    expect(() => checkForward(', hosts: ["*.example.test", "${services.stock.url}", localhost, "[::1]:80"]')).not.toThrow();
    expect(() => checkForward(", hosts: [api.example.test:8443]")).toThrow(/the proxy stock reaches api\.example\.test, which is not this machine/);
    expect(() => checkForward(", hosts: [api.example.test:8443]", ["api.example.test"])).not.toThrow();
  });

  test("lets a host pass that is allowed, and no other", () => {
    expect(() => check("example.test", ["EXAMPLE.test"])).not.toThrow();
    expect(() => check("[fd00::1]", ["fd00::1"])).not.toThrow();
    expect(() => check("sub.example.test", ["example.test"])).toThrow(/not this machine/);
  });
});
