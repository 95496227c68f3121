import { expect, test } from "vitest";
import { resolveHosts } from "../../src/cli/hosts.ts";

test("a host that resolves is shown with its addresses, one that does not is an issue", async () => {
  const { lines, issues } = await resolveHosts(["127.0.0.1", "no-such-host.invalid"]);
  expect(lines).toEqual(["127.0.0.1 → 127.0.0.1"]);
  expect(issues).toMatchObject([{ code: "host-unknown", severity: "error"}]);
});
