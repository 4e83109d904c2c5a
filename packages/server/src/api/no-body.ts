/** A request without a body may say that it is JSON: shells send one content type with everything. */
import type { Api } from "./context.ts";

/** Where a route needs a body, its schema says that there is none. */
export function takeNoBody(app: Api): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeContentTypeParser("application/json");
  app.addContentTypeParser<string>("application/json", { parseAs: "string" }, (request, body, parsed) =>
    body === "" ? parsed(null, undefined) : parse(request, body, parsed),
  );
}
