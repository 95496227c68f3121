import { afterAll, beforeAll, describe } from "vitest";
import { tellRemoteRuns } from "../support/remote-shop.ts";
import { hasToxiproxy, startToxiproxy } from "../support/toxiproxy.ts";

describe.skipIf(!hasToxiproxy)("a run whose faults Toxiproxy carries out", () => {
  let server: Awaited<ReturnType<typeof startToxiproxy>> | undefined;

  beforeAll(async () => {
    server = await startToxiproxy();
  });
  afterAll(() => server?.stop());

  tellRemoteRuns(() => server?.url ?? "");
});
