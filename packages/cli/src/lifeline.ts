/**
 * A child of ours ends with us, however we end: it holds the reading end of a pipe as its stdin, and the kernel closes the other end with our process.
 */
import type { Socket } from "node:net";

const END_WITH_STDIN = "FLOWTRAIL_END_WITH_STDIN";

/** The environment for a child that is started with a pipe as its stdin. */
export const lifelineEnv = (env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv => ({ ...env, [END_WITH_STDIN]: "1" });

/** In such a child: when stdin ends the parent is gone; stop as if asked to. */
export function endWithParent(): void {
  if (process.env[END_WITH_STDIN] !== "1") return;
  // What we start ourselves has a stdin of its own.
  delete process.env[END_WITH_STDIN];
  // It must not keep a process going whose work is done: a pipe is a socket to Node, which has `unref`.
  const stdin = process.stdin as unknown as Socket;
  stdin.on("end", () => process.kill(process.pid, "SIGTERM")).resume();
  stdin.unref();
}
