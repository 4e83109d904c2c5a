/** How programs are told what to do: one schema each, from which flags, environment names, YAML keys, help and the reference page are made. */

export { nearest } from "@flowtrail/model";
export { defaultDirectory, defaultDirectoryText } from "./directories.ts";
export { ConfigError, type ConfigErrorData, type ConfigProblem, invalidConfig } from "./errors.ts";
export {
  count,
  duration,
  type FieldInfo,
  type FieldKind,
  field,
  group,
  list,
  oneOf,
  requiredText,
  size,
  text,
  yesNo,
} from "./field.ts";
export { type Layers, mergeConfig, mistypedNames } from "./merge.ts";
export { type ConfigOption, optionsOf } from "./options.ts";
export { parseYamlLayer, readText, readYamlFile } from "./yaml-file.ts";
