type Header = (name: string) => string | undefined;

/** What the two sides agreed on that changes how their frames are read. */
export interface Agreed {
  /** Reserved bits of frames have a meaning. */
  readonly extended: boolean;
  /** Compressed messages refer to those before them, in each direction (RFC 7692 §7.1.1). */
  readonly linked: { readonly request: boolean; readonly response: boolean };
}

/** Whether an answer that switches protocols switches to WebSocket (RFC 6455 §4.2.2); what it says of extensions is what counts. Absent when it does not. */
export function readHandshake(header: Header): Agreed | undefined {
  if (header("upgrade")?.trim().toLowerCase() !== "websocket") return undefined;
  const extensions = header("sec-websocket-extensions")?.toLowerCase() ?? "";
  const isCompressed = /(^|,)\s*permessage-deflate\s*(;|,|$)/.test(extensions);
  const linked = (side: string): boolean => isCompressed && !new RegExp(`;\\s*${side}_no_context_takeover\\s*(;|,|$)`).test(extensions);
  return { extended: extensions.trim() !== "", linked: { request: linked("client"), response: linked("server") } };
}
