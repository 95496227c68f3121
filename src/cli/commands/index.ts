/**
 * The subcommands, one file each: what it takes, and what it does with the public API. May import the rest of cli, types included.
 * To add one: a file here with a `Command`, and its line below. Whatever is heavy is imported inside `act`.
 */
import type { Command } from "../command.ts";
import { explain } from "./explain.ts";
import { init } from "./init.ts";
import { list } from "./list.ts";
import { plan } from "./plan.ts";
import { proxies } from "./proxies.ts";
import { proxy } from "./proxy.ts";
import { replay } from "./replay.ts";
import { report } from "./report.ts";
import { run } from "./run.ts";
import { schema } from "./schema.ts";
import { toxic } from "./toxic.ts";
import { validate } from "./validate.ts";

export const commands: readonly Command[] = [run, validate, plan, report, replay, proxy, proxies, toxic, init, list, explain, schema];
