#!/usr/bin/env node
// Starts the command line on a Node that runs TypeScript as it is: this one if it can, else the Node 24 among our dependencies.
import { spawn } from "node:child_process";
import module from "node:module";
import { fileURLToPath } from "node:url";

// Compiling takes more than half of the time in which a short command runs. Beside the program, not in the temporary directory: what is read
// there is run, by root, too.
const compiled = fileURLToPath(new URL("../.cache/compiled", import.meta.url));
const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major > 24 || (major === 24 && minor >= 2)) {
  module.enableCompileCache(compiled);
  await import(main);
} else {
  const node = fileURLToPath(new URL("bin/node", import.meta.resolve("node/package.json")));
  // What runs for long has a stdin that ends when we do, however that happens, and stops then (src/lifeline.ts); and a session of its own, so that
  // a signal from the terminal reaches it once, and from us. The others read what is typed or piped, and the terminal reaches them itself.
  const isLong = ["up", "server", "agent", "lab"].includes(process.argv[2] ?? "");
  const env = { NODE_COMPILE_CACHE: compiled, ...process.env, ...(isLong ? { FLOWTRAIL_END_WITH_STDIN: "1" } : {}) };
  const stdio = [isLong ? "pipe" : "inherit", "inherit", "inherit"];
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio, detached: isLong, env });
  const signals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR2"];
  const fromTerminal = !isLong && process.stdin.isTTY ? ["SIGINT", "SIGQUIT"] : [];
  const pass = (signal) => fromTerminal.includes(signal) || child.kill(signal);
  for (const signal of signals) process.on(signal, pass);
  child.on("error", (error) => {
    process.stderr.write(`flowtrail: ${node} can't be started (${error.message}): install the dependencies again (npm ci)\n`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    // As it ended, so do we: whoever started us sees the signal.
    for (const each of signals) process.off(each, pass);
    process.kill(process.pid, signal);
  });
}
