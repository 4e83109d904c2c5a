/** The rows of the lists: each is a value that can be asked for. */
import { protocolNumber } from "@flowtrail/model";
import { groupLabel, groupValue } from "../../lib/group-value.ts";
import type { EntityKind } from "../../lib/paths.ts";
import { FieldValue } from "../../ui/value-menu.tsx";

interface NameProps {
  readonly field: string;
  readonly group: string | null;
  readonly entity?: EntityKind;
  /** Instead of "none". */
  readonly none?: string;
}

export function GroupName({ field, group, entity, none }: NameProps) {
  const value = groupValue(field, group);
  const label = group === null ? (none ?? groupLabel(field, null)) : groupLabel(field, group);
  if (value === undefined) return label;
  return (
    <FieldValue field={field} value={value} entity={value === null ? undefined : entity} title={label}>
      {label}
    </FieldValue>
  );
}

/** `443 (https) · TCP`; a protocol without ports stands alone. */
export function ServiceName({ port, protocol }: { port: string | null; protocol: string | null }) {
  const number = protocol === null ? null : protocolNumber(protocol);
  const protocolLabel = number === null ? "none" : groupLabel("protocol", protocol);
  const protocolPart = (
    <FieldValue field="protocol" value={number}>
      {protocolLabel}
    </FieldValue>
  );
  if (port === null) return protocolPart;
  return (
    <>
      <GroupName field="dst.port" group={port} /> {protocolPart}
    </>
  );
}
