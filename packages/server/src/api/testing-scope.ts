/** Every route that people read, with questions that name a foreign network and such that look past the own one: for tests of scopes. */
const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
/** The server's clock stands still: whatever differs between two answers was told. */
export const NOW = Math.floor(Date.now() / 1000) * 1000;
export const T0 = Math.floor(NOW / HOUR_MS) * HOUR_MS - 5 * HOUR_MS;
const iso = (ms: number) => new Date(ms).toISOString();
const RANGE = `from=${iso(T0 - HOUR_MS)}&to=${iso(NOW + 1000)}`;

/** Only two questions of each route, by those who differ most; all of them, by all: test/slow/scope.test.ts. */
export const FULL = process.env.FLOWTRAIL_WALK === "full";

/** What names the other network, its participants and its addresses, and what looks past the own one. */
const ABOUT = [
  "",
  "network=bravo",
  "q=bravo or not (network=alpha)",
  "q=bravo",
  "q=network!=alpha or network=alpha",
  "network=alpha&network=bravo",
  "q=network=bravo or network=alpha",
  "q=not (network=alpha)",
  "q=both.example or dst.port=5432",
  "q=name~bea or name~al",
  "q=ip in (10.66.0.0/16, 10.55.0.0/16)",
  "q=type=user and domain!=null",
  "q=state=open",
  "reporter_id=n-bgw&reporter_id=n-agw",
].map((text) => text.replace(/(?<=^q=).*/, encodeURIComponent));
const FEW = ABOUT.slice(0, 2);
export const each = (path: string, others = "", about: readonly string[] = ABOUT) =>
  about.map((one) => `${path}?${[RANGE, others, one].filter((part) => part !== "").join("&")}`);
const KINDS = ["network", "node", "user", "config_file", "egress"];
const EITHER = ["", "&network=bravo", "&network=alpha"];

/** Routes that people read, each with its questions. A new one has to be added: tell what it must not tell. */
export const WALK: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries({
    "get /api/flows": [
      ...each("/api/flows", "reports=all"),
      ...each("/api/flows", "reports=all&sort=bytes"),
      ...each("/api/flows", "limit=1", FEW),
    ],
    "get /api/flows/count": each("/api/flows/count", "reports=all"),
    "get /api/flows/facets": each("/api/flows/facets", "reports=all"),
    "get /api/flows/histogram": [
      ...each("/api/flows/histogram", "group=network"),
      ...each("/api/flows/histogram", "group=reporter&metric=reports&previous=true", FEW),
    ],
    "get /api/flows/top": [
      ...each("/api/flows/top", "by=src.name,dst.domain&previous=true"),
      ...each("/api/flows/top", "by=network,reporter&metric=reports", FEW),
    ],
    "get /api/flows/plan": each("/api/flows/plan", "by=src.name", FEW),
    "get /api/flows/pairs": [...each("/api/flows/pairs", "externals=domain"), ...each("/api/flows/pairs", "", FEW)],
    "get /api/flows/seen": [
      "by=name&value=bea",
      "by=name&value=bea&type=user",
      "by=name&value=ana",
      "by=domain&value=both.example",
      "by=domain&value=bravo.example",
      "by=network&value=bravo",
      "by=ip&value=10.66.0.21",
      "by=reporter&value=bravo-gw",
      "by=dst.port&value=5432",
    ].map((query) => `/api/flows/seen?${query}`),
    "get /api/flows/export": ["ndjson", "csv", "parquet"].flatMap((format) =>
      each("/api/flows/export", `format=${format}&reports=all`, format === "ndjson" ? ABOUT : FEW),
    ),
    "get /api/flows/live": [],
    "get /api/flows/{reporter}/{flow_id}": ids((reporter, id) => `/api/flows/${reporter}/${id}`),
    "get /api/flows/{reporter}/{flow_id}/timeline": ids((reporter, id) => `/api/flows/${reporter}/${id}/timeline`),
    "get /api/overview": each("/api/overview", "", ["", "network=bravo", "network=alpha", "q=bravo"]),
    "get /api/filter/check": ["/api/filter/check?q=network=bravo"],
    "get /api/filter/complete": [
      "network=",
      "src.name=",
      "name=b",
      "domain=",
      "reporter=",
      "dst.ip=10.",
      "dst.port=",
      "rule=",
    ].flatMap((q) => each("/api/filter/complete", `q=${encodeURIComponent(q)}`, ["", "network=bravo", "network=alpha"])),
    "get /api/v1/flows": [
      "",
      "&network_id=bravo",
      "&node_id=n-bgw",
      "&node_id=n-bgw&network_id=alpha",
      "&username=bea",
      "&username=u-ana",
      "&q=bravo",
      "&state=open",
      "&page=2&per_page=1",
    ].map((query) => `/api/v1/flows?from=${iso(T0)}&to=${iso(NOW)}${query}`),
    "get /api/inventory": [...EITHER, "&q=bravo", "&q=10.66", "&source=file&limit=1", "&source=agent:n-bgw"].map((query) =>
      `/api/inventory?limit=100${query}`.replace("limit=100&source=file&", "source=file&"),
    ),
    "get /api/inventory/at": ["10.66.0.21", "10.66.0.1", "10.77.0.5", "10.55.0.21", "10.55.0.22", "203.0.113.5"].flatMap((ip) =>
      EITHER.map((query) => `/api/inventory/at?ip=${ip}&time=${iso(NOW)}${query}`),
    ),
    "get /api/inventory/history": [...EITHER, "&kind=user", "&id=u-bea", "&id=n-bgw", "&id=u-alf"].map(
      (query) => `/api/inventory/history?from=${iso(T0)}&to=${iso(NOW + HOUR_MS)}${query}`,
    ),
    "get /api/inventory/list": KINDS.flatMap((kind) =>
      EITHER.map((query) => `/api/inventory/list?kind=${kind}&${RANGE}${query}`),
    ),
    "get /api/networks": ["/api/networks"],
  }).map(([route, questions]) => [route, FULL ? questions : questions.slice(0, 2)]),
);

/** Of reports of both networks, by id and by name of the reporter, and of none. */
function ids(path: (reporter: string, id: number) => string): string[] {
  const reporters = ["bravo-gw", "alpha-gw", "n-agw", "n-bgw", "nobody"];
  return [7, 1, 3, 5, 6, 10, 11, 999].flatMap((id) => reporters.map((reporter) => path(reporter, id)));
}
