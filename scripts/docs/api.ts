/** `docs/reference/api.md`: every route, from the OpenAPI document. */
import { type ApiDescription, type ApiOperation, type ApiParameter, type ApiSchema, describeApi } from "@flowtrail/server";
import { code, page, table } from "./markdown.ts";

const TITLES: Readonly<Record<string, string>> = {
  flows: "Flows",
  agents: "Agents and other senders",
  credentials: "Credentials",
  system: "The server itself",
};

export async function apiPage(): Promise<string> {
  const routes = routesOf(await describeApi());
  const tags = [...new Set([...Object.keys(TITLES), ...routes.map((route) => route.tag)])];
  return page(
    "HTTP API",
    "the schemas of the routes in `packages/server/src/api`",
    [
      "A running server tells the same, and the form of every answer, as OpenAPI: `GET /api/openapi.json`. Credentials go into",
      "`Authorization: Bearer TOKEN` (`flowtrail token create --api` makes one); the page uses a cookie. What goes wrong is answered as",
      '`{"error":{"code","message","details"}}`; the code is stable.',
    ].join("\n"),
    ...tags.flatMap((tag) => {
      const ofTag = routes.filter((route) => route.tag === tag);
      return ofTag.length === 0 ? [] : [`## ${TITLES[tag] ?? tag}`, ...ofTag.flatMap(section)];
    }),
  );
}

/** Who may use a route, by what it asks for. */
const WHO: Readonly<Record<string, string>> = {
  public: "nobody is asked",
  agent: "agents' tokens",
  read: "viewers (of flows and the inventory: within their scope), auditors, administrators",
  audit: "auditors, administrators",
  admin: "administrators",
};

interface Route {
  readonly tag: string;
  readonly name: string;
  readonly operation: ApiOperation;
}

function routesOf({ paths }: ApiDescription): Route[] {
  const routes = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      tag: operation.tags?.[0] ?? "other",
      name: `${method.toUpperCase()} ${path}`,
      operation,
    })),
  );
  // By path, then by method: the order in which routes are registered says nothing.
  return routes.sort((a, b) => compare(a.name.split(" ")[1], b.name.split(" ")[1]) || compare(a.name, b.name));
}

const compare = (a = "", b = ""): number => (a < b ? -1 : a > b ? 1 : 0);

function section({ name, operation }: Route): string[] {
  const { summary = "", description, parameters = [], requestBody, responses } = operation;
  const bodies = Object.entries(requestBody?.content ?? {}).flatMap(([type, { schema }]) =>
    schema?.properties ? [`Body, ${code(type)}:`, fields(bodyFields(schema))] : [],
  );
  return [
    `### ${code(name)}`,
    `${summary}.${description === undefined ? "" : ` ${description}`}`,
    `For: ${WHO[operation["x-access"]]}`,
    ...(parameters.length === 0 ? [] : ["Parameters:", fields(parameters)]),
    ...bodies,
    `Answers: ${statuses(responses)}`,
  ];
}

/** A stream of events has no schema, so no status of its own in the document. */
function statuses(responses: ApiOperation["responses"]): string {
  const told = Object.keys(responses);
  return (told.some((status) => status < "400") ? told : ["200", ...told]).join(", ");
}

function bodyFields({ properties = {}, required = [] }: ApiSchema): ApiParameter[] {
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "body",
    required: required.includes(name),
    description: schema.description ?? "",
    schema,
  }));
}

function fields(parameters: readonly ApiParameter[]): string {
  return table(
    ["name", "in", "takes", "default", "meaning"],
    parameters.map(({ name, in: place, required, schema, description = "" }) => [
      code(name),
      required ? `${place}, needed` : place,
      typeOf(schema),
      schema.default === undefined ? "" : code(String(schema.default)),
      description,
    ]),
  );
}

function typeOf({ enum: values, anyOf, type = "", items, minimum, maximum }: ApiSchema): string {
  if (values) return values.map((value) => code(String(value))).join(", ");
  if (anyOf) return anyOf.map(typeOf).join(" or ");
  if (items) return `list of ${typeOf(items)}`;
  return minimum === undefined || maximum === undefined ? type : `${type} from ${minimum} to ${maximum}`;
}
