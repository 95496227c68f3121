/**
 * Messages of HTTP as a whole: what it takes to change one (rewriting.ts) and to give one again (recorded-answers.ts). For the lanes that frame them.
 * A change of the head alone is made as it passes, and its body goes by. Where the body changes, the message is taken in whole, goes over
 * connections in memory through Node's HTTP and http-proxy (through-http-proxy.ts), which undo its framing and frame it anew, and comes back;
 * the other message of the exchange, and all other exchanges of the connection, stay as they came.
 * May import: model, units, and of http1 what a message is made of (framing, body data); http-proxy only in through-http-proxy.ts.
 * To add a change of a message: a field of the effect `rewrite` and a case in rewrite-message.ts; what is given again or sent twice: a case in ../http1/message-effects.ts.
 */
export { AnswerTap, RecordedAnswers, encodeRecorded } from "./recorded-answers.ts";
export type { RecordedAnswer } from "./recorded-answers.ts";
export { Rewriting } from "./rewriting.ts";
export type { Framed, Rewritten } from "./rewriting.ts";
