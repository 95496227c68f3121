// Preloaded with NODE_OPTIONS=--import: in the program under test, puts a defect into one of its modules, as SABOTAGE says.
import { register } from "node:module";
import { isMainThread } from "node:worker_threads";

const defects = {
  judge: { file: "/dist/hypotheses/judge.js", at: /export function judge\(.*?\) \{/, code: 'throw new TypeError("sabotaged");' },
  reporter: { file: "/dist/reporters/text.js", at: /render\(.*?\) \{|render: \(.*?\) => \{/, code: 'throw new TypeError("sabotaged");' },
  journal: { file: "/dist/journal/codec.js", at: /export function encodeEvent\(event, lines\) \{/, code: 'if (event.faults?.[0]?.decision === "applied") throw new TypeError("sabotaged");' },
  rejection: { file: "/dist/run/run-schedule.js", at: /this\.#wasInForce = true;/, code: 'setTimeout(() => void Promise.reject(new TypeError("sabotaged")), 300);' },
  exception: { file: "/dist/run/run-schedule.js", at: /this\.#wasInForce = true;/, code: 'setTimeout(() => { throw new TypeError("sabotaged"); }, 300);' },
};
const { file, at, code } = defects[process.env.SABOTAGE];

const hooks = `export async function load(url, context, next) {
  const loaded = await next(url, context);
  if (!url.endsWith(${JSON.stringify(file)})) return loaded;
  const before = String(loaded.source);
  const source = before.replace(${at}, (found) => found + ${JSON.stringify(code)});
  if (source === before) throw new Error("nothing to sabotage in " + url);
  return { ...loaded, source };
}`;
if (isMainThread) register(`data:text/javascript,${encodeURIComponent(hooks)}`);
