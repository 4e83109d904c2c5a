/** Reads the configuration once: flags over environment over YAML file over defaults. All mistakes are told at once, each with its place. */
import { type Layers, mergeConfig, parseYamlLayer, readText } from "@flowtrail/settings";
import { configOptions, configSchema, type ServerConfig } from "./schema.ts";

export interface ConfigInputs {
  /** By the option's key (`retention.days`), as texts; true for a switch, a list where the flag was repeated. */
  readonly flags?: Layers["flags"];
  readonly env?: Layers["env"];
  readonly file?: { readonly path: string; readonly text: string };
}

/**
 * Reads files and gives the configuration.
 * @param configPath of the YAML file. Default: FLOWTRAIL_CONFIG of the environment
 * @throws ConfigError
 */
export function loadConfig(flags: Layers["flags"] = {}, configPath?: string, env: Layers["env"] = process.env): ServerConfig {
  const path = configPath ?? env.FLOWTRAIL_CONFIG;
  const file = path === undefined || path === "" ? {} : { file: { path, text: readText(path) } };
  const config = parseConfig({ flags, env, ...file });
  const { password_file: passwordFile } = config.store;
  if (passwordFile === undefined) return config;
  return { ...config, store: { ...config.store, password: readText(passwordFile).replace(/\r?\n$/, "") } };
}

/** The pure part of `loadConfig`. @throws ConfigError */
export function parseConfig({ flags = {}, env = {}, file }: ConfigInputs): ServerConfig {
  const layers = { flags, env, ...(file === undefined ? {} : { file: parseYamlLayer(file.path, file.text) }) };
  return mergeConfig(configSchema, configOptions, layers);
}
