/** `--print-query`: what would be asked, to be asked again elsewhere. */

import { pathOf, type Query, urlOf } from "../servers/api.ts";
import type { ChosenServer } from "../servers/choose-server.ts";
import { clean } from "../terminal/clean.ts";

/** Never the token: history files and chats keep what is shown. */
export function queryText(server: Pick<ChosenServer, "url">, path: string, query: Query, accept?: string): string {
  const url = urlOf(server, pathOf(path, query)).href;
  const form = accept === undefined ? "" : ` -H 'Accept: ${accept}'`;
  return [
    `filter: ${typeof query.q === "string" ? clean(query.q) : "(all flows)"}`,
    `url:    ${url}`,
    `curl:   curl -sS${form} -H "Authorization: Bearer $FLOWTRAIL_TOKEN" '${url.replaceAll("'", "%27")}'`,
    "",
  ].join("\n");
}
