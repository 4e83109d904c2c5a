/** What is wrong with a configuration: everything at once, each with its place. */
import { FlowtrailError } from "@flowtrail/model";

export interface ConfigProblem {
  /** `spool.max_bytes`. */
  readonly path: string;
  /** What was there; secrets are not shown. */
  readonly value: string;
  /** Completes "expected …". */
  readonly expectation: string;
  /** `--spool-max-bytes`, `FLOWTRAIL_SPOOL_MAX_BYTES` or `agent.yaml:12`. */
  readonly source: string;
}

export type ConfigErrorData =
  | { code: "CONFIG_INVALID"; problems: readonly ConfigProblem[] }
  | { code: "CONFIG_FILE"; path: string };

export class ConfigError extends FlowtrailError<ConfigErrorData> {}

export function invalidConfig(problems: readonly ConfigProblem[]): ConfigError {
  const lines = problems.map(({ path, value, expectation, source }) => `  ${path}: ${expectation}, got ${value} (${source})`);
  return new ConfigError({ code: "CONFIG_INVALID", problems }, `the configuration is wrong:\n${lines.join("\n")}`);
}
