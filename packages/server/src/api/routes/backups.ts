/** Backups of the store: begun here, listed, followed. A restore is for a store that no server has open: `flowtrail store restore`. */
import { z } from "zod";
import { BACKUP_NAME, type BackupNote } from "../../store/backup/notes.ts";
import type { Api, ApiContext } from "../context.ts";
import { errorSchema, notFound } from "../errors.ts";

const URL = "/api/store/backups";
const tags = ["store"];
const errors = { 401: errorSchema, 403: errorSchema, 503: errorSchema };
const name = z.string().regex(BACKUP_NAME, "expected 1 to 100 letters, digits and _ . -, a letter or digit first");

const backupSchema = z.object({
  name: z.string(),
  base: z.string().nullable().describe("The backup that it goes on from: a restore needs both"),
  state: z.enum(["running", "done", "failed"]),
  started: z.string(),
  ended: z.string().nullable(),
  bytes: z.number().describe("Written so far"),
  rows: z.number().describe("Of all tables; what is not merged yet may count twice"),
  version: z.string().describe("Of Flowtrail"),
  error: z.string().nullable(),
});

export function backupRoutes(api: Api, { backups, now }: ApiContext): void {
  api.route({
    method: "GET",
    url: URL,
    config: { access: "audit" },
    schema: {
      summary: "Backups of the store, newest first",
      tags,
      response: { 200: z.object({ backups: z.array(backupSchema) }), ...errors },
    },
    handler: async (_request, reply) => {
      reply.header("cache-control", "no-store");
      return { backups: (await backups.list()).map(backupJson) };
    },
  });

  api.route({
    method: "POST",
    url: URL,
    config: { access: "admin", audit: "backup.create" },
    schema: {
      summary: "Begin a backup",
      description:
        "The answer comes when its state is fixed: all that was acknowledged before the request is in it, whole. Uploads wait for a moment until then; " +
        "the rest is done beside everything else. GET …/:name tells how far it is.",
      tags,
      body: z.strictObject({
        name: name.optional().describe("Left out: made of the time"),
        base: name.optional().describe("A finished backup: only what is new since then is written"),
      }),
      response: { 202: backupSchema, 400: errorSchema, ...errors, 404: errorSchema, 409: errorSchema },
    },
    handler: async ({ body }, reply) => {
      const { name = nameOf(now()), base } = body;
      const note = await backups.begin({ name, ...(base === undefined ? {} : { base }) });
      return reply.code(202).header("cache-control", "no-store").send(backupJson(note));
    },
  });

  api.route({
    method: "GET",
    url: `${URL}/:name`,
    config: { access: "audit" },
    schema: {
      summary: "One backup",
      tags,
      params: z.object({ name }),
      response: { 200: backupSchema, 400: errorSchema, ...errors, 404: errorSchema },
    },
    handler: async ({ params }, reply) => {
      const note = await backups.find(params.name);
      if (note === null) throw notFound(`there is no backup ${params.name}`);
      reply.header("cache-control", "no-store");
      return backupJson(note);
    },
  });
}

const nameOf = (nowMs: number) => `flowtrail-${new Date(nowMs).toISOString().slice(0, 19).replaceAll(":", "-")}`;

function backupJson({ tables, schema: _schema, ...note }: BackupNote): z.infer<typeof backupSchema> {
  return { ...note, rows: tables.reduce((sum, { rows }) => sum + rows, 0) };
}
