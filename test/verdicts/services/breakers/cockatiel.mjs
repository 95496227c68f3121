/** { counts: "all" | "statuses" (what counts as failure), kind: "consecutive" | "count" | "sampling", of (calls, or what the breaker takes), halfOpenAfter (ms, or { initialMs, maxMs } to grow), halfOpenSampling, timeout: { ms, strategy }, retry: { times, outside } } */
export async function cockatiel(library, { kind, of, halfOpenAfter, halfOpenSampling, timeout: limit, retry: again, counts }, call) {
  const { ConsecutiveBreaker, ConstantBackoff, CountBreaker, ExponentialBackoff, SamplingBreaker, circuitBreaker, handleAll, handleWhen, noJitterGenerator, retry, timeout, wrap } = await import(library);
  const rule = { consecutive: () => new ConsecutiveBreaker(of), count: () => new CountBreaker(of), sampling: () => new SamplingBreaker(of) }[kind]();
  const rest = typeof halfOpenAfter === "number" ? halfOpenAfter : new ExponentialBackoff({ initialDelay: halfOpenAfter.initialMs, maxDelay: halfOpenAfter.maxMs, exponent: 2, generator: noJitterGenerator });
  const breaker = circuitBreaker(counts === "statuses" ? handleWhen((error) => error.status !== undefined) : handleAll, { breaker: rule, halfOpenAfter: rest, ...(halfOpenSampling !== undefined && { halfOpenSampling }) });
  const policies = [
    ...(again === undefined ? [] : [retry(handleAll, { maxAttempts: again.times, backoff: new ConstantBackoff(again.delayMs ?? 0) })]),
    ...(limit === undefined ? [breaker] : limit.outside === true ? [timeout(limit.ms, limit.strategy), breaker] : [breaker, timeout(limit.ms, limit.strategy)]),
  ];
  const policy = wrap(...policies);
  return (what) => policy.execute(({ signal }) => call(what, limit?.ignoresSignal === true ? undefined : signal));
}
