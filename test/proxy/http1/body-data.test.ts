import { expect, test } from "vitest";
import { BodyData } from "../../../src/proxy/http1/body-data.ts";
import { fc } from "../../support/properties.ts";

const data = fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 300 });

/** What lies between the spans of a body in these packets. */
function read(body: string, framing: "length" | "chunked", sizes: readonly number[]): string {
  const reader = new BodyData(framing);
  let found = "";
  for (let at = 0, i = 0; at < body.length; i += 1) {
    const packet = Buffer.from(body.slice(at, at + (sizes[i % sizes.length] ?? 1)), "latin1");
    const spans = reader.spans(packet);
    for (let s = 0; s < spans.length; s += 2) found += packet.toString("latin1", spans[s], spans[s + 1]);
    at += packet.length;
  }
  return found;
}

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 10 });

test("finds the data of any chunks, however they are split, and nothing of sizes, extensions and trailers", () => {
  const extension = fc.constantFrom("", ";a", " ;a=b", ";ff=1");
  fc.assert(fc.property(fc.array(fc.tuple(data, extension), { maxLength: 6 }), fc.constantFrom("", "Digest: 12\r\nb: c\r\n"), sizes, (chunks, trailers, sizes) => {
    const body = `${chunks.map(([text, more]) => `${text.length.toString(16)}${more}\r\n${text}\r\n`).join("")}00;end\r\n${trailers}\r\n`;
    expect(read(body, "chunked", sizes)).toBe(chunks.map(([text]) => text).join(""));
  }));
});

test("takes all of another body for data", () => {
  fc.assert(fc.property(data, sizes, (text, sizes) => {
    expect(read(text, "length", sizes)).toBe(text);
  }));
});
