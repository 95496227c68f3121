import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fixture, scratchFolder } from "../support/chaos.ts";

let folder: Awaited<ReturnType<typeof scratchFolder>>;
beforeAll(async () => { folder = await scratchFolder(); });
afterAll(() => folder.remove());

test("a program parses, plans, runs and judges as the command line does, and ends by itself", async () => {
  const program = fileURLToPath(new URL("../support/public-api.mjs", import.meta.url));
  const { stdout } = await execa(process.execPath, [program, fixture("shop.yaml"), folder.file("run.ndjson")], { cwd: folder.path });
  expect(JSON.parse(stdout)).toEqual({ title: "The caller answers without its dependency", ended: "after", same: true });
});
