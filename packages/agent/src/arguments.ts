/** The agent's command line, made from the configuration's schema. */
import { parseArgs } from "node:util";
import { type ConfigOption, type ConfigProblem, invalidConfig, nearest } from "@flowtrail/settings";
import { AGENT_OPTIONS, type AgentConfigInputs } from "./config.ts";
import { EXIT_CODES } from "./errors.ts";

export interface AgentArguments extends Pick<AgentConfigInputs, "flags" | "file"> {
  readonly wants: "run" | "help" | "version";
}

const nameOf = ({ flag }: ConfigOption): string => flag.slice(2);

/** Reads `--flag value` and `--flag=value`. @throws ConfigError with every argument that is wrong */
export function readArguments(argv: readonly string[]): AgentArguments {
  const byName = new Map(AGENT_OPTIONS.map((option) => [nameOf(option), option]));
  const texts = Object.fromEntries(
    AGENT_OPTIONS.map((option) => [nameOf(option), { type: "string" as const, multiple: option.repeatable ?? false }]),
  );
  const { values, tokens } = parseArgs({
    args: [...argv],
    options: { ...texts, config: { type: "string" }, help: { type: "boolean", short: "h" }, version: { type: "boolean" } },
    strict: false,
    tokens: true,
  });
  const known = [...byName.keys(), "config", "help", "version"];
  const problems: ConfigProblem[] = tokens.flatMap((token) => {
    if (token.kind === "positional") return [problem(token.value, "expected only flags (--name value)", token.value)];
    if (token.kind !== "option") return [];
    if (!known.includes(token.name))
      return [problem(token.rawName, `no such flag${meant(token.name, known)}`, token.value ?? "nothing")];
    const takesValue = token.name !== "help" && token.name !== "version";
    return takesValue && token.value === undefined ? [problem(token.rawName, "expected a value after it", "nothing")] : [];
  });
  if (problems.length > 0) throw invalidConfig(problems);
  const flags = Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => {
      const option = byName.get(name);
      return option ? [[option.key, value as string | string[]]] : [];
    }),
  );
  const file = typeof values.config === "string" ? values.config : undefined;
  return { flags, file, wants: values.help ? "help" : values.version ? "version" : "run" };
}

function problem(path: string, expectation: string, value: string): ConfigProblem {
  return { path, expectation, value: JSON.stringify(value), source: "command line" };
}

function meant(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return near ? `; did you mean --${near}?` : "";
}

const WIDTH = 100;
const INDENT = 6;

/** `--help`, complete: every flag, its name in the environment, its default. */
export function helpText(program: string): string {
  const options = AGENT_OPTIONS.map((option) => {
    const facts = [
      option.defaultText === undefined ? "" : `default: ${option.defaultText}`,
      option.unit === undefined ? "" : `in ${option.unit}`,
      option.repeatable ? "may be repeated" : "",
      option.env,
    ].filter((fact) => fact !== "");
    return `  ${option.flag} <${option.placeholder}>\n${wrap(`${option.description} (${facts.join("; ")})`)}`;
  });
  const codes = Object.entries(EXIT_CODES).map(([name, code]) => `${code} ${name}`);
  return [
    `Usage: ${program} --server URL [--token-file FILE] [--node NAME] [--network ID=CIDR[,CIDR…]]… [--state DIR] [--config FILE]`,
    "",
    "Records this host's network flows from the kernel's connection tracking and sends them to a Flowtrail server.",
    "Needs CAP_NET_ADMIN and CAP_NET_RAW. Flags go before the environment, the environment before the file.",
    "",
    "Options:",
    ...options,
    `  --config <file>\n${wrap("YAML file with the same keys, nested (spool.max_bytes); (FLOWTRAIL_CONFIG)")}`,
    `  -h, --help\n${wrap("this text")}`,
    `  --version\n${wrap("the version")}`,
    "",
    `Exit codes: ${codes.join(", ")}`,
    "",
  ].join("\n");
}

function wrap(text: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > WIDTH - INDENT) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each) => " ".repeat(INDENT) + each).join("\n");
}
