import type { Api } from "./api.ts";
import type { Output } from "./command.ts";
import { paint } from "./paint.ts";
import { proxiesText, toxicWords } from "./toxics-text.ts";

type Served = Awaited<ReturnType<Api["serveProxy"]>>;
type Change = Parameters<NonNullable<Parameters<Api["serveProxy"]>[0]["onChange"]>>[0];

/** What listens where, at start. */
export function startText(served: Served, authority: string | undefined, output: Output): string {
  const proxies = served.proxies();
  const list = proxies.length === 0 ? `no proxies yet: chaos proxies create NAME -u HOST:PORT${served.url.endsWith(":8474") ? "" : ` --api ${served.url}`}\n` : proxiesText(proxies, output);
  return `control API on ${paint(output.colour, "bold", served.url)}   seed ${served.seed}\n${list}${authority === undefined ? "" : `callers trust ${authority}\n`}`;
}

const toxicChanges: Readonly<Record<"added" | "updated" | "removed" | "expired", string>> = { added: "added to", updated: "updated on", removed: "removed from", expired: "lease over on" };

/** One line for what has changed. */
export function changeText(change: Change, { colour }: Output): string {
  if (change.kind === "toxic") return `${paint(colour, "dim", toxicChanges[change.change])} ${change.proxy}: ${change.now === undefined ? change.toxic : toxicWords(change.now)}\n`;
  const { now } = change;
  const what = change.change === "updated" && now?.enabled === false ? "disabled" : change.change;
  return `${paint(colour, "dim", what)} ${change.proxy}${now === undefined ? "" : `: ${now.listen} → ${now.upstream}`}\n`;
}
