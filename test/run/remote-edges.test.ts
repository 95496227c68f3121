import { describe, expect, test } from "vitest";
import { checkTargets, targetsOf } from "../../src/run/local-targets.ts";
import { listenerOf } from "../../src/run/remote-edges.ts";
import { planOf, shop } from "../support/a-run.ts";

const here = new URL("http://127.0.0.1:8474");
const there = new URL("http://toxi.test:8474");

function found(listen: string, api = here, allowHosts: readonly string[] = []): string {
  const { host, port } = listenerOf({ name: "payments", listen }, api, allowHosts);
  return `${host} ${port}`;
}

describe("a remote proxy is reached", () => {
  test.each([
    ["127.0.0.1:20001", here, "127.0.0.1 20001"],
    ["[::]:20001", here, "127.0.0.1 20001"],
    ["0.0.0.0:20001", there, "toxi.test 20001"],
    [":20001", there, "toxi.test 20001"],
    ["toxi.test:20001", there, "toxi.test 20001"],
    ["[::1]:20001", here, "::1 20001"],
  ])("where it listens on %s, asked at %s, at %s", (listen, api, expected) => {
    expect(found(listen, api)).toBe(expected);
  });

  test.each([
    ["127.0.0.1:20001", there, "remote-out-of-reach"],
    ["somewhere", here, "remote-out-of-reach"],
    ["127.0.0.1:0", here, "remote-out-of-reach"],
    ["10.0.0.7:20001", here, "target-not-allowed"],
  ])("not where it listens on %s, asked at %s: %s", (listen, api, code) => {
    expect(() => found(listen, api)).toThrow(expect.objectContaining({ code }));
  });

  test("elsewhere where that is allowed", () => {
    expect(found("10.0.0.7:20001", here, ["10.0.0.7"])).toBe("10.0.0.7 20001");
  });
});

describe("targets of a plan with a remote proxy", () => {
  const plan = (proxy: string): ReturnType<typeof planOf> => planOf(shop().replace('  stock: { upstream: "${services.stock.url}" }', `  stock: { ${proxy} }`));

  test("are its control API, and its listener where the file says it", () => {
    expect(() => checkTargets(plan("remote: http://toxi.test:8474"), {}, [])).toThrow(/the control API of the remote proxy stock reaches toxi\.test, which is not this machine/);
    expect(() => checkTargets(plan("remote: http://toxi.test:8474"), {}, ["toxi.test"])).not.toThrow();
    expect(() => checkTargets(plan("remote: http://127.0.0.1:8474, upstream: http://toxi.test:20001"), {}, [])).toThrow(/the upstream of proxy stock reaches toxi\.test/);
    expect(targetsOf(plan("remote: http://127.0.0.1:8474, witness: false"), {}).map(({ what }) => what)).toContain("the control API of the remote proxy stock");
  });
});
