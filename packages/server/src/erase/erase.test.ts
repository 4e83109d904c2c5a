import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { z } from "zod";
import type { eraseJobSchema, eraseReportSchema } from "../api/people-schemas.ts";
import { writeKey } from "../privacy/key-file.ts";
import { rowNow, startTestServer, type TestServer } from "../testing.ts";

type Job = z.infer<typeof eraseJobSchema>;
type Report = z.infer<typeof eraseReportSchema>;

const INVENTORY = {
  networks: [
    {
      id: "office",
      ranges: ["10.1.0.0/24"],
      users: [
        { id: "alice", devices: [{ name: "laptop", addresses: ["10.1.0.21"] }] },
        { id: "bob", devices: [{ name: "phone", addresses: ["10.1.0.22"] }] },
      ],
    },
  ],
};
const HOUR_MS = 3_600_000;

let test: TestServer;
let token: string;
let key: string;
beforeAll(async () => {
  const data = await mkdtemp(join(tmpdir(), "flowtrail-erase-"));
  const file = join(data, "inventory.yaml");
  await writeFile(file, JSON.stringify(INVENTORY));
  key = join(data, "key");
  writeKey(key, { rotate: false, now: Date.now() });
  test = await startTestServer({ data, flags: { "inventory.file": file, "privacy.key_file": key } });
  token = await test.agentToken("debian");
});
afterAll(() => test.stop());

const flow = (flow_id: string, src_ip: string, agoMs = 60_000, more: object = {}) =>
  rowNow({ flow_id, network: "office", src_ip, dst_ip: "10.1.0.9", ...more }, agoMs);
const erase = <T>(body: object) => test.ask<T>("POST", "/api/people/erase", { body });
const ofAll = async () => (await test.flows("from=-2d&network=office")).flows.map(({ flow_id }) => String(flow_id)).sort();

async function done(body: object): Promise<Job> {
  const begun = await erase<Job>({ ...body, dry_run: false });
  expect(begun.status, JSON.stringify(begun.body)).toBe(202);
  for (let attempt = 0; attempt < 300; attempt++) {
    const { body: job } = await test.ask<Job>("GET", `/api/people/erasures/${begun.body.id}`);
    if (job.state === "done") return job;
    await setTimeout(100);
  }
  throw new Error(`not done: ${test.log.slice(-5).join("\n")}`);
}

describe("a person's records", () => {
  it("are told before they are deleted, then they are gone, and what comes late stays away", async () => {
    await test.deliver(token, [
      flow("1", "10.1.0.21"),
      flow("2", "10.1.0.22"),
      flow("3", "10.1.0.21", 90_000, { state: "open", end: null }),
    ]);
    expect(await ofAll()).toEqual(["1", "2", "3"]);
    const said = await erase<Report>({ user: "alice" });
    expect(said.status, JSON.stringify(said.body)).toBe(200);
    expect(said.body.tables.filter(({ rows }) => rows > 0).map(({ table }) => table)).toEqual(
      expect.arrayContaining(["flows", "flows_open", "flow_deltas"]),
    );
    expect(said.body.text).toContain("Would be deleted");
    expect(await ofAll()).toEqual(["1", "2", "3"]);

    const { report } = await done({ user: "alice" });
    expect(report).toMatchObject({ dry_run: false, left_rows: 0, held_rows: 0, subject: { kind: "user", name: "alice" } });
    expect(report?.deleted_rows).toBe(said.body.deleted_rows);
    expect(await ofAll()).toEqual(["2"]);
    // Of before: refused. Of now: a new record.
    await test.deliver(token, [flow("4", "10.1.0.21", 120_000), flow("5", "10.1.0.21", 0)]);
    expect(await ofAll()).toEqual(["2", "5"]);
    const { body } = await test.ask<{ entries: { details: { report?: Report } }[] }>("GET", "/api/audit?action=people.erased");
    expect(body.entries[0]?.details.report?.deleted_rows).toBe(report?.deleted_rows);
  });

  it("stay where a legal hold forbids it, and it is told", async () => {
    await test.deliver(token, [flow("10", "10.1.0.22", 3 * HOUR_MS), flow("11", "10.1.0.22", 60_000)]);
    const hold = await test.ask<{ id: string }>("POST", "/api/settings/retention/holds", {
      body: { from: "-4h", to: "-2h", reason: "case 7" },
    });
    const { report } = await done({ address: "10.1.0.22", network: "office" });
    expect(report).toMatchObject({ left_rows: 0, holds: [{ id: hold.body.id, reason: "case 7" }] });
    expect(report?.held_rows).toBeGreaterThan(0);
    expect(report?.text).toContain("a legal hold forbids it");
    expect((await ofAll()).filter((id) => ["10", "11", "2"].includes(id))).toEqual(["10"]);
  });

  it("are found under their pseudonyms, which nobody is told", async () => {
    await test.ask("PUT", "/api/settings/capture", { body: { pseudonyms: true } });
    await test.deliver(token, [flow("20", "10.1.0.21", 0)]);
    const [row] = (await test.flows("from=-1h&network=office")).flows.filter(({ flow_id }) => flow_id === "20");
    expect(row?.src_name).toMatch(/^user-/);
    const job = await done({ user: "alice" });
    expect(job.report?.left_rows).toBe(0);
    expect(await ofAll()).not.toContain("20");
    expect(JSON.stringify(job)).not.toContain(String(row?.src_name));
    // Of before, from an agent that was away: under the same pseudonym, and under that of a newer key.
    await test.deliver(token, [flow("21", "10.1.0.21", 120_000), flow("22", "10.1.0.9", 120_000, { dst_ip: "10.1.0.21" })]);
    const bob = async (flow_id: string) => {
      await test.deliver(token, [flow(flow_id, "10.1.0.22", 0)]);
      return (await test.flows("from=-1h&network=office")).flows.find((one) => one.flow_id === flow_id)?.src_name;
    };
    const before = await bob("24");
    writeKey(key, { rotate: true, now: Date.now() });
    await test.ask("PUT", "/api/settings/capture", { body: { pseudonyms: true } });
    let next = 30;
    await expect.poll(() => bob(String(++next)), { timeout: 20_000, interval: 500 }).not.toBe(before);
    await test.deliver(token, [flow("23", "10.1.0.21", 130_000)]);
    const kept = await ofAll();
    expect(kept).toContain("24");
    expect(["21", "22", "23"].filter((id) => kept.includes(id))).toEqual([]);
  });

  it("are for administrators to delete, and for one subject at a time", async () => {
    expect((await erase({ user: "a", extclient: "b" })).status).toBe(400);
    expect((await erase({ address: "10.1.0.1" })).status).toBe(400);
    expect((await erase({ dry_run: false })).status).toBe(400);
    expect((await test.ask("GET", "/api/people/erasures/nothing")).status).toBe(404);
    expect((await test.ask("POST", "/api/people/erase", { token, body: { user: "a" } })).status).toBe(403);
  });
});
