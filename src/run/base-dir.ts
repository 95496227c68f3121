import { dirname, resolve } from "node:path";
import type { Plan } from "../model/plan.ts";

/** What paths of a plan are relative to, where nobody says otherwise: the folder of its file, or the current one. */
export function baseDirOf({ file }: Pick<Plan, "file">): string {
  return file === "-" ? process.cwd() : dirname(resolve(file));
}
