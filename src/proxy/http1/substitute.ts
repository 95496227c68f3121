import { encodeRecorded } from "../message/index.ts";
import { encodeAnswer } from "./answers.ts";
import type { Answer } from "./answers.ts";
import type { Exchange, Step } from "./exchange.ts";

/** The answer that a step gives in upstream's place, noted down on its exchange; with `close` the connection ends behind it. */
export function substitute(exchange: Exchange, { effect, fault }: Step, close: boolean): Answer | undefined {
  const how = { method: exchange.method, close };
  const answer = effect.kind === "respond" ? encodeAnswer(effect, how) : exchange.recalled && encodeRecorded(exchange.recalled, how);
  if (answer === undefined) return undefined;
  exchange.isSubstituted = true;
  exchange.closeAfter = close;
  exchange.answeredBy = [fault];
  exchange.retryAfter = answer.retryAfter;
  return answer;
}
