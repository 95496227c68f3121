/**
 * What lives here: what hypotheses share about a run. The Observer folds events into compact tables; Observations answer questions about
 * them (which calls did this request cause, what did this fault do); runs of zeros, baselines and gates are said in the field's words.
 * Pure, and deterministic given the journal. May import: model, units, math.
 * To add a question: add it to `Observations` (model/observation.ts) when it needs the tables, else write a function over Observations.
 */
export { Observer } from "./observer.ts";
