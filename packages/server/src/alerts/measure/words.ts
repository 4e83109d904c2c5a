/** What a measure found, as a sentence, and the filter that shows it. */
import {
  type AlertMeasure,
  allFilters,
  type Filter,
  formatBytes,
  formatCount,
  formatDuration,
  knownField,
  printFilter,
  readValues,
} from "@flowtrail/model";

const SHARE_DIGITS = 1;
const MANY: Readonly<Record<string, string>> = {
  "src.ip": "sources",
  "src.name": "sources",
  "dst.ip": "destinations",
  "dst.name": "destinations",
  "dst.port": "ports",
  "dst.domain": "domains",
  domain: "domains",
};

/** `rate`: bytes a second. */
export function amountText(measure: AlertMeasure, value: number): string {
  switch (measure.kind) {
    case "bytes":
      return formatBytes(Math.round(value));
    case "rate":
      return `${formatBytes(Math.round(value))}/s`;
    case "share":
      return `${(value * 100).toFixed(SHARE_DIGITS)} %`;
    case "distinct":
      return `${formatCount(Math.round(value))} ${MANY[measure.of] ?? `values of ${measure.of}`}`;
    case "absence":
      return "nothing";
    default:
      return `${formatCount(Math.round(value))} ${value === 1 ? measure.kind.slice(0, -1) : measure.kind}`;
  }
}

/** `officegw` and `to 203.0.113.7`: who it was, and with whom. */
function groupText(labels: Readonly<Record<string, string>>): { readonly who: string; readonly whom: string } {
  const entries = Object.entries(labels);
  const source = entries.find(([field]) => /^src\.(name|ip|id|device)$/.test(field));
  const port = labels["dst.port"];
  const target = entries.find(([field]) => /^(dst\.(name|ip|id|device|domain)|domain)$/.test(field));
  const rest = entries.filter((entry) => entry !== source && entry !== target && entry[0] !== "dst.port");
  const to =
    target === undefined
      ? port === undefined
        ? ""
        : ` to port ${port}`
      : ` to ${target[1]}${port === undefined ? "" : `:${port}`}`;
  const with_ = rest.length === 0 ? "" : ` (${rest.map(([field, value]) => `${field} ${value}`).join(", ")})`;
  const who = source === undefined ? "" : source[1] === NO_VALUE ? "somebody without a name" : source[1];
  return { who, whom: `${to}${with_}` };
}

/** What stands in labels for a group that has no value there. */
export const NO_VALUE = "none";

const VERBS: Readonly<Record<AlertMeasure["kind"], string>> = {
  bytes: "moved",
  rate: "moved",
  packets: "exchanged",
  connections: "made",
  reports: "was in",
  distinct: "reached",
  share: "had",
  absence: "",
};

export interface Sentence {
  readonly name: string;
  readonly measure: AlertMeasure;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly limit: number;
  readonly windowMs: number;
  /** Of a baseline: how the limit came about. */
  readonly usual: string | null;
}

/** "officegw moved 4.20 GiB to 203.0.113.7 in 5 min, limit 1.00 GiB" */
export function sentence({ name, measure, labels, value, limit, windowMs, usual }: Sentence): string {
  const { who, whom } = groupText(labels);
  const span = `in ${formatDuration(windowMs)}`;
  const against =
    usual === null ? `limit ${amountText(measure, limit)}` : `usually ${usual}, limit ${amountText(measure, limit)}`;
  if (measure.kind === "absence") {
    const whose = who === "" ? "" : ` of ${who}`;
    return `${name}: no traffic${whose}${whom} ${span}`;
  }
  const amount =
    measure.kind === "share"
      ? `${amountText(measure, value)} of its connections ${measure.verdicts.join(" or ")}`
      : amountText(measure, value);
  if (who === "") return `${name}: ${amount}${whom} ${span}, ${against}`;
  return `${who} ${VERBS[measure.kind]} ${amount}${whom} ${span}, ${against}`;
}

/** The filter that shows a group of what a filter shows. */
export function evidence(
  q: string,
  filter: Filter,
  group: readonly (readonly [field: string, value: string | null])[],
  more: readonly Filter[] = [],
): string {
  if (group.length === 0 && more.length === 0) return q;
  return printFilter(allFilters([filter, ...group.map(([field, value]) => isValue(field, value)), ...more]));
}

function isValue(field: string, value: string | null): Filter {
  const known = knownField(field);
  const values = value === null ? [null] : (readValues(known, value) ?? [value]);
  return { kind: "is", field: known.name, values, not: false };
}
