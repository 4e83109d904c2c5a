/** Names of fields that a chart is divided by → the fields. */
import { QueryError } from "../query/errors.ts";
import { MOST_FIELDS } from "../query/top.ts";
import { type GroupField, groupField } from "../query/traffic/fields.ts";

/** @throws QueryError */
export function groupFieldsOf(parameter: string, names: readonly string[]): GroupField[] {
  const given = names.map((name) => name.trim()).filter((name) => name !== "");
  const refused = (message: string) => new QueryError([{ parameter, message }]);
  if (given.length === 0) throw refused("expected the name of a field");
  if (given.length > MOST_FIELDS) throw refused(`at most ${MOST_FIELDS} fields`);
  const found = given.map(groupField);
  const problems = found.filter((field) => typeof field === "string").map((message) => ({ parameter, message }));
  if (problems.length > 0) throw new QueryError(problems);
  const fields = found.filter((field) => typeof field !== "string");
  if (new Set(fields.map(({ name }) => name)).size < fields.length) throw refused("each field once");
  return fields;
}
