/** Options as p-retry takes them; `takesSignal: true`: it stops when its caller's caller has left. */
export async function pRetry(name, { takesSignal = false, ...options }, call) {
  const { default: library } = await import(name);
  return (what) => library(() => call(what), { ...options, ...(takesSignal && what.signal !== undefined && { signal: what.signal }) });
}
