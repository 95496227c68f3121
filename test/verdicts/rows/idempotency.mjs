// What is asked for twice: the dependency does the work, its answer is lost, and the service tries again.

const done = (claims) => ({ type: "idempotency", proxy: "dependency", probe: "app", ...claims });
const client = (key, { times = 3, ...more } = {}) => ({ module: "client", config: { library: "hand", key, client: { by: "fetch" }, around: [{ by: "hand", times, pause: { kind: "constant", ms: 30 }, ...more }] } });
const ledger = { type: "http", url: "${services.dependency.url}/charges", load: "10/s", expect: { status: 200 } };
const posts = { method: "POST", json: { order: "${request.id}" }, load: { rate: { before: "5/s", during: "40/s", after: "3/s" } } };
/** Few requests before and after: a number that is told between two of them says how many there were. */
const under = (fault, probe = {}) => ({ faults: [{ name: "fault", proxy: "dependency", ...fault }], phases: { before: "2s" }, probes: { app: { ...posts, ...probe }, ledger } });
const lost = under({ type: "error", status: 503, reachUpstream: true, attempt: 1 });
const twice = under({ type: "duplicate" });
const effects = { effects: { probe: "ledger", path: "/charges" } };
const remembers = { upstream: { dedups: "always" } };

export const rows = [
  { id: "I01", tags: ["smoke"], service: client("request"), ...remembers, experiment: lost, hypothesis: done({ keyHeader: true }), expect: "held", why: "one key for all attempts of a request" },
  { id: "I21", tags: ["recorded"], service: client("attempt"), ...remembers, experiment: lost, hypothesis: done({ keyHeader: true }), expect: "violated", claim: "keyHeader", why: "a new key for each attempt" },
  { id: "I23", service: client("none"), ...remembers, experiment: lost, hypothesis: done({ keyHeader: true }), expect: "violated", claim: "keyHeader", why: "no key at all" },
  { id: "I25", service: client("same"), ...remembers, experiment: lost, hypothesis: done({ keyHeader: true }), expect: "violated", claim: "keyHeader", why: "one key for all requests" },
  { id: "I03", service: client("request"), ...remembers, experiment: lost, hypothesis: done(effects), expect: "held", why: "a repeat is recognized by its key, and done once" },
  { id: "I05", service: client("none"), ...remembers, experiment: lost, hypothesis: done(effects), expect: "violated", claim: "effects", why: "without a key what was lost is done again" },
  { id: "I27", service: client("attempt"), ...remembers, experiment: lost, hypothesis: done(effects), expect: "violated", claim: "effects", why: "a new key for each attempt: nothing is recognized" },
  { id: "I29", service: client("request"), upstream: { dedups: "none" }, experiment: lost, hypothesis: done(effects), expect: "violated", claim: "effects", why: "a key that the dependency does not look at" },
  { id: "I31", service: client("request"), upstream: { dedups: "done", delayMs: 80 }, experiment: lost, hypothesis: done(effects), expect: "held", why: "a repeat is recognized when the first is done, and repeats come only then" },
  { id: "I33", tags: ["recorded"], service: client("request"), upstream: { dedups: "done", delayMs: 80 }, experiment: twice, hypothesis: done(effects), expect: "violated", claim: "effects", why: "two at the same time: each finds that nothing has been done" },
  { id: "I35", service: client("request"), ...remembers, experiment: twice, hypothesis: done(effects), expect: "held", why: "two at the same time, of which the first to come takes the key" },
  { id: "I37", service: client("request"), ...remembers, experiment: under({ type: "error", status: 503, reachUpstream: true }), hypothesis: done({ duplicates: "<= 1" }), expect: "violated", claim: "duplicates", why: "up to four calls reach the dependency where two were promised" },
  { id: "I39", service: client("request", { times: 1 }), ...remembers, experiment: under({ type: "error", status: 503, reachUpstream: true }), hypothesis: done({ duplicates: "<= 1" }), expect: "held", why: "one repeat at the most" },
  { id: "I41", service: client("request", { times: 0 }), ...remembers, experiment: lost, hypothesis: done({ keyHeader: true }), expect: "inconclusive", why: "nothing is tried twice: whether keys stay the same was not seen" },
  {
    id: "I07", service: client("caller", { times: 0 }), ...remembers, hypothesis: { type: "claim", probe: "app", phase: "before", success: ">= 90%" }, expect: "violated", claim: "success",
    experiment: { ...under({ type: "error", status: 503 }, { headers: { "idempotency-key": "one" }, expect: { status: "400-499" } }), phases: { before: "10s" } }, why: "one key with another body is taken, where 4xx was promised",
  },
];
