import { z } from "zod";

/** A test on a text. All given parts must hold. */
export interface TextTest {
  readonly equals?: string | undefined;
  readonly contains?: string | undefined;
  readonly matches?: string | undefined;
}

/** An ECMAScript regular expression, unanchored. */
export const pattern = (): z.ZodString => z.string().refine(isPattern, "expected a regular expression").meta({ description: "a regular expression (ECMAScript, unanchored)" });

function isPattern(source: string): boolean {
  try {
    return new RegExp(source) instanceof RegExp;
  } catch {
    return false;
  }
}

export const textTest = z.strictObject({
  equals: z.string().optional().meta({ description: "the whole text" }),
  contains: z.string().optional().meta({ description: "a part of the text" }),
  matches: pattern().optional(),
});

/** A text alone means that it has to be equal. */
export const textOrTest = z.union([z.string(), textTest]);

/** What is wrong with a text, in words that complete "expected …"; absent when nothing is. */
export function textFault(test: string | TextTest, text: string): string | undefined {
  const { equals, contains, matches } = typeof test === "string" ? { equals: test, contains: undefined, matches: undefined } : test;
  if (equals !== undefined && text !== equals) return `"${equals}"`;
  if (contains !== undefined && !text.includes(contains)) return `a text that contains "${contains}"`;
  if (matches !== undefined && !new RegExp(matches).test(text)) return `a text that matches /${matches}/`;
  return undefined;
}

/** The test in words, such as `contains "queued"`. */
export function explainText(test: string | TextTest): string {
  if (typeof test === "string") return `is "${test}"`;
  const parts = [
    ...(test.equals === undefined ? [] : [`is "${test.equals}"`]),
    ...(test.contains === undefined ? [] : [`contains "${test.contains}"`]),
    ...(test.matches === undefined ? [] : [`matches /${test.matches}/`]),
  ];
  return parts.length === 0 ? "is there" : parts.join(" and ");
}

/** The start of a text, on one line, for reports. */
export function excerpt(text: string, characters = 80): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > characters ? `${line.slice(0, characters - 1)}…` : line;
}
