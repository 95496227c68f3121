import type { Api } from "./api.ts";
import type { Output } from "./command.ts";
import { paint } from "./paint.ts";
import { printableAll } from "./printable.ts";
import { proxiesText, toxicsText, toxicWords } from "./toxics-text.ts";

type Served = Awaited<ReturnType<Api["serveProxy"]>>;
type Change = Parameters<NonNullable<Parameters<Api["serveProxy"]>[0]["onChange"]>>[0];

/** What listens where, at start. */
export function startText(served: Served, authority: string | undefined, output: Output): string {
  const proxies = served.proxies();
  const list = proxies.length === 0 ? `no proxies yet: chaos proxies create NAME -u HOST:PORT${served.url.endsWith(":8474") ? "" : ` --api ${served.url}`}\n` : proxiesText(proxies, output);
  return `control API on ${paint(output.colour, "bold", served.url)}   seed ${served.seed}\n${list}${authorityText(authority)}`;
}

/** Whom callers of proxies that speak TLS have to trust. */
export function authorityText(path: string | undefined): string {
  return path === undefined ? "" : `callers over TLS trust: ${path}\n`;
}

const toxicChanges: Readonly<Record<"added" | "updated" | "removed" | "expired", string>> = { added: "added to", updated: "updated on", removed: "removed from", expired: "lease over on" };

/** One line for what has changed; toxics that came or went with their proxy are shown below it. */
export function changeText(changed: Change, output: Output): string {
  const change = printableAll(changed);
  const said = (what: string, rest: string): string => `${paint(output.colour, "dim", what)} ${change.proxy}${rest}\n`;
  if (change.kind === "toxic") return said(toxicChanges[change.change], `: ${change.now === undefined ? change.toxic : toxicWords(change.now)}`);
  const { now } = change;
  if (now === undefined) return said(change.change, "");
  const line = said(change.change === "updated" && !now.enabled ? "disabled" : change.change, `: ${now.listen} → ${now.upstream}`);
  return change.withToxics ? line + (now.toxics.length === 0 ? "  no toxics\n" : toxicsText(now.toxics, output, "  ")) : line;
}
