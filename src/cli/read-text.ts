import { readFile } from "node:fs/promises";
import type { Context } from "./command.ts";
import type { Issue } from "./api.ts";
import { messageOf, systemCode } from "./error-text.ts";

/** The text of a file (`-`: of standard input), or why it could not be had. */
export async function readText(context: Context, file: string, noun: string): Promise<string | Issue> {
  const issue = (code: string, message: string, hint: string): Issue => ({ code, severity: "error", message, hint, file });
  let bytes: Uint8Array;
  try {
    bytes = file === "-" ? await drain(context.stdin) : await readFile(file);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT") return issue("no-such-file", `expected ${noun}, but there is no such file`, `check the path; it is looked for from ${process.cwd()}`);
    if (code === "EISDIR") return issue("is-a-folder", `expected ${noun}, but this is a folder`, `name the files in it: ${file.replace(/\/+$/, "")}/*.yaml`);
    if (code === "EACCES") return issue("not-readable", `expected ${noun}, but reading it is not permitted`, "give this user the right to read it");
    return issue("not-readable", `expected ${noun}, but it cannot be read: ${messageOf(error)}`, "give another file");
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return issue("not-utf-8", `expected ${noun} in UTF-8, got other bytes`, "save the file as UTF-8");
  }
  return text.trim() === "" ? issue("empty-file", `expected ${noun}, but the file is empty`, "chaos init writes one to start from") : text;
}

async function drain(stream: AsyncIterable<string | Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(typeof part === "string" ? Buffer.from(part) : part);
  return Buffer.concat(parts);
}
