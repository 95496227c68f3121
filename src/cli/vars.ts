import type { Api, Json } from "./api.ts";
import type { Context, Given } from "./command.ts";
import { readText } from "./read-text.ts";

/** Values for `${vars.…}`: from files in the order given, then from `--var`, which wins. */
export async function readVars(api: Api, context: Context, given: Given): Promise<Readonly<Record<string, Json>>> {
  const vars: Record<string, Json> = {};
  for (const file of given.texts("var-file")) {
    const text = await readText(context, file, "a file of variables");
    if (typeof text !== "string") throw new api.ChaosError(text.code, `${file}: ${text.message}`, text.hint === undefined ? {} : { hint: text.hint });
    Object.assign(vars, api.parseVars(text, file));
  }
  for (const text of given.texts("var")) {
    const at = text.indexOf("=");
    if (at < 1) throw new api.ChaosError("usage", `expected --var name=value, got "${text}"`, { hint: "such as --var rate=40/s" });
    vars[text.slice(0, at)] = text.slice(at + 1);
  }
  return vars;
}
