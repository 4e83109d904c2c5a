/** What docs/reference/sink-formats.md says of the formats. */
import type { TransportConfig } from "../sink-config.ts";
import { transportKind } from "../transports/registry.ts";
import { ECS_FIELDS } from "./ecs-fields.ts";
import type { Field } from "./field.ts";
import { OTLP_ATTRIBUTES, OTLP_RESOURCE } from "./otlp-fields.ts";
import { FORMATS } from "./registry.ts";
import { VPC_FIELDS } from "./vpc.ts";

interface FieldDescription {
  readonly name: string;
  readonly of: readonly string[];
  readonly note: string;
}

interface FormatsDescription {
  readonly formats: readonly { readonly name: string; readonly extension: string; readonly transports: readonly string[] }[];
  readonly ecs: readonly FieldDescription[];
  readonly otlpResource: readonly FieldDescription[];
  readonly otlpAttributes: readonly FieldDescription[];
  readonly vpc: readonly { readonly name: string; readonly since: number; readonly says: string }[];
}

const KINDS: readonly TransportConfig["kind"][] = ["http", "elastic", "splunk", "datadog", "otlp", "syslog", "file", "s3"];

export function describeFormats(): FormatsDescription {
  const transports = KINDS.flatMap((kind) => transportKind(kind) ?? []);
  return {
    formats: FORMATS.map(({ name, extension }) => ({
      name,
      extension,
      // The format that a transport takes if none is named stands first at it.
      transports: transports.flatMap(({ kind, formats }) =>
        formats.includes(name) ? [formats[0] === name ? `**${kind}**` : kind] : [],
      ),
    })),
    ecs: described(ECS_FIELDS),
    otlpResource: described(OTLP_RESOURCE),
    otlpAttributes: described(OTLP_ATTRIBUTES),
    vpc: VPC_FIELDS.map(({ name, since, says }) => ({ name, since, says })),
  };
}

const described = (fields: readonly Field[]) => fields.map(({ name, of, note = "" }) => ({ name, of, note }));
