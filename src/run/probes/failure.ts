/** Short words for the ways in which a call fails without an answer; a system error code where there is none. */
const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: "refused",
  ECONNRESET: "reset",
  EPIPE: "closed",
  UND_ERR_SOCKET: "closed",
  UND_ERR_CLOSED: "closed",
  ETIMEDOUT: "timeout",
  UND_ERR_CONNECT_TIMEOUT: "timeout",
  ENOTFOUND: "dns",
  EAI_AGAIN: "dns",
  UND_ERR_HEADERS_OVERFLOW: "malformed",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "malformed",
};

export function failureWord(error: unknown): string {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  // Of several addresses the last one's failure is as good as any.
  if (code === "" && error instanceof AggregateError) return failureWord(error.errors.at(-1));
  if (error instanceof Error && error.name === "HTTPParserError") return "malformed";
  if (code.startsWith("ERR_TLS_") || code.startsWith("ERR_SSL_") || code.startsWith("CERT_") || code.includes("SELF_SIGNED") || code.startsWith("UNABLE_TO_") || code === "INVALID_PURPOSE" || code === "EPROTO") return "tls";
  return words[code] ?? (code === "" ? "failed" : code);
}
