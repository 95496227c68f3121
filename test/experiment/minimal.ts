import { parse } from "../../src/experiment/index.ts";
import type { ParsedFile, ParseOptions } from "../../src/experiment/index.ts";
import type { Experiment } from "../../src/model/experiment.ts";
import type { Issue } from "../../src/model/issue.ts";

/** Sections of a small valid experiment; a test replaces those that it is about. */
const sections: Readonly<Record<string, string>> = {
  version: "version: 1",
  title: "title: Checkout survives",
  services: "services:\n  checkout: { command: [node, checkout.mjs], port: auto, env: { PAYMENTS_URL: \"${proxies.payments.url}\" } }",
  proxies: "proxies:\n  payments: { upstream: http://127.0.0.1:8080 }",
  probes: "probes:\n  checkout: { type: http, url: \"${services.checkout.url}/checkout\", load: 25/s }",
  steadyState: "steadyState:\n  - { probe: checkout, success: \">= 99%\" }",
};

/** The text of the experiment with sections replaced (or, with an empty text, left out) and added, in the order given. */
export function textWith(changes: Readonly<Record<string, string>> = {}): string {
  return `${Object.values({ ...sections, ...changes }).filter((text) => text !== "").join("\n")}\n`;
}

export function read(text: string, options: Partial<ParseOptions> = {}): ParsedFile {
  return parse(text, { file: "a.yaml", env: {}, vars: {}, ...options });
}

/** The one experiment of a text that is expected to be valid; warnings are allowed. */
export function experimentOf(text: string, options: Partial<ParseOptions> = {}): Experiment {
  const { documents, issues } = read(text, options);
  const experiment = documents[0]?.experiment;
  if (experiment === undefined) throw new Error(issues.map(({ message, frame }) => `${message}\n${frame ?? ""}`).join("\n"));
  return experiment;
}

/** The issues of a text as `line:column code`. */
export function placesOf(text: string, options: Partial<ParseOptions> = {}): readonly string[] {
  return read(text, options).issues.map(({ line, column, code }) => `${line ?? ""}:${column ?? ""} ${code}`);
}

/** The only issue of a text. */
export function issueOf(text: string, options: Partial<ParseOptions> = {}): Issue {
  const { issues } = read(text, options);
  const [issue] = issues;
  if (issue === undefined || issues.length !== 1) throw new Error(`expected one issue, got ${issues.length}: ${issues.map(({ message }) => message).join("; ")}`);
  return issue;
}
