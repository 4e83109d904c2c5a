/** Starts the lab's long-lived processes, so that they outlive whoever brought the lab up. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { LabError } from "./errors.ts";
import { inNamespace, labEnv } from "./exec.ts";
import { labDir } from "./names.ts";
import { type ProcessId, processId } from "./processes.ts";

export interface Daemon {
  /** For people: in messages and in the name of its log. */
  what: string;
  argv: readonly string[];
  /** null: the host's own. */
  namespace: string | null;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** It is a Node program that sends "ready" to its parent: wait for that. */
  saysReady?: boolean;
  /** Keep what earlier runs wrote. */
  appendLog?: boolean;
}

export const logFileOf = (lab: string, what: string): string => join(labDir(lab), "logs", `${what}.log`);

/** Starts it in a session of its own, with its output in the lab's directory. @throws LabError LAB_START_FAILED, with the end of its log */
export async function startDaemon(lab: string, daemon: Daemon): Promise<ProcessId> {
  const logFile = logFileOf(lab, daemon.what);
  mkdirSync(dirname(logFile), { recursive: true, mode: 0o700 });
  const log = openSync(logFile, daemon.appendLog ? "a" : "w", 0o600);
  try {
    const [program, ...rest] = daemon.namespace ? inNamespace(daemon.namespace, daemon.argv) : daemon.argv;
    const child = spawn(program!, rest, {
      detached: true,
      stdio: daemon.saysReady ? ["ignore", log, log, "ipc"] : ["ignore", log, log],
      env: labEnv(lab, daemon.env),
      ...(daemon.cwd ? { cwd: daemon.cwd } : {}),
    });
    const id = await started(lab, child, daemon);
    child.unref();
    return id;
  } finally {
    closeSync(log);
  }
}

/** With the last words of its log. */
export function startFailed(lab: string, what: string, why: string, cause?: unknown): LabError {
  const said = readFileSync(logFileOf(lab, what), "utf8").trim().slice(-500);
  return new LabError({ code: "LAB_START_FAILED", what }, `${what} ${why}${said ? `: ${said}` : ""}`, { cause });
}

function started(lab: string, child: ChildProcess, daemon: Daemon): Promise<ProcessId> {
  return new Promise((resolve, reject) => {
    const fail = (why: string, cause?: Error): void => reject(startFailed(lab, daemon.what, why, cause));
    const done = (): void => {
      const id = processId(child.pid!);
      if (id) resolve(id);
      else fail("ended at once");
    };
    child.once("error", (cause) => fail(`could not be started (${cause.message})`, cause));
    if (!daemon.saysReady) {
      child.once("spawn", done);
      return;
    }
    child.once("exit", (code, signal) => fail(`ended before it was ready (${signal ?? `exit code ${code}`})`));
    child.once("message", () => {
      child.removeAllListeners("exit");
      child.disconnect();
      done();
    });
  });
}
