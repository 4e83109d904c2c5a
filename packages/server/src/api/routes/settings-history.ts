/** The audit list: who set what, when, and what it was before. */
import { z } from "zod";
import type { PastSetting, SettingName, SettingsCursor } from "../../store/settings/settings-log.ts";
import type { Api, ApiContext } from "../context.ts";
import { badRequest, errorSchema } from "../errors.ts";
import { SETTINGS_SECTIONS, settingsHistorySchema } from "../settings-history-schemas.ts";

export function settingsHistoryRoutes(api: Api, { settings }: ApiContext): void {
  api.route({
    method: "GET",
    url: "/api/settings/history",
    config: { access: "audit" },
    schema: {
      summary: "Who set what, newest first",
      tags: ["settings"],
      querystring: z.strictObject({
        section: z.enum(SETTINGS_SECTIONS).optional().describe("Left out: all"),
        limit: z.coerce.number().int().min(1).max(1000).default(100),
        cursor: z.string().max(100).optional().describe("`next` of the page before"),
      }),
      response: { 200: settingsHistorySchema, 400: errorSchema, 401: errorSchema, 403: errorSchema, 503: errorSchema },
    },
    handler: async ({ query: { section, limit, cursor } }, reply) => {
      reply.header("cache-control", "no-store");
      const names = section === undefined ? undefined : NAMES[section];
      // One more tells whether there is a next page.
      const found = await settings.history({
        limit: limit + 1,
        names,
        after: cursor === undefined ? undefined : cursorOf(cursor),
      });
      const changes = found.slice(0, limit);
      const last = changes.at(-1);
      return {
        changes: changes.map(changeJson),
        next: found.length > limit && last !== undefined ? cursorText(last.cursor) : null,
      };
    },
  });
}

const NAMES: Readonly<Record<(typeof SETTINGS_SECTIONS)[number], readonly SettingName[]>> = {
  traffic: ["capture", "network", "node"],
  retention: ["retention", "hold"],
  alerts: ["alert_rule", "alert_silence", "recipient", "policy"],
  sinks: ["sink"],
  compliance: ["compliance"],
};

function changeJson({
  changedMs,
  name,
  id,
  who,
  what,
  before,
  value,
}: PastSetting): z.infer<typeof settingsHistorySchema>["changes"][number] {
  return {
    time: new Date(changedMs).toISOString(),
    name,
    id,
    who,
    what,
    before: before === null ? null : parsed(before),
    after: parsed(value),
  };
}

/** Secrets are sealed in there: that there are some is told, and no more. */
function parsed(json: string): Record<string, unknown> | null {
  const value = JSON.parse(json) as Record<string, unknown> | null;
  if (value === null || typeof value.secrets !== "object" || value.secrets === null) return value;
  return { ...value, secrets: Object.keys(value.secrets) };
}
const cursorText = ({ changedMs, version, changeId }: SettingsCursor) => `${changedMs}.${version}.${changeId}`;

/** @throws RouteError BAD_REQUEST */
function cursorOf(text: string): SettingsCursor {
  const [, changedMs, version, changeId] = /^(\d{1,15})\.(\d{1,9})\.([\w-]{1,64})$/.exec(text) ?? [];
  if (changeId === undefined) throw badRequest("cursor: expected `next` of the page before");
  return { changedMs: Number(changedMs), version: Number(version), changeId };
}
