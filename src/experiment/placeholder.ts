/** `${scope.name}` or `${env.NAME:-default}` in a text. */
export interface Placeholder {
  /** As written, with its braces. */
  readonly raw: string;
  readonly scope: string;
  /** What follows the scope, such as `payments.url`; empty when there is no dot. */
  readonly name: string;
  readonly fallback?: string;
}

/** Literal text, or a place to be filled. */
export type Segment = string | Placeholder;

const pattern = /\$\$\{|\$\{([^{}]*)\}|\$\{/g;

/**
 * Cuts a text at its placeholders; `$${` is a literal `${` (kept doubled with `keepEscapes`, for text that is cut again later).
 * A `${` that is never closed is given as a placeholder without scope.
 */
export function segmentsOf(text: string, options: { readonly keepEscapes?: boolean } = {}): readonly Segment[] {
  const segments: Segment[] = [];
  let from = 0;
  for (const found of text.matchAll(pattern)) {
    if (found.index > from) segments.push(text.slice(from, found.index));
    from = found.index + found[0].length;
    segments.push(found[0] === "$${" ? (options.keepEscapes === true ? "$${" : "${") : placeholderOf(found[0], found[1]));
  }
  return from < text.length || segments.length === 0 ? [...segments, text.slice(from)] : segments;
}

function placeholderOf(raw: string, inside: string | undefined): Placeholder {
  const parts = /^\s*([A-Za-z]+)\.([^:]+?)\s*(?::-(.*))?$/s.exec(inside ?? "");
  if (parts === null) return { raw, scope: "", name: inside ?? "" };
  return { raw, scope: parts[1] ?? "", name: parts[2] ?? "", ...(parts[3] === undefined ? {} : { fallback: parts[3] }) };
}

/** Doubles what would be read as a placeholder. */
export function escapePlaceholders(text: string): string {
  return text.replaceAll("${", () => "$${");
}
