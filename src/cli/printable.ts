/** A text that came from elsewhere may hold anything: no control character of it reaches the terminal. Line breaks and tabs stay. */
export function printable(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n\t]|[\p{Cf}\u2028\u2029]/gu, " ");
}

/** Plain data whose texts are one line each, such as a proxy as another program named it. */
export function printableAll<T>(value: T): T {
  const cleaned: T = JSON.parse(JSON.stringify(value, (_key, inner: unknown) => (typeof inner === "string" ? printable(inner).replaceAll(/[\n\t]/g, " ") : inner)));
  return cleaned;
}
