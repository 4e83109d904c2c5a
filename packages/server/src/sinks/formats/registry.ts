/** All formats, by name. */
import type { Format } from "../ports.ts";
import { CSV } from "./csv.ts";
import { ECS } from "./ecs.ts";
import { FLOWTRAIL } from "./flowtrail.ts";
import { OTLP, OTLP_AS_JSON } from "./otlp.ts";
import { PARQUET } from "./parquet.ts";
import { VPC_V2, VPC_V5 } from "./vpc.ts";

export const FORMATS: readonly Format[] = [FLOWTRAIL, ECS, CSV, VPC_V2, VPC_V5, OTLP, OTLP_AS_JSON, PARQUET];

export function formatOf(name: string): Format | null {
  return FORMATS.find((format) => format.name === name) ?? null;
}
