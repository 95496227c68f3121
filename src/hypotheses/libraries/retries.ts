/** How a library retries by its defaults. */
export interface RetryDefaults {
  /** Calls in all, the first included; absent: without end. */
  readonly attempts?: number;
  /** Its pauses, as in `pauses double from 1s`. */
  readonly pauses: string;
  /** How far pauses spread around their mean: growth shows the later for it. */
  readonly spread: "full" | "half" | "equal" | "fifth" | "none";
  /** Whether its HTTP client repeats by itself what a reused connection lost; absent: depends on the client. */
  readonly resends?: boolean;
  readonly traps: readonly string[];
}

/** As their sources say: axios-retry 4.5, got 15, ky 2, undici 8, p-retry 7, cockatiel 4, Resilience4j 2, Polly 8.7, tenacity, urllib3 2, go-retryablehttp, cenkalti/backoff 4, failsafe-go 0.9, HttpClient 5; gRPC's A6, Envoy, Istio, nginx and HAProxy as documented. */
export const retries: Readonly<Record<string, RetryDefaults>> = {
  "axios-retry": { attempts: 4, pauses: "retries at once", spread: "none", resends: false, traps: ["retries any method, POST too, when the connection fails", "does not retry timeouts (ECONNABORTED)", "lets one timeout shrink over all attempts, so that the last ones are cut short", "starts exponentialDelay at twice its base"] },
  got: { attempts: 3, pauses: "doubles its pauses from 1s, up to 100ms more", spread: "none", resends: false, traps: ["does not retry POST", "gives up at once when Retry-After is longer than its timeout"] },
  ky: { attempts: 3, pauses: "doubles its pauses from 300ms", spread: "none", resends: false, traps: ["does not retry POST, nor timeouts"] },
  fetch: { attempts: 1, pauses: "does not retry", spread: "none", resends: false, traps: [] },
  undici: { attempts: 6, pauses: "doubles its pauses from 500ms, up to 30s", spread: "none", resends: false, traps: ["does not retry POST, nor timeouts of headers", "uses a new connection for each attempt"] },
  "p-retry": { attempts: 11, pauses: "doubles its pauses from 1s", spread: "none", resends: false, traps: ["retries what throws, and fetch does not throw for a 503"] },
  cockatiel: { pauses: "retries at once, or spreads its pauses from 128ms (decorrelated)", spread: "full", resends: false, traps: ["counts retries with maxAttempts: one call more is made in all", "draws pauses that may fall: growth shows over many requests only"] },
  resilience4j: { attempts: 3, pauses: "pauses 500ms each time", spread: "none", traps: ["counts calls in all with maxAttempts, the first included"] },
  polly: { attempts: 4, pauses: "pauses 2s each time", spread: "fifth", traps: ["retries POST as well in .NET's standard handler, unless it is told not to"] },
  tenacity: { pauses: "retries at once and without end", spread: "full", traps: ["never stops unless stop is set"] },
  urllib3: { attempts: 4, pauses: "retries at once, then doubles its pauses", spread: "none", resends: true, traps: ["retries 413, 429 and 503 with Retry-After, whatever status_forcelist says"] },
  requests: { attempts: 1, pauses: "does not retry", spread: "none", resends: false, traps: [] },
  "go-retryablehttp": { attempts: 5, pauses: "doubles its pauses from 1s, up to 30s", spread: "none", resends: true, traps: ["retries all methods, POST too"] },
  "cenkalti-backoff": { pauses: "multiplies its pauses by 1.5 from 500ms, for 15m", spread: "half", resends: true, traps: [] },
  "failsafe-go": { attempts: 3, pauses: "retries at once", spread: "none", resends: true, traps: ["has a budget of 20% of calls, and of 3 at least"] },
  httpclient5: { attempts: 2, pauses: "pauses 1s", spread: "none", traps: ["retries 429 and 503 whatever the method"] },
  "aws-sdk": { attempts: 3, pauses: "spreads its pauses from 0 to 100ms, doubling", spread: "full", resends: false, traps: ["stops retrying when its bucket of 500 is empty: a retry takes 5"] },
  grpc: { attempts: 5, pauses: "multiplies its pauses by its policy", spread: "fifth", traps: ["repeats calls that no server has seen by itself, beyond its policy", "stops retrying when half of its tokens are gone"] },
  envoy: { attempts: 2, pauses: "spreads its pauses from 0 to 25ms, doubling, up to 250ms", spread: "full", traps: ["counts retries inside the route's timeout: the last is cut short", "pauses so shortly that it can hardly be told from scheduling"] },
  istio: { attempts: 3, pauses: "spreads its pauses from 0 to 25ms, doubling", spread: "full", traps: [] },
  nginx: { pauses: "tries each peer once, at once", spread: "none", traps: ["repeats on a fresh connection what a cached one lost, beyond its count", "passes on no POST that was sent"] },
  haproxy: { attempts: 4, pauses: "pauses 1s at most on the same server", spread: "none", traps: ["retries connections that fail, and no statuses"] },
};
