import type { RemoteApi, Json, JsonObject } from "./api.ts";
import type { Given } from "./command.ts";

/** `-a latency=1000 -a delay=200ms -a 'match={"path":"/pay"}'`: a value is JSON where it reads as such, else text. Throws ChaosError `usage`. */
export function readAttributes(api: RemoteApi, texts: readonly string[]): JsonObject {
  return Object.fromEntries(texts.map((text) => {
    const at = text.indexOf("=");
    if (at < 1) throw new api.ChaosError("usage", `expected -a key=value, got "${text}"`, { hint: "such as -a latency=1000" });
    return [text.slice(0, at), valueOf(text.slice(at + 1))];
  }));
}

function valueOf(text: string): Json {
  try {
    const value: Json = JSON.parse(text);
    return value;
  } catch {
    return text;
  }
}

/** `0.5` or `50%`, as a share 0..1; absent when not given. Throws ChaosError `usage`. */
export function readToxicity(api: RemoteApi, given: Given): number | undefined {
  const text = given.text("toxicity")?.trim();
  if (text === undefined) return undefined;
  const [, digits = "", sign] = /^(\d+(?:\.\d*)?|\.\d+)(%?)$/.exec(text) ?? [];
  const share = sign === "%" ? Number(digits) / 100 : Number(digits);
  if (digits !== "" && share <= 1) return share;
  throw new api.ChaosError("usage", `expected --toxicity 0..1 or 0%..100%, got "${text}"`, { hint: digits !== "" && sign === "" && share <= 100 ? `did you mean ${digits}%?` : "it is the share of connections that are hit, such as 0.5 or 50%" });
}

/** Which way; absent: the server's choice, which is downstream. Throws ChaosError `usage`. */
export function readStream(api: RemoteApi, given: Given): "upstream" | "downstream" | undefined {
  const up = given.flag("upstream");
  const down = given.flag("downstream");
  if (up && down) throw new api.ChaosError("usage", "expected --upstream or --downstream, got both", { hint: "add two toxics, one for each" });
  return up ? "upstream" : down ? "downstream" : undefined;
}
