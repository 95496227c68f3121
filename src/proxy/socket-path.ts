import { ChaosError } from "../model/error.ts";
import type { Endpoint } from "../model/endpoint.ts";

/** sun_path (unix(7)) without its closing zero; BSD and macOS have four less. */
const longestBytes = process.platform === "linux" ? 107 : 103;

/** The system's library cuts longer paths off without a word, and binds or dials another one. Throws ChaosError `path-too-long`. */
export function checkSocketPath(proxy: string, { path }: Endpoint): void {
  if (path === undefined || Buffer.byteLength(path) <= longestBytes) return;
  throw new ChaosError("path-too-long", `proxy "${proxy}": expected the path of a unix socket in at most ${longestBytes} bytes, got ${Buffer.byteLength(path)}: ${path}`, { hint: "relative paths count from the folder of the experiment: choose a shorter one, such as unix:/tmp/NAME.sock" });
}
