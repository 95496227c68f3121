/** Options as opossum takes them; `errors: "ignored"` stands for an error filter that lets all pass, `"server"` for one that lets statuses below 500 pass. `abort: true`: one controller for all calls. */
export async function opossum(library, { errors, abort = false, ...options }, call) {
  const { default: CircuitBreaker } = await import(library);
  const breaker = new CircuitBreaker((what) => call(what, abort ? breaker.getSignal() : undefined), {
    ...options,
    ...(errors === "ignored" && { errorFilter: () => true }),
    ...(errors === "server" && { errorFilter: (error) => error.status !== undefined && error.status < 500 }),
    ...(abort && { abortController: new AbortController(), autoRenewAbortController: true }),
  });
  return (what) => breaker.fire(what);
}
