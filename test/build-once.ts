import { execa } from "execa";

/** Builds dist once before the tests, because the end-to-end tests run the published entry point. */
export default async function buildOnce(): Promise<void> {
  await execa("npm", ["run", "--silent", "build"], { preferLocal: true });
}
