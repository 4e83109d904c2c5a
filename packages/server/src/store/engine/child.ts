/**
 * The engine's process: runs ClickHouse out of libchdb.so until stdin reaches its end.
 * Its parent holds the other end of stdin, so the engine can't outlive it: not even a parent that was killed with -9.
 * Arguments: the library's path, what to listen for (HTTP, or HTTP,TCP), then the engine's own arguments (paths of config files only,
 * never a secret).
 */
import { createRequire } from "node:module";

// ffi-rs because ClickHouse checks the bounds of the stack that it runs on: koffi calls on a stack of its own and fails with
// TOO_DEEP_RECURSION. It is required rather than imported because it is an optional dependency without an ESM entry.
const { DataType, load, open } = createRequire(import.meta.url)("ffi-rs") as typeof import("ffi-rs");

const [libraryPath, protocols, ...engineArguments] = process.argv.slice(2);
if (libraryPath === undefined || protocols === undefined) {
  throw new TypeError("usage: child.ts LIBRARY PROTOCOL,… [ENGINE ARGUMENT…]");
}
const listen = protocols.split(",").map((protocol) => `SYSTEM START LISTEN ${protocol}; `);

// An interactive Ctrl-C and systemd's stop signal reach the whole group. Only the parent decides when the engine stops, so that
// what is on its way can still be written; the handlers are never called (the call below blocks), they only mask the default.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});

open({ library: "chdb", path: libraryPath });
load({
  library: "chdb",
  funcName: "chdb_set_signal_handlers_enabled",
  retType: DataType.Void,
  paramsType: [DataType.I32],
  paramsValue: [0],
});

const argv = [
  "clickhouse-local",
  ...engineArguments,
  "--multiquery",
  // The last query reads stdin to its end: that is what keeps the server up.
  `--query=${listen.join("")}SELECT count() FROM file('-', 'LineAsString')`,
];
// The result is not looked at: chdb_result_error answers NULL, at which ffi-rs crashes. The engine prints its errors to stderr.
load({
  library: "chdb",
  funcName: "chdb_query_cmdline",
  retType: DataType.External,
  paramsType: [DataType.I32, DataType.StringArray],
  paramsValue: [argv.length, argv],
});
process.exit(0);
