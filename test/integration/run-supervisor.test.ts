import { fork, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { createSystemEnv } from "../../src/run/system-env.ts";
import { ServiceProcess } from "../../src/run/service-process.ts";
import { eventually, isRunning } from "../support/chaos.ts";
import { parentOf, processesWith, stateOf } from "../support/processes.ts";

const support = fileURLToPath(new URL("../support/", import.meta.url));
const supervisor = fileURLToPath(new URL("../../src/run/supervisor.js", import.meta.url));
const mark = "CHAOS_TEST_MARK";
const marks: string[] = [];

function marked(): string {
  marks.push(randomUUID());
  return marks.at(-1) ?? "";
}

afterEach(() => {
  for (const id of marks.splice(0)) for (const pid of processesWith(mark, id)) process.kill(pid, "SIGKILL");
});

function serviceOf(id: string, env: Readonly<Record<string, string>>, stopWithinMs = 200): ServiceProcess {
  return new ServiceProcess({ name: "unruly", command: ["node", "unruly.mjs"], shell: false, cwd: support, env: { PATH: process.env["PATH"] ?? "", PORT: "0", ...env, [mark]: id }, stopWithinMs });
}

/** A stand-in for chaos that starts a service by the supervisor and does nothing else, so that it can be killed. */
const parent = `
const { fork } = require("node:child_process");
const [supervisor, cwd, mark, mode] = process.argv.slice(1);
const child = fork(supervisor, [], { detached: true, stdio: "ignore", serialization: "json" });
child.on("message", (message) => process.send({ ...message, supervisor: child.pid }));
child.send({ kind: "start", file: "node", args: ["unruly.mjs"], shell: false, cwd, env: { PATH: process.env.PATH, PORT: "0", MODE: mode, CHAOS_TEST_MARK: mark }, stopWithinMs: 200 });
setInterval(() => undefined, 60_000);
`;

describe("the supervisor", () => {
  test.each(["frail", "stubborn"])("leaves no process of a %s service when its parent is killed by SIGKILL", async (mode) => {
    const id = marked();
    const chaos = spawn(process.execPath, ["-e", parent, supervisor, support, id, mode], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    const [started] = (await once(chaos, "message")) as [{ readonly kind: string; readonly supervisor: number }];
    expect(started.kind).toBe("started");
    // The stubborn one has a child as well, which ignores SIGTERM too.
    await eventually(() => (processesWith(mark, id).length === (mode === "stubborn" ? 2 : 1) ? true : undefined));
    chaos.kill("SIGKILL");
    await eventually(() => (processesWith(mark, id).length === 0 && !isRunning(started.supervisor) ? true : undefined));
    expect(processesWith(mark, id)).toEqual([]);
  });

  test("ends its services when it is asked to end itself", async () => {
    const id = marked();
    const child = fork(supervisor, { detached: true, stdio: "ignore" });
    child.send({ kind: "start", file: "node", args: ["unruly.mjs"], shell: false, cwd: support, env: { PATH: process.env["PATH"], PORT: "0", MODE: "stubborn", [mark]: id }, stopWithinMs: 100 });
    await once(child, "message");
    await eventually(() => (processesWith(mark, id).length === 2 ? true : undefined));
    child.kill("SIGTERM");
    await once(child, "exit");
    expect(processesWith(mark, id)).toEqual([]);
  });

  test("ends a group that it was told to watch, and no other", async () => {
    const [watched, forgotten] = [marked(), marked()];
    const idle = (id: string) => spawn(process.execPath, ["-e", "setInterval(() => undefined, 60_000)"], { detached: true, stdio: "ignore", env: { [mark]: id } });
    const [one, other] = [idle(watched), idle(forgotten)];
    const child = fork(supervisor, { detached: true, stdio: "ignore" });
    for (const { pid } of [one, other]) child.send({ kind: "watch", pid });
    child.send({ kind: "forget", pid: other.pid });
    // Answered after what was said before it.
    child.send({ kind: "start", file: "true", args: [], shell: false, cwd: support, env: { PATH: process.env["PATH"] }, stopWithinMs: 100 });
    await once(child, "message");
    child.disconnect();
    await once(child, "exit");
    expect(processesWith(mark, watched)).toEqual([]);
    expect(processesWith(mark, forgotten)).toEqual([other.pid]);
  });
});

describe("a service process", () => {
  const env = createSystemEnv();

  test("stops with its whole group, however stubborn", async () => {
    const id = marked();
    const service = serviceOf(id, { MODE: "stubborn" });
    const pid = await service.start();
    await eventually(() => (processesWith(mark, id).length === 2 ? true : undefined));
    const supervisorPid = parentOf(pid);
    await service.stop(env);
    expect(processesWith(mark, id)).toEqual([]);
    expect(await service.exited).toEqual({ signal: "SIGKILL" });
    await eventually(() => (isRunning(supervisorPid) ? undefined : true));
  });

  test("that stands still is stopped in good order all the same", async () => {
    const id = marked();
    const service = serviceOf(id, { MODE: "frail" }, 10_000);
    await service.start();
    await eventually(() => (service.output.last(1).length === 1 ? true : undefined));
    expect(await service.signal("SIGSTOP")).toBe(true);
    await service.stop(env);
    expect(await service.exited).toEqual({ signal: "SIGTERM" });
    expect(await service.signal("SIGCONT")).toBe(false);
    expect(processesWith(mark, id)).toEqual([]);
  });

  test.each(["goes on", "is stopped"])("stands still with its children that lead sessions of their own, and so do they go on when it %s", async (how) => {
    const id = marked();
    const service = serviceOf(id, { MODE: "sessions" }, 10_000);
    const pid = await service.start();
    const child = await eventually(() => processesWith(mark, id).find((one) => one !== pid && parentOf(one) === pid));
    expect(await service.signal("SIGSTOP")).toBe(true);
    await eventually(() => (stateOf(pid) === "T" && stateOf(child) === "T" ? true : undefined));
    if (how === "is stopped") await service.stop(env);
    else await service.signal("SIGCONT");
    await eventually(() => (stateOf(child) === "T" ? undefined : true));
    await service.stop(env);
  });

  test("is killed with its children that lead sessions of their own", async () => {
    const id = marked();
    const service = serviceOf(id, { MODE: "sessions" });
    await service.start();
    await eventually(() => (processesWith(mark, id).length === 2 ? true : undefined));
    await service.signal("SIGKILL");
    expect(await service.exited).toEqual({ signal: "SIGKILL" });
    await eventually(() => (processesWith(mark, id).length === 0 ? true : undefined));
    await service.stop(env);
  });

  test("tells how it ended by itself, with its last words, and that nobody asked", async () => {
    const service = serviceOf(marked(), { MODE: "dies" });
    await service.start();
    expect(await service.exited).toEqual({ code: 3 });
    expect(service.isStopping).toBe(false);
    await service.stop(env);
    expect(service.output.last(5)).toEqual(["unruly: dies"]);
  });

  test("tells what it wrote before it ended, where word of its end was heard before its output", async () => {
    const service = new ServiceProcess({ name: "line", command: ["sleep 0.2; echo the reason; exit 1"], shell: true, cwd: support, env: { PATH: process.env["PATH"] ?? "", [mark]: marked() }, stopWithinMs: 200 });
    await service.start();
    // The answer to a signal lies there first, then its last line, then its end: they are found together.
    const signalled = service.signal("SIGCONT");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
    await Promise.all([signalled, service.exited]);
    expect(await service.lastLines()).toEqual(["the reason"]);
    await service.stop(env);
  });

  test("is ended by us when its supervisor is killed", async () => {
    const id = marked();
    const service = serviceOf(id, { MODE: "stubborn" });
    const pid = await service.start();
    await eventually(() => (processesWith(mark, id).length === 2 ? true : undefined));
    process.kill(parentOf(pid), "SIGKILL");
    await service.exited;
    await eventually(() => (processesWith(mark, id).length === 0 ? true : undefined));
    await expect(service.stop(env)).resolves.toBeUndefined();
  });

  test("does not inherit the environment of the supervisor, nor its channel", async () => {
    const id = marked();
    const service = new ServiceProcess({ name: "printer", command: ["node", "-e", "console.log(Object.keys(process.env).sort().join(' '))"], shell: false, cwd: support, env: { PATH: process.env["PATH"] ?? "", [mark]: id }, stopWithinMs: 200 });
    await service.start();
    await service.exited;
    await service.stop(env);
    expect(service.output.last(1)).toEqual([`${mark} PATH`]);
  });

  test("runs one shell line with shell: true", async () => {
    const service = new ServiceProcess({ name: "line", command: ["echo one && echo $TWO"], shell: true, cwd: support, env: { PATH: process.env["PATH"] ?? "", TWO: "two" }, stopWithinMs: 200 });
    await service.start();
    await service.exited;
    await service.stop(env);
    expect(service.output.last(2)).toEqual(["one", "two"]);
  });
});
