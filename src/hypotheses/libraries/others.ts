/** Traps of libraries and proxies, by the pattern that they bend; each goes on from the library's name. Read in their sources and docs. */
export const otherTraps: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  bulkhead: {
    opossum: ["frees its place at its timeout while the call still runs: 50 calls were seen where 5 were allowed"],
    cockatiel: ["queues in order when a queue is given, and rejects beyond it"],
    resilience4j: ["lets 25 calls run by default, and does not wait"],
    hystrix: ["has a pool of 10 and no queue by default"],
    polly: ["lets 1000 calls run by default, without a queue"],
    pybreaker: ["holds its lock during a call: one call at a time, even while closed"],
    envoy: ["limits a cluster to 1024 connections, 1024 waiting and 1024 running requests by default"],
    undici: ["queues without end behind its connections, and rejects nothing"],
    axios: ["queues without end behind its agent's maxSockets, and rejects nothing"],
  },
  hedging: {
    polly: ["hedges after 2s by default: a fault that delays less does not exercise it"],
    "failsafe-go": ["makes one further call, and cancels the losers"],
    grpc: ["sends the next call at once when one fails with a code that is not fatal"],
    envoy: ["leaves the first call running when it hedges on a per-try timeout"],
  },
  failover: {
    nginx: ["goes on to the next peer for errors and timeouts, not for a 503, by default", "does not pass on a POST that was sent", "counts on more than one server in the upstream"],
    haproxy: ["goes on for connections that fail, not for a 503, by default"],
    envoy: ["calls every host when fewer than half are healthy"],
  },
  "load-balance": {
    nginx: ["ejects for errors and timeouts, not for a 503, by default", "tries an ejected server once every fail_timeout (10s)"],
    haproxy: ["ejects by its own checks (2s apart, 3 to fall) unless observe is set"],
    envoy: ["ejects a tenth of the hosts at most, though always one, and looks every 10s", "calls every host when fewer than half are healthy"],
    linkerd: ["ejects only where failure accrual is asked for"],
  },
  "rate-limit": {
    resilience4j: ["allows 50 calls in 500ns by default, which is no limit"],
    envoy: ["limits each of its instances by itself, unless the limit is global"],
  },
};
