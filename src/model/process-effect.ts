/** What ends a process. SIGKILL cannot be refused; the others a service may answer by ending in good order, or not at all. */
export type EndSignal = "SIGKILL" | "SIGTERM" | "SIGINT" | "SIGHUP" | "SIGQUIT" | "SIGABRT" | "SIGSEGV";

/** What is done to a process of the run, with its whole process group; plain data, carried out by the run. */
export type ProcessEffect =
  /**
   * The signal is sent; with `insist`, SIGKILL too when the service's time to stop is over.
   * It is started again so long after it has ended, when the fault is lifted, or never.
   */
  | { readonly kind: "end"; readonly signal: EndSignal; readonly insist: boolean; readonly restart: { readonly afterMs: number } | "lifted" | "never" }
  /** SIGSTOP; SIGCONT when the fault is lifted. */
  | { readonly kind: "pause" };
