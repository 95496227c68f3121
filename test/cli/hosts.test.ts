import { expect, test } from "vitest";
import { hostsOf, resolveHosts } from "../../src/cli/hosts.ts";
import { aPlan, anExperiment } from "./fakes.ts";

const load = { kind: "open", rates: { warmup: 1, before: 1, during: 1, after: 1 }, burst: 1, arrivals: "even", pauseMs: 0, inFlight: 1, connections: "reuse" } as const;
const probe = (name: string, url: string) => ({ name, type: "http", params: { url }, timeoutMs: 1000, load });

test("finds the hosts of upstreams and probes, once each, and none that is known only when run", () => {
  const experiment = anExperiment({
    proxies: [{ name: "db", upstream: "tcp://db.test:5432", lane: "tcp", listen: { host: "127.0.0.1", port: 0 }, host: "keep", correlate: { by: "none" } }],
    probes: [probe("a", "http://user:secret@api.test/x"), probe("b", "https://api.test:8443?x"), probe("c", "${services.app.url}/x"), probe("d", "http://[::1]:80/")],
  });
  expect(hostsOf(aPlan(experiment))).toEqual(["::1", "api.test", "db.test"]);
});

test("a host that does not resolve is an issue", async () => {
  const { lines, issues } = await resolveHosts(["127.0.0.1", "no-such-host.invalid"], "x.yaml");
  expect(lines).toEqual(["127.0.0.1 → 127.0.0.1"]);
  expect(issues).toMatchObject([{ code: "host-unknown", severity: "error", file: "x.yaml" }]);
});
