/** One of its policies: { retry: { maxAttempts, backoff: { kind, … } } }, { timeout: ms, strategy, ignoresSignal } or { breaker: { failures, restMs } }. */
export async function cockatiel(name, { retry: again, timeout: ms, strategy = "aggressive", ignoresSignal = false, breaker }, call) {
  const library = await import(name);
  const { ConsecutiveBreaker, circuitBreaker, handleAll, retry, timeout } = library;
  const policy = again !== undefined
    ? retry(handleAll, { maxAttempts: again.maxAttempts, ...(again.backoff !== undefined && { backoff: backoffOf(library, again.backoff) }) })
    : breaker !== undefined
      ? circuitBreaker(handleAll, { breaker: new ConsecutiveBreaker(breaker.failures), halfOpenAfter: breaker.restMs })
      : timeout(ms, strategy);
  return (what) => policy.execute(({ signal }) => call(ms === undefined || ignoresSignal ? what : { ...what, signal: what.signal === undefined ? signal : AbortSignal.any([signal, what.signal]) }));
}

function backoffOf({ ConstantBackoff, DelegateBackoff, ExponentialBackoff, IterableBackoff, ...generators }, { kind, ms, list, generator, ...options }) {
  switch (kind) {
    case "constant": return new ConstantBackoff(ms);
    case "iterable": return new IterableBackoff(list);
    case "linear": return new DelegateBackoff(({ attempt }) => ms * attempt);
    default: return new ExponentialBackoff({ ...options, ...(generator !== undefined && { generator: generators[generator] }) });
  }
}
