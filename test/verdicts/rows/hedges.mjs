// A second call beside a slow one. The dependency takes 300 ms longer, unless a row says otherwise.

const hedging = (claims) => ({ type: "hedging", proxy: "dependency", probe: "app", ...claims });
const client = (...around) => ({ module: "client", config: { library: "hand", client: { by: "fetch" }, around } });
const hedged = (options) => client({ by: "hedge", afterMs: 150, ...options });
const slow = (delay = "300ms", more = {}) => ({ faults: [{ name: "fault", proxy: "dependency", type: "latency", at: "response", delay }], phases: { before: "4s" }, ...more });

export const rows = [
  { id: "X01", tags: ["smoke"], service: hedged(), experiment: slow(), hypothesis: hedging({ after: "130ms..220ms", extraLoad: "<= 5%", cancelsLoser: true }), expect: "held", why: "a second call after 150 ms, the first answer counts, the other call is left" },
  {
    id: "X03", tags: ["recorded"], service: client({ by: "hand", times: 2, pause: { kind: "none" } }, { by: "race", ms: 150 }), experiment: slow("400ms"), hypothesis: hedging({ after: "130ms..220ms" }), expect: "violated", claim: "hedges",
    why: "retries that leave their first call running: its answer is thrown away",
  },
  { id: "X05", service: hedged({ afterMs: 2000 }), experiment: slow("1s"), hypothesis: hedging({ after: "1900ms..2200ms" }), expect: "inconclusive", why: "a hedge after 2 s, and nothing took longer than one" },
  { id: "X21", tags: ["recorded"], service: hedged({ cancels: false }), experiment: slow(), hypothesis: hedging({ cancelsLoser: true }), expect: "violated", claim: "cancelsLoser", why: "the loser runs on" },
  { id: "X23", service: hedged({ afterMs: 10 }), upstream: { delayMs: 40 }, experiment: slow(), hypothesis: hedging({ extraLoad: "<= 5%" }), expect: "violated", claim: "extraLoad", why: "a hedge after 10 ms of what takes 40 when all is well: twice the calls" },
  { id: "X25", service: client(), experiment: slow(), hypothesis: hedging({ after: "130ms..220ms" }), expect: "violated", claim: "hedges", why: "no hedge" },
  { id: "X27", service: hedged({ afterMs: 250 }), experiment: slow("500ms"), hypothesis: hedging({ after: "80ms..150ms" }), expect: "violated", claim: "after", why: "a hedge after 250 ms where 150 were promised" },
  { id: "X29", service: client({ by: "hand", times: 1, pause: { kind: "none" }, tryMs: 150 }), experiment: slow(), hypothesis: hedging({ after: "80ms..140ms" }), expect: "violated", claim: "hedges", why: "a timeout and a retry: the first call is left before the second begins" },
  { id: "X31", service: hedged({ afterMs: 120, calls: 3 }), experiment: slow("400ms"), hypothesis: hedging({ after: "100ms..190ms", cancelsLoser: true }), expect: "held", why: "up to three calls" },
  { id: "X33", service: hedged({ takes: "last" }), experiment: slow(), hypothesis: hedging({ after: "130ms..220ms" }), expect: "violated", claim: "hedges", why: "waits for both calls: that makes nothing faster" },
  { id: "X35", service: hedged(), experiment: { faults: [{ name: "fault", proxy: "dependency", type: "error", status: 503 }], phases: { before: "4s" } }, hypothesis: hedging({ after: "130ms..220ms" }), expect: "inconclusive", why: "503s at once: nothing is slow" },
];
