import { describe, expect, it } from "vitest";
import { readHandshake } from "../../../src/proxy/websocket/handshake.ts";

const read = (headers: Readonly<Record<string, string>>) => readHandshake((name) => headers[name]);

describe("an answer that switches protocols", () => {
  it("opens a WebSocket when it says so, in any case of letters", () => {
    expect(read({ upgrade: "WebSocket" })).toEqual({ extended: false, linked: { request: false, response: false } });
    expect(read({ upgrade: "h2c" })).toBeUndefined();
    expect(read({})).toBeUndefined();
  });

  it.each([
    ["permessage-deflate", true, true],
    ["foo, permessage-deflate; server_no_context_takeover", true, false],
    ["permessage-deflate; client_no_context_takeover; server_max_window_bits=10", false, true],
    ["Permessage-Deflate;client_no_context_takeover;server_no_context_takeover", false, false],
    ["x-webkit-deflate-frame", false, false],
  ])("says by %s whether compressed messages need those before them", (extensions, request, response) => {
    expect(read({ upgrade: "websocket", "sec-websocket-extensions": extensions })).toEqual({ extended: true, linked: { request, response } });
  });
});
