/** What a route asks for stands in the OpenAPI document, too: tests and the page about roles take the list of routes from there. */
import { jsonSchemaTransform } from "fastify-type-provider-zod";

type Transform = typeof jsonSchemaTransform;

export function withAccess(route: Parameters<Transform>[0]): ReturnType<Transform> {
  const { schema, url } = jsonSchemaTransform(route);
  return { schema: Object.assign({}, schema, { "x-access": route.route.config?.access }), url };
}
