/** `node test/fuzz/run.ts --minutes 10 [file…]`: spoils inputs for that long, others each time. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({ options: { minutes: { type: "string", default: "10" } }, allowPositionals: true });
const cwd = fileURLToPath(new URL("../..", import.meta.url));
const files = positionals.length > 0 ? positionals : ["test/fuzz/agent-decoders.test.ts", "test/fuzz/ingest.test.ts"];
const env = { ...process.env, FLOWTRAIL_FUZZ_MINUTES: values.minutes };
const { status } = spawnSync("npx", ["vitest", "run", ...files], { cwd, env, stdio: "inherit" });
process.exit(status ?? 1);
