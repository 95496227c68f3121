import { METHODS } from "node:http";
import type { Allowance } from "./compare.ts";

const methodOf = (wire: string): string => wire.replace(/^(?:\r\n)+/, "").split(" ", 1)[0] ?? "";
const hasField = (wire: string, field: RegExp): boolean => new RegExp(`\\r\\n${field.source}`, "i").test(wire);

/** Of the framing of a body, which requests and answers share. */
const ofBodies: readonly Allowance[] = [
  {
    name: "extensions of chunks are not read", theirs: /Invalid character in chunk extensions/, when: (_, wire) => wire.includes(";"),
    why: "An extension ends at CRLF and nowhere else, whatever is in it: it frames nothing, and recipients ignore those they do not know (RFC 9112 §7.1.1).",
  },
  {
    name: "white space before an extension", theirs: /HPE_INVALID_CHUNK_SIZE/, when: (_, wire) => /\r\n[0-9a-f]+[ \t]+(?:;|$)/i.test(wire),
    why: "The grammar of chunk-ext allows it (RFC 9112 §7.1.1); white space with nothing behind it is refused.",
  },
  {
    name: "framing fields among the trailers", theirs: /in the body: HPE_(?:INVALID|UNEXPECTED)_(?:CONTENT_LENGTH|TRANSFER_ENCODING)/, when: (_, wire) => /\r\n0+[^\r\n]*\r\n(?:.*\r\n)*(?:content-length|transfer-encoding):/i.test(wire),
    why: "They come when the body has been framed already, and a recipient may not merge them into the head (RFC 9110 §6.5.1).",
  },
  {
    name: "a length given twice alike", theirs: /HPE_UNEXPECTED_CONTENT_LENGTH/, when: (_, wire) => /\r\ncontent-length:[ \t]*(\d+)[ \t]*\r\n(?:.*\r\n)*?content-length:[ \t]*0*\1[ \t]*\r\n/i.test(wire) || /\r\ncontent-length:[ \t]*0*(\d+)[ \t]*\r\n(?:.*\r\n)*?content-length:[ \t]*\1[ \t]*\r\n/i.test(wire),
    why: "One value, said twice, is not in doubt (RFC 9112 §6.3).",
  },
  {
    name: "a tab behind a length or coding", theirs: /HPE_INVALID_(?:CONTENT_LENGTH|TRANSFER_ENCODING)|the body|another body/,
    when: (_, wire) => hasField(wire, /(?:content-length:[ \t]*\d+|transfer-encoding:.*chunked) *\t[ \t]*\r\n/),
    why: "White space around a value is no part of it, and a tab is white space (RFC 9110 §5.5, §5.6.3). node:http takes such a coding for an unknown one.",
  },
];

export const allowedRequests: readonly Allowance[] = [
  ...ofBodies,
  {
    name: "unknown methods", theirs: /HPE_INVALID_METHOD|Invalid method for HTTP|Expected HTTP\/2 Connection Preface/, when: (_, wire) => !METHODS.includes(methodOf(wire)) || methodOf(wire) === "SOURCE",
    why: "Methods are an open list of tokens (RFC 9110 §9.1), and but for CONNECT none changes the framing.",
  },
  {
    name: "targets are not read", theirs: /HPE_INVALID_URL/, when: () => true,
    why: "A target ends at the space behind it, whatever it is made of: it frames nothing, and it goes on as it came. White space and controls in it are refused.",
  },
  {
    name: "requests behind an Upgrade that is refused", theirs: /^they wait$/, when: (_, wire) => hasField(wire, /upgrade:/) && hasField(wire, /connection:.*upgrade/),
    why: "A server that does not switch protocols goes on with the next request (RFC 9110 §7.8); node:http drops what was sent along.",
  },
  {
    name: "errors in a request that asks for an upgrade", theirs: /^they wait for more of the body$/, when: (_, wire) => hasField(wire, /upgrade:/) && hasField(wire, /connection:.*upgrade/) && /\r\n[0-9a-f]+[ \t]*;/i.test(wire),
    why: "An extension of a chunk again, see above; in such a request node:http stops at it without a word.",
  },
  {
    name: "Proxy-Connection", theirs: /HPE_CLOSED_CONNECTION/, when: (_, wire) => hasField(wire, /proxy-connection:.*close/),
    why: "It is no field of HTTP (RFC 9112, C.2.2).",
  },
];

export const allowedResponses: readonly Allowance[] = [
  ...ofBodies,
  {
    name: "framing fields that frame nothing", theirs: /HPE_(?:INVALID|UNEXPECTED)_(?:CONTENT_LENGTH|TRANSFER_ENCODING)/, when: ({ isBodiless, interims }) => isBodiless || interims.length > 0,
    why: "An answer to HEAD, a 1xx, 204 or 304, and a 2xx to CONNECT end with their head, whatever their fields say (RFC 9112 §6.3, 1 and 2).",
  },
  {
    name: "answers behind an interim response that closes", theirs: /HPE_CLOSED_CONNECTION/,
    when: ({ interims }, wire) => interims.length > 0 && (wire.includes("HTTP/1.0 1") || hasField(wire, /(?:proxy-)?connection:.*close/)),
    why: "A 1xx is never the last word (RFC 9110 §15.2), whatever its version or its Connection field says of what follows.",
  },
  {
    name: "101 without Upgrade", theirs: /they see the end of the body|they read another body/, when: ({ start }) => start === "101",
    why: "The request asked for another protocol and the answer says that it begins (RFC 9110 §15.2.2): what follows is no HTTP.",
  },
];
