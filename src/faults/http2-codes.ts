/** Error codes of HTTP/2 by their number (RFC 9113 §7). */
export const http2Codes = [
  "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED", "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL",
  "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
] as const;

export type Http2Code = (typeof http2Codes)[number];

export function numberOfCode(code: Http2Code): number {
  return http2Codes.indexOf(code);
}
