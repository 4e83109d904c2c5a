/** Filters in people's words: `Source type: User or Node` for `src.type in (user, node)`. */
import {
  type Filter,
  formatCount,
  formatDuration,
  isIcmp,
  knownField,
  type ParticipantType,
  type Pattern,
  printFilter,
  protocolName,
  serviceName,
  shortPseudonym,
  spellValue,
  type Value,
  type Verdict,
} from "@flowtrail/model";
import { PARTICIPANT_LABELS } from "../ui/participant.tsx";
import { VERDICT_LABELS } from "../ui/verdict.tsx";

/** Of fields that are no single column. */
const MADE_LABELS: Readonly<Record<string, string>> = {
  ip: "Address",
  port: "Port",
  name: "Name",
  type: "Type",
  bytes: "Bytes",
  packets: "Packets",
  duration: "Duration",
  "dst.domain": "Destination domain",
  "src.domain": "Source domain",
};

/** `Source type` for src.type. */
export function fieldLabel(name: string): string {
  const [operand] = knownField(name).operands;
  return MADE_LABELS[name] ?? (operand?.kind === "column" ? operand.column.label : name);
}

const WORDS: Readonly<Record<string, string>> = {
  ...PARTICIPANT_LABELS,
  ...VERDICT_LABELS,
  ingress: "Inbound",
  egress: "Outbound",
  open: "Open",
  closed: "Closed",
  lost: "Lost",
  finished: "Finished",
  reset: "Reset",
  timeout: "Timeout",
  removed: "Removed",
  agent_stopped: "Agent stopped",
} satisfies Partial<Record<ParticipantType | Verdict | string, string>>;

/** `Inbound` for `ingress`, `TCP` for 6, `443 (https)`, `none` for null. */
export function valueLabel(name: string, value: Value): string {
  if (value === null) return "none";
  if (value === "") return "(empty)";
  const field = knownField(name);
  switch (field.type) {
    case "enum":
      return WORDS[String(value)] ?? String(value);
    case "protocol":
      return protocolName(Number(value));
    case "bool":
      return value === true ? "yes" : "no";
    case "port":
      return portLabel(Number(value));
    case "size":
      return sizeLabel(spellValue(field, value));
    case "duration":
      return formatDuration(Number(value));
    case "count":
      return formatCount(Number(value));
    default:
      return shortPseudonym(String(value));
  }
}

/** `1 MiB`, `1,500 B`: exactly. */
function sizeLabel(spelled: string): string {
  return /^\d+$/.test(spelled) ? `${formatCount(Number(spelled))} B` : spelled.replace(/[KMGT]iB$/, " $&");
}

const TCP_UDP = [6, 17] as const;

function portLabel(port: number): string {
  const service = TCP_UDP.map((protocol) => serviceName(protocol, port)).find((known) => known !== null);
  return service === undefined ? String(port) : `${port} (${service})`;
}

const ORDERS = { "<": "less than", "<=": "at most", ">": "more than", ">=": "at least" } as const;

/** A part of a filter. Groups are told as they are written. */
export function partLabel(part: Filter): string {
  switch (part.kind) {
    case "is":
      return `${fieldLabel(part.field)}: ${part.not ? "not " : ""}${valuesLabel(part.field, part.values, part.not)}`;
    case "order":
      return `${fieldLabel(part.field)} ${ORDERS[part.op]} ${valueLabel(part.field, part.value)}`;
    case "like":
      return `${fieldLabel(part.field)} ${part.not ? "without" : "with"} ${patternLabel(part.pattern)}`;
    case "text":
      return `Any name or address with ${patternLabel(part.pattern)}`;
    default:
      return printFilter(part);
  }
}

/** More than these are counted, not listed. */
const MOST_LISTED = 3;

function valuesLabel(field: string, values: readonly Value[], not: boolean): string {
  const labels = groupedValues(field, values);
  const listed =
    labels.length > MOST_LISTED ? [...labels.slice(0, MOST_LISTED - 1), `${labels.length - MOST_LISTED + 1} more`] : labels;
  if (listed.length < 2) return listed.join("");
  return `${listed.slice(0, -1).join(", ")} ${not ? "nor" : "or"} ${listed.at(-1)}`;
}

/** ICMP is one thing to people; IPv4 and IPv6 number it differently. */
function groupedValues(field: string, values: readonly Value[]): readonly string[] {
  if (knownField(field).type !== "protocol" || values.filter((value) => isIcmp(Number(value))).length < 2)
    return values.map((value) => valueLabel(field, value));
  return [...new Set(values.map((value) => (isIcmp(Number(value)) ? "ICMP" : valueLabel(field, value))))];
}

function patternLabel(pattern: Pattern): string {
  return `“${pattern.join("*")}”`;
}
