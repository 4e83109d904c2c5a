/** What of the map one chooses; it is in the address. */
export const BYS = [
  { value: "participant", label: "Participant" },
  { value: "type", label: "Type" },
  { value: "network", label: "Network and type" },
] as const;
export type By = (typeof BYS)[number]["value"];

export const MAP_METRICS = [
  { value: "bytes", label: "Bytes" },
  { value: "connections", label: "Connections" },
] as const;
export type MapMetric = (typeof MAP_METRICS)[number]["value"];

/** How many pairs are drawn: few are read at a glance, all that the server tells are 500. */
export const MOSTS = ["50", "150", "500"] as const;
export type Most = (typeof MOSTS)[number];

export const SORTS = ["from", "to", "bytes", "connections"] as const;
export type SortBy = (typeof SORTS)[number];

export interface Sort {
  readonly by: SortBy;
  readonly down: boolean;
}

export interface MapChoices {
  readonly by: By;
  readonly metric: MapMetric;
  readonly most: Most;
  /** Ends outside told apart by domain, however long that takes. */
  readonly domains: boolean;
  readonly table: boolean;
  readonly find: string;
  /** Of the table; null: what is measured, the largest first. */
  readonly sort: Sort | null;
}

const oneOf = <T extends string>(all: readonly T[], text: string | null, otherwise: T): T =>
  all.find((value) => value === text) ?? otherwise;

/** Reads an address; whatever makes no sense is as if it were not there. */
export function readChoices(params: URLSearchParams): MapChoices {
  return {
    by: oneOf(
      BYS.map(({ value }) => value),
      params.get("by"),
      "participant",
    ),
    metric: oneOf(
      MAP_METRICS.map(({ value }) => value),
      params.get("metric"),
      "bytes",
    ),
    most: oneOf(MOSTS, params.get("most"), "150"),
    domains: params.get("externals") === "domain",
    table: params.get("view") === "table",
    find: params.get("find") ?? "",
    sort: readSort(params.get("sort")),
  };
}

function readSort(text: string | null): Sort | null {
  const by = SORTS.find((one) => one === text?.replace(/^-/, ""));
  return by === undefined ? null : { by, down: text?.startsWith("-") === true };
}

/** The address with other choices. What is so anyway is not in it. */
export function writeChoices(change: Partial<MapChoices>, rest: URLSearchParams): URLSearchParams {
  const params = new URLSearchParams(rest);
  const { by, metric, most, domains, table, find, sort } = { ...readChoices(params), ...change };
  const put = (name: string, text: string, usual: string) => {
    if (text === usual) params.delete(name);
    else params.set(name, text);
  };
  put("by", by, "participant");
  put("metric", metric, "bytes");
  put("most", most, "150");
  put("externals", domains ? "domain" : "", "");
  put("view", table ? "table" : "", "");
  put("find", find, "");
  put("sort", sort === null ? "" : `${sort.down ? "-" : ""}${sort.by}`, "");
  return params;
}
