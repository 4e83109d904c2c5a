/** What is asked, of our API and of the other schema. */
import type { ClickHouse } from "../../../packages/server/src/store/clickhouse.ts";
import { NETMAKER_TABLE as TABLE } from "./netmaker.ts";

export interface Question {
  readonly name: string;
  /** Path and query; each run asks for a slightly other time, so that no answer is shared with the one before. */
  ours(endMs: number): string;
  /** The equivalent statement; null: that schema has no answer. */
  readonly theirs: ((endMs: number) => string) | null;
}

/** What is in the data, so that questions have answers. */
export interface Picks {
  readonly user: string;
  readonly rareIp: string;
  readonly rareDomain: string;
  readonly commonDomain: string;
  readonly longFlow: { readonly reporter: string; readonly id: string };
  /** Cursor 50,000 rows deep; null: there are not so many. */
  readonly deep: string | null;
}

export const HOUR = 3_600_000;
const DAY = 24 * HOUR;
export const DEEP_ROWS = 50_000;

export async function pickValues(clickhouse: ClickHouse, endMs: number): Promise<Omit<Picks, "deep">> {
  const one = async <T>(sql: string) => (await clickhouse.rows<T>(sql))[0];
  const week = `start >= ${stamp(endMs - 7 * DAY)}`;
  const user = await one<{ v: string }>(
    `SELECT src_name AS v FROM flows WHERE ${week} AND src_type = 'user' GROUP BY v ORDER BY count() DESC LIMIT 1 OFFSET 40`,
  );
  const ip = await one<{ v: string }>(
    `SELECT replaceOne(toString(dst_ip), '::ffff:', '') AS v FROM flows WHERE dst_type = 'external' AND startsWith(toString(dst_ip), '::ffff:')
     GROUP BY v HAVING count() BETWEEN 1 AND 10 ORDER BY count() DESC, v LIMIT 1`,
  );
  const rare = await one<{ v: string }>(
    `SELECT domain AS v FROM flows WHERE domain IS NOT NULL AND match(domain, '[0-9]') GROUP BY v HAVING count() BETWEEN 1 AND 30 ORDER BY count() DESC, v LIMIT 1`,
  );
  const long = await one<{ reporter: string; id: string }>(
    `SELECT reporter, toString(flow_id) AS id FROM flows WHERE ${week} AND primary ORDER BY last_seen - start DESC LIMIT 1`,
  );
  return {
    user: user?.v ?? "nobody",
    rareIp: ip?.v ?? "192.0.2.1",
    rareDomain: rare?.v ?? "nothing.example",
    commonDomain: "zephyr",
    longFlow: long ?? { reporter: "none", id: "1" },
  };
}

const stamp = (ms: number) => `fromUnixTimestamp64Milli(${Math.floor(ms)}, 'UTC')`;
const path = (name: string, endMs: number, length: number, parameters: Readonly<Record<string, string>> = {}) => {
  const range = { from: new Date(endMs - length).toISOString(), to: new Date(endMs).toISOString() };
  return `/api/flows${name}?${new URLSearchParams({ ...range, ...parameters })}`;
};

/** As its server asks: finished flows (their START rows are hidden), newest version first, pages by OFFSET. */
const page = (endMs: number, length: number, where = "", offset = 0) =>
  `SELECT * FROM ${TABLE} WHERE ${within(endMs, length)}${where} ORDER BY version DESC LIMIT 100 OFFSET ${offset}`;
const within = (endMs: number, length: number) =>
  `end_ts > toDateTime64(0, 3) AND start_ts >= ${stamp(endMs - length)} AND start_ts <= ${stamp(endMs)}`;
const bytes = "sum(bytes_sent + bytes_recv) AS bytes";
const quoted = (text: string) => `'${text.replaceAll("'", "")}'`;

const largest = (by: string, endMs: number, length: number) =>
  `SELECT ${by}, ${bytes} FROM ${TABLE} WHERE ${within(endMs, length)} GROUP BY ${by} ORDER BY bytes DESC LIMIT 10`;
const overTime = (stepS: number, endMs: number, length: number) =>
  `SELECT toStartOfInterval(start_ts, INTERVAL ${stepS} SECOND) AS t, protocol, ${bytes} FROM ${TABLE} WHERE ${within(endMs, length)} GROUP BY t, protocol ORDER BY t`;
const map = (endMs: number, length: number) =>
  `SELECT src_entity_id, dst_entity_id, ${bytes}, count() AS connections FROM ${TABLE} WHERE ${within(endMs, length)} GROUP BY src_entity_id, dst_entity_id ORDER BY bytes DESC LIMIT 500`;
const FACETS = {
  proto: "protocol",
  direction: "direction",
  "src.type": "src_type",
  "dst.type": "dst_type",
  "src.name": "src_entity_name",
  "dst.port": "dst_port",
};
const facets = (endMs: number, length: number) =>
  Object.values(FACETS)
    .map(
      (column) =>
        `(SELECT '${column}' AS f, toString(${column}) AS v, count() AS n FROM ${TABLE} WHERE ${within(endMs, length)} GROUP BY v ORDER BY n DESC LIMIT 10)`,
    )
    .join(" UNION ALL ");

export function questions(picks: Picks): Question[] {
  const { user, rareIp, rareDomain, commonDomain, longFlow, deep } = picks;
  const list = (
    name: string,
    length: number,
    q: string,
    where: string,
    more: Readonly<Record<string, string>> = {},
  ): Question => ({
    name,
    ours: (end) => path("", end, length, { ...(q === "" ? {} : { q }), ...more }),
    theirs: (end) => page(end, length, where),
  });
  const part = rareDomain.replace(/^\w+\./, "");
  const common = "proto=tcp direction=ingress src.type=user";
  const commonSql = " AND protocol = 6 AND direction = 'ingress' AND src_type = 'user'";
  const group = encodeURI("proto");
  const charts = (["24 h", "7 d", "30 d"] as const).map((name) => {
    const length = { "24 h": DAY, "7 d": 7 * DAY, "30 d": 30 * DAY }[name];
    return { name, length, stepS: Math.max(60, Math.ceil(length / 1000 / 120)) };
  });
  return [
    list("list, 24 h", DAY, "", ""),
    list("list, 30 d", 30 * DAY, "", ""),
    list("list, 24 h, all reports", DAY, "", "", { reports: "all" }),
    list("list, 7 d, proto + direction + type", 7 * DAY, common, commonSql),
    list("list, 7 d, one user", 7 * DAY, `src.name=${user}`, ` AND src_entity_id = ${quoted(user)}`),
    list("list, 30 d, a rare address", 30 * DAY, `dst.ip=${rareIp}`, ` AND dst_ip = ${quoted(rareIp)}`),
    list(
      "list, 30 d, part of a rare domain",
      30 * DAY,
      `domain~"${part}"`,
      ` AND positionCaseInsensitive(dst_entity_name, ${quoted(part)}) > 0`,
    ),
    list(
      "list, 30 d, part of many domains",
      30 * DAY,
      `domain~"${commonDomain}"`,
      ` AND positionCaseInsensitive(dst_entity_name, ${quoted(commonDomain)}) > 0`,
    ),
    list(
      "list, 30 d, free text that nothing has",
      30 * DAY,
      "qqzzy",
      ` AND positionCaseInsensitive(concat(src_entity_name, dst_entity_name, src_ip, dst_ip), 'qqzzy') > 0`,
    ),
    {
      name: `list, 7 d, page behind ${DEEP_ROWS / 1000},000 rows`,
      ours: (end) => (deep === null ? path("", end, 7 * DAY) : `/api/flows?cursor=${encodeURIComponent(deep)}`),
      theirs: (end) => page(end, 7 * DAY, "", DEEP_ROWS),
    },
    { name: "list, open now", ours: (end) => path("", end, DAY, { q: "state=open" }), theirs: null },
    {
      name: "list, 24 h, by bytes",
      ours: (end) => path("", end, DAY, { sort: "bytes" }),
      theirs: (end) => page(end, DAY).replace("version DESC", "bytes_sent + bytes_recv DESC"),
    },
    {
      name: "count, 24 h",
      ours: (end) => path("/count", end, DAY),
      theirs: (end) => `SELECT count() FROM ${TABLE} WHERE ${within(end, DAY)}`,
    },
    {
      name: "count, 7 d, proto + direction + type",
      ours: (end) => path("/count", end, 7 * DAY, { q: common }),
      theirs: (end) => `SELECT count() FROM ${TABLE} WHERE ${within(end, 7 * DAY)}${commonSql}`,
    },
    ...charts.map(
      ({ name, length, stepS }): Question => ({
        name: `histogram, ${name}, by protocol`,
        ours: (end) => path("/histogram", end, length, { group }),
        theirs: (end) => overTime(stepS, end, length),
      }),
    ),
    {
      name: "histogram, 24 h, one user",
      ours: (end) => path("/histogram", end, DAY, { q: `src.name=${user}` }),
      theirs: (end) => overTime(720, end, DAY).replace(" GROUP BY", ` AND src_entity_id = ${quoted(user)} GROUP BY`),
    },
    {
      name: "facets (6), 24 h",
      ours: (end) => path("/facets", end, DAY, { fields: Object.keys(FACETS).join(",") }),
      theirs: (end) => facets(end, DAY),
    },
    {
      name: "facets (6), 7 d",
      ours: (end) => path("/facets", end, 7 * DAY, { fields: Object.keys(FACETS).join(",") }),
      theirs: (end) => facets(end, 7 * DAY),
    },
    {
      name: "top src.name, 7 d",
      ours: (end) => path("/top", end, 7 * DAY, { by: "src.name" }),
      theirs: (end) => largest("src_entity_name", end, 7 * DAY),
    },
    {
      name: "top src.name, 30 d",
      ours: (end) => path("/top", end, 30 * DAY, { by: "src.name" }),
      theirs: (end) => largest("src_entity_name", end, 30 * DAY),
    },
    {
      name: "top src.name × dst.name, 7 d",
      ours: (end) => path("/top", end, 7 * DAY, { by: "src.name,dst.name" }),
      theirs: (end) => largest("src_entity_name, dst_entity_name", end, 7 * DAY),
    },
    {
      name: "top domain, 30 d",
      ours: (end) => path("/top", end, 30 * DAY, { by: "domain" }),
      theirs: (end) => largest("dst_entity_name", end, 30 * DAY).replace(" GROUP BY", " AND dst_type = 'external' GROUP BY"),
    },
    ...charts.map(
      ({ name, length }): Question => ({
        name: `pairs, ${name}`,
        ours: (end) => path("/pairs", end, length),
        theirs: (end) => map(end, length),
      }),
    ),
    // The other schema's page asks each of these by itself; there is no one answer to compare with.
    ...charts.map(
      ({ name, length }): Question => ({
        name: `overview, ${name}`,
        ours: (end) => path("/overview", end, length).replace("/api/flows/overview", "/api/overview"),
        theirs: null,
      }),
    ),
    { name: "timeline of one long flow", ours: () => `/api/flows/${longFlow.reporter}/${longFlow.id}/timeline`, theirs: null },
    {
      name: "first and last seen, a user",
      ours: () => `/api/flows/seen?${new URLSearchParams({ by: "src.name", value: user })}`,
      theirs: () => `SELECT min(start_ts), max(start_ts) FROM ${TABLE} WHERE src_entity_id = ${quoted(user)}`,
    },
    {
      name: "first and last seen, a rare domain",
      ours: () => `/api/flows/seen?${new URLSearchParams({ by: "domain", value: rareDomain })}`,
      theirs: () => `SELECT min(start_ts), max(start_ts) FROM ${TABLE} WHERE dst_entity_name = ${quoted(rareDomain)}`,
    },
  ];
}
