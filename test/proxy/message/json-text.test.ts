import { describe, expect, it } from "vitest";
import { editJson } from "../../../src/proxy/message/json-text.ts";
import { fc } from "../../support/properties.ts";

const set = (text: string, changes: Parameters<typeof editJson>[1]["set"]) => editJson(text, { set: changes, remove: [] });
const remove = (text: string, ...pointers: readonly string[]) => editJson(text, { set: {}, remove: pointers });

describe("editJson", () => {
  it("leaves all that it was not told to change as it is, letter for letter", () => {
    const text = ' {\n  "big": 12345678901234567890,\t"e": 1.50e+2, "a" : { "b":[ 1 ,2 ] },\r\n "\\u0061\\/": "\\ud83d\\ude00" }\n';
    expect(set(text, { "/a/b/1": null })).toBe(text.replace(",2 ]", ",null ]"));
    expect(set(text, { "/a~1": "x" })).toBe(text.replace('"\\ud83d\\ude00"', '"x"'));
    expect(remove(text, "/e")).toBe(text.replace('"e": 1.50e+2, ', ""));
  });

  it.each([
    ["a member", '{"a":1}', { "/a": { b: [] } }, '{"a":{"b":[]}}'],
    ["a new member, and one of an empty object", '{"a":{}}', { "/a/b": 1, "/c": 2 }, '{"a":{"b":1},"c":2}'],
    ["an item, one behind the last, and one by the next index", "[1,2]", { "/0": 0, "/-": 3, "/3": 4 }, "[0,2,3,4]"],
    ["an item of an empty list", "[]", { "/0": 1 }, "[1]"],
    ["the whole document", " true ", { "": { a: 1 } }, ' {"a":1} '],
    ["a name with slash, tilde, quote and no letters", '{"a/b":1,"m~n":2,"\\"":3,"":4}', { "/a~1b": 5, "/m~0n": 6, '/"': 7, "/": 8 }, '{"a/b":5,"m~n":6,"\\"":7,"":8}'],
    ["the last of a name that stands twice", '{"a":1,"a":2}', { "/a": 3 }, '{"a":1,"a":3}'],
    ["what looks like the end of a string", '{"a":"\\\\","b":"]}\\"","c":1}', { "/c": 2 }, '{"a":"\\\\","b":"]}\\"","c":2}'],
    ["__proto__ like any other", "{}", { "/__proto__": 1 }, '{"__proto__":1}'],
  ] as const)("sets %s", (_, text, changes, edited) => {
    expect(set(text, changes)).toBe(edited);
  });

  it.each([
    ["first, middle, last", '{"a":1,"b":2,"c":3}', ["/a", "/b", "/c"], "{}"],
    ["the first with the white space before the next", '{ "a":1, "b":2 }', ["/a"], '{ "b":2 }'],
    ["the last with the comma before it", '{ "a":1, "b":2 }', ["/b"], '{ "a":1 }'],
    ["items, which move up", "[1,2,3]", ["/0", "/0"], "[3]"],
    ["what is there of several", '{"a":[{"b":1,"c":2}]}', ["/x", "/a/0/b", "/a/7"], '{"a":[{"c":2}]}'],
  ])("removes %s", (_, text, pointers, edited) => {
    expect(remove(text, ...pointers)).toBe(edited);
  });

  it.each([["a member of what is no object", '{"a":1}', "/a/b"], ["a parent that is not there", "{}", "/a/b"], ["an index beyond the next", "[1]", "/2"], ["an index that is none", "[1]", "/01"], ["a name in a list", "[1]", "/a"]])("has nothing to set at %s", (_, text, pointer) => {
    expect(set(text, { [pointer]: 1 })).toBeUndefined();
  });

  it("has nothing to remove where nothing is", () => {
    expect(remove('{"a":[1]}', "/b", "/a/1", "/a/-", "/a/0/x")).toBeUndefined();
  });

  it.each(["", "{", "{'a':1}", "[1,]", "01", "nul", "\ufeff{}", '{"a":1} x'])("takes %j for no JSON", (text) => {
    expect(() => set(text, { "": 1 })).toThrow(SyntaxError);
  });

  it("takes of names that stand twice the last, written with escapes or without", () => {
    const text = '{"a":1, "\\u0061":2, "b":3}';
    expect(editJson(text, { set: { "/a": 9 }, remove: [] })).toBe('{"a":1, "\\u0061":9, "b":3}');
    expect(editJson(text, { set: {}, remove: ["/a"] })).toBe('{"a":1, "b":3}');
    expect(editJson('{"b":3, "a":1, "a":2}', { set: {}, remove: ["/a"] })).toBe('{"b":3, "a":1}');
  });

  it("looks no further into a long list than it has to, however many values are changed", () => {
    const items = "0,".repeat(2_000_000);
    const set = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`/${i}`, 7]));
    expect(editJson(`[${items}0]`, { set, remove: ["/50"] })?.length).toBe(items.length + 1);
  });

  it("makes of any document what its pointers say, whatever its white space", () => {
    fc.assert(fc.property(fc.json(), fc.nat(4), fc.nat(), fc.jsonValue(), (json, indent, place, value) => {
      const document: unknown = JSON.parse(json);
      const text = JSON.stringify(document, null, indent);
      const pointers = pointersOf(document);
      const pointer = pointers[place % pointers.length] ?? "";
      const meant: unknown = JSON.parse(JSON.stringify(changed(document, pointer, value)));
      expect(JSON.parse(editJson(text, { set: { [pointer]: JSON.parse(JSON.stringify(value)) }, remove: [] }) ?? "")).toEqual(meant);
      if (pointer === "") return;
      expect(pointersOf(JSON.parse(editJson(text, { set: {}, remove: [pointer] }) ?? "")).length).toBeLessThan(pointers.length);
    }));
  });
});

function escaped(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

function pointersOf(value: unknown): readonly string[] {
  const children = typeof value === "object" && value !== null ? Object.entries(value) : [];
  return ["", ...children.flatMap(([name, child]) => pointersOf(child).map((rest) => `/${escaped(name)}${rest}`))];
}

function changed(document: unknown, pointer: string, value: unknown): unknown {
  if (pointer === "") return value;
  const [, name = "", rest = ""] = /^\/([^/]*)(.*)$/s.exec(pointer) ?? [];
  const key = name.replaceAll("~1", "/").replaceAll("~0", "~");
  if (Array.isArray(document)) return document.map((item: unknown, i) => (String(i) === key ? changed(item, rest, value) : item));
  const entries = Object.entries(document as object).map(([own, child]) => [own, own === key ? changed(child, rest, value) : child]);
  return Object.fromEntries(entries);
}
