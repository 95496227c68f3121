import { readFileSync } from "node:fs";

/** Of the package; `unknown` where its manifest does not tell. */
export function toolVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "unknown";
}
