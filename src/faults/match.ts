import type { Match, TextMatch } from "../model/selection.ts";
import { compileGlob } from "./glob.ts";
import type { ExchangeFacts } from "./subject.ts";

type Test = (value: string | undefined) => boolean;

/** Makes one test of an exchange, compiled once, cheap for each. Without a match everything passes. */
export function compileMatch(match: Match | undefined): (facts: ExchangeFacts) => boolean {
  if (match === undefined) return () => true;
  const tests: ((facts: ExchangeFacts) => boolean)[] = [];
  if (match.methods !== undefined) {
    const methods = match.methods.map((method) => method.toUpperCase());
    tests.push((facts) => methods.includes(facts.method));
  }
  if (match.path !== undefined) {
    const test = compileText(match.path, "/");
    tests.push((facts) => test(pathOf(facts.path)));
  }
  if (match.host !== undefined) {
    const test = compileText(match.host);
    tests.push((facts) => {
      const host = facts.authority ?? facts.header("host")?.toLowerCase();
      return test(host) || (host !== undefined && test(host.replace(/:\d*$/, "")));
    });
  }
  for (const [name, text] of Object.entries(match.headers ?? {})) {
    const header = name.toLowerCase();
    const test = compileText(text);
    tests.push((facts) => test(facts.header(header)));
  }
  const query = Object.entries(match.query ?? {}).map(([name, text]) => ({ name, test: compileText(text) }));
  if (query.length > 0) {
    tests.push((facts) => {
      const values = new URLSearchParams(queryOf(facts.path));
      return query.every(({ name, test }) => (values.has(name) ? values.getAll(name).some(test) : test(undefined)));
    });
  }
  const [only] = tests;
  return only !== undefined && tests.length === 1 ? only : (facts) => tests.every((test) => test(facts));
}

/** `bound`: what a single `*` of a glob does not cross. */
function compileText(match: TextMatch, bound?: "/"): Test {
  if ("present" in match) return (value) => (value !== undefined) === match.present;
  if ("equals" in match) return (value) => value === match.equals;
  const test = "glob" in match ? compileGlob(match.glob, bound) : testOf(new RegExp(match.regex));
  return (value) => value !== undefined && test(value);
}

function testOf(pattern: RegExp): (value: string) => boolean {
  return (value) => pattern.test(value);
}

/** The path of a request target without its query; of an absolute target (to a forward proxy) without its origin too. */
function pathOf(target: string): string {
  const end = target.indexOf("?");
  const path = end < 0 ? target : target.slice(0, end);
  if (path.startsWith("/")) return path;
  const origin = /^[a-z][a-z\d+.-]*:\/\/[^/]*/i.exec(path);
  return origin === null ? path : path.slice(origin[0].length) || "/";
}

function queryOf(target: string): string {
  const start = target.indexOf("?");
  return start < 0 ? "" : target.slice(start + 1);
}
