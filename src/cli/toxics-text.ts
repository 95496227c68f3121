import type { Json, RemoteProxy, RemoteToxic } from "./api.ts";
import type { Output } from "./command.ts";
import { paint } from "./paint.ts";
import { printableAll } from "./printable.ts";

/** Proxies, each with its toxics below it, in columns. */
export function proxiesText(proxies: readonly RemoteProxy[], output: Output): string {
  if (proxies.length === 0) return "no proxies\n";
  const nameWidth = widest(proxies.map(({ name }) => name));
  const listenWidth = widest(proxies.map(({ listen }) => listen));
  return printableAll(proxies).map(({ name, listen, upstream, enabled, toxics, ttl }) => {
    const state = [...(enabled ? [] : [paint(output.colour, "yellow", "disabled")]), ...leaseOf(ttl)].join(" ");
    const head = `${paint(output.colour, "bold", name)}${" ".repeat(nameWidth - name.length)}  ${listen.padEnd(listenWidth)} → ${upstream}${state === "" ? "" : `  ${state}`}\n`;
    return head + toxicsText(toxics, output, "  ");
  }).join("");
}

/** Toxics in columns; nothing when there are none. */
export function toxicsText(toxics: readonly RemoteToxic[], { colour }: Output, indent = ""): string {
  const nameWidth = widest(toxics.map(({ name }) => name));
  const typeWidth = widest(toxics.map(({ type }) => type));
  const streamWidth = widest(toxics.map(({ stream }) => stream));
  return printableAll(toxics).map(({ name, type, stream, toxicity, attributes, ttl }) => {
    const rest = [...(toxicity === 1 ? [] : [percent(toxicity)]), ...attributeWords(attributes), ...leaseOf(ttl)].join(" ");
    return `${`${indent}${paint(colour, "cyan", name)}${" ".repeat(nameWidth - name.length)}  ${type.padEnd(typeWidth)}  ${stream.toLowerCase().padEnd(streamWidth)}  ${rest}`.trimEnd()}\n`;
  }).join("");
}

/** One toxic in a line of prose: `latency_downstream (latency, downstream, 50%): latency=100 jitter=0`. */
export function toxicWords(toxic: RemoteToxic): string {
  const { name, type, stream, toxicity, attributes, ttl } = printableAll(toxic);
  const about = [...(type === name ? [] : [type]), stream.toLowerCase(), ...(toxicity === 1 ? [] : [percent(toxicity)])].join(", ");
  const words = [...attributeWords(attributes), ...leaseOf(ttl)].join(" ");
  return `${name} (${about})${words === "" ? "" : `: ${words}`}`;
}

function attributeWords(attributes: RemoteToxic["attributes"]): readonly string[] {
  return Object.entries(attributes).map(([key, value]) => `${printableAll(key)}=${valueWord(value)}`);
}

function valueWord(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** What is left of it: whole seconds where there are many. */
function leaseOf(ttlMs: number | undefined): readonly string[] {
  if (ttlMs === undefined) return [];
  return [ttlMs < 10_000 ? `for ${Math.ceil(ttlMs / 100) / 10}s more` : `for ${Math.ceil(ttlMs / 1000)}s more`];
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(6))}%`;
}

function widest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map(({ length }) => length));
}
