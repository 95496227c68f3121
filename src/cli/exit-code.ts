/** What the shell is told. The codes of a finished experiment come with its report. */
export const exitCodes = {
  ok: 0,
  inconclusive: 3,
  /** The command line, a file or a path is wrong; nothing was run. */
  refused: 2,
  /** The tool itself failed. */
  failed: 6,
} as const;

/** 128 + the number of the signal, as shells say it. */
export const interruptCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Errors of ours that are none of the command line: ports that are taken, servers that are not there, what broke on the way. */
const worldly: readonly string[] = ["port-taken", "listen-failed", "data-plane-failed", "data-plane-died", "data-plane-stopped", "not-closed", "api-unreachable", "api-failed", "not-an-api"];

/** Of an error of ours, by its code. */
export function exitCodeOf(code: string): number {
  return worldly.includes(code) ? exitCodes.failed : exitCodes.refused;
}
