/**
 * From text to a plan: parse (YAML to Experiment, or all issues at their places), interpolate, lint, plan, explain, and the published JSON Schema.
 * Pure. May import model, units, math, faults, toxics, probes, hypotheses; `yaml` only in yaml-source.ts.
 * The file of `chaos proxy` is read here too (proxy-file.ts), and toxics wherever they come from (read-toxic.ts).
 * To add a key: put it into its section in schema/ (with a description, which editors show) and into the noun in model/experiment.ts.
 * To add a warning: write it as a rule in lint/; what only one hypothesis can know belongs into its `advise`.
 * The run also uses interpolate.ts (filling what is known when run), placeholder.ts and listeners.ts.
 */
export { parse, parseVars } from "./parse.ts";
export type { ParsedFile, ParseOptions } from "./parse.ts";
export { parseProxyFile } from "./proxy-file.ts";
export type { FileProxies, FileProxy } from "./proxy-file.ts";
export { plan } from "./plan.ts";
export { explainPlan } from "./explain-plan.ts";
export { explainType } from "./explain-type.ts";
export { experimentJsonSchema } from "./json-schema.ts";
export { proxyFileJsonSchema } from "./proxy-file-schema.ts";
