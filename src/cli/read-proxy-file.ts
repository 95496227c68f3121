import type { Api, FileProxies } from "./api.ts";
import type { Context } from "./command.ts";
import { printIssues } from "./load-experiments.ts";
import { readText } from "./read-text.ts";

/** The proxies of a file; what is wrong with it is printed. */
export async function readProxyFile(api: Api, context: Context, file: string): Promise<FileProxies | "refused"> {
  const text = await readText(context, file, "a file of proxies");
  if (typeof text !== "string") {
    printIssues([text], context.stderr);
    return "refused";
  }
  const { proxies, issues } = api.parseProxyFile(text, { file, env: context.env });
  printIssues(issues, context.stderr);
  return proxies ?? "refused";
}
