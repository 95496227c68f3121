import { resolve } from "node:path";
import type { Caller } from "./caller.ts";
import { Keep, once } from "./caller.ts";
import { killGroup, spawnCommand } from "../spawn.ts";

/** Where commands run, and who is told of them so that none outlives us. */
export interface CommandSetting {
  readonly baseDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly watch: (pid: number) => void;
  readonly forget: (pid: number) => void;
}

/** Runs commands, each in a process group of its own that is ended with it. */
export function commandCaller({ baseDir, env, watch, forget }: CommandSetting): Caller {
  return {
    call: (call, _headers, answered) => {
      if (call.kind !== "command") throw new TypeError(`expected a command, got ${call.kind}`);
      const kept = new Keep(call.keepBytes);
      const { pid, stdout, ended } = spawnCommand(call.command, { shell: call.shell, cwd: resolve(baseDir, call.cwd ?? "."), env: { ...env, ...call.env } });
      const answer = once((told) => {
        answered(told);
        if (pid === undefined) return;
        killGroup(pid);
        forget(pid);
      });
      if (pid !== undefined) watch(pid);
      stdout.on("data", (chunk: Buffer) => kept.add(chunk));
      const soFar = (): { readonly stdout: string; readonly bodyBytes: number } => ({ stdout: kept.text(), bodyBytes: kept.bytes });
      void ended.then(({ code, signal, failure }) => answer({ ...soFar(), ...(code === undefined ? { failure: failure ?? signal ?? "failed" } : { exitCode: code }) }));
      return { abort: (failure) => answer({ ...soFar(), failure }) };
    },
    close: () => Promise.resolve(),
  };
}
