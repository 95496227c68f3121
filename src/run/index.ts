/**
 * Everything that carries a plan out: journal, services, proxies, load, guards, clean-up. The one room where a run touches the world.
 * May import: every room but the command line and index.ts.
 * carry-out.ts has the order of things; what is started adds how it is undone (undo.ts), who has a reason to end early throws the one switch (halt.ts).
 */
export { judgeJournal } from "./judge-journal.ts";
export { planOfJournal } from "./plan-of-journal.ts";
export { preflight } from "./preflight.ts";
export { run } from "./run.ts";
export type { RunOptions } from "./run.ts";
export { serveProxy } from "./serve-proxy.ts";
export type { ServedChange, ServedIssue, ServedProxies, ServeProxyOptions } from "./serve-proxy.ts";
