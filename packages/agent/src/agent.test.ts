/** The whole agent on a real kernel, in a namespace of its own, as a user with nothing but the two capabilities. */
import { execFile, execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { JsonRow } from "@flowtrail/model";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { needs } from "../../../test/needs.ts";
import { asNobody } from "../../../test/nobody.ts";
import type { LineProcess } from "./capture/testing/line-process.ts";
import { CLIENT, SERVER, Testbed } from "./capture/testing/testbed.ts";
import type { RecordedUpload } from "./testing/recording-server.ts";

/** Writes until the disk is full. */
function fill(path: string): string[] {
  const paths: string[] = [];
  for (;;) {
    try {
      paths.push(`${path}-${paths.length}`);
      writeFileSync(paths.at(-1) ?? "", new Uint8Array(4096));
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe("ENOSPC");
      return paths;
    }
  }
}

const numberOf = (upload: RecordedUpload): number => Number(upload.id.split("-")[1]);
const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const TWO_CAPABILITIES = asNobody("net_admin", "net_raw");
const NETWORK = "--network=lab=10.77.0.0/16,fd77::/16";

describe.skipIf(!needs("the whole agent in a network namespace", "root", "conntrack"))("the agent on a real kernel", () => {
  let bed: Testbed;
  let server: LineProcess;
  let port = 0;
  let state = "";

  beforeEach(async () => {
    bed = new Testbed();
    bed.up();
    chmodSync(bed.directory, 0o755);
    state = join(bed.directory, "state");
    mkdirSync(state);
    chmodSync(state, 0o777);
    server = bed.spawn("client", process.execPath, script("testing/recording-server.ts"));
    ({ port } = await server.find((line) => line.type === "listening"));
  });
  afterEach(() => bed.down());

  const command = (args: string[], wrapper: string[]): string[] => [
    ...wrapper,
    process.execPath,
    script("run.ts"),
    `--server=http://127.0.0.1:${port}`,
    "--node=client",
    NETWORK,
    `--state=${state}`,
    "--flush-interval-ms=100",
    "--update-interval-s=1",
    ...args,
  ];
  /** In the order of their numbers, each once: what an agent could not note as taken before it was killed, it sends again. */
  const uploads = (): RecordedUpload[] => {
    const all = server.lines.filter((line) => line.type === "upload") as unknown as RecordedUpload[];
    return [...new Map(all.map((upload) => [numberOf(upload), upload])).entries()]
      .sort(([a], [b]) => a - b)
      .map(([, upload]) => upload);
  };
  const rows = (dstPort?: number): JsonRow[] =>
    uploads()
      .flatMap((upload) => upload.rows)
      .filter((row) => dstPort === undefined || row.dst_port === dstPort);
  /** Resolves when the rows of a port satisfy `done`. */
  const rowsOf = async (dstPort: number, done: (all: JsonRow[]) => boolean): Promise<JsonRow[]> => {
    await server.until(() => done(rows(dstPort)));
    return rows(dstPort);
  };
  const has = (test: (row: JsonRow) => boolean) => (all: JsonRow[]) => all.some(test);
  async function startAgent(args: string[] = []): Promise<LineProcess> {
    const before = uploads().length;
    const agent = bed.spawn("client", ...command(args, TWO_CAPABILITIES));
    await Promise.race([
      server.until(() => uploads().length > before),
      agent.end().then(() => {
        throw new Error(`the agent ended: ${agent.errors}`);
      }),
    ]);
    return agent;
  }
  const holdTcp = { do: "tcp", host: SERVER.v4, port: 4430, word: "hold" };

  it("records a connection with two capabilities only, and after kill -9 goes on with it under the same flow_id", async () => {
    const far = bed.traffic("server");
    const near = bed.traffic("client");
    await far.ask({ do: "tcp-listen", host: "0.0.0.0", port: 4430 }, (line) => line.type === "done");
    const first = await startAgent();
    await near.ask(holdTcp, (line) => line.text === "held");
    const [opened] = await rowsOf(
      4430,
      has((row) => row.state === "open" && Number(row.dst_bytes) > 0),
    );
    expect(opened).toMatchObject({
      reporter: "client",
      network: "lab",
      direction: "egress",
      role: "initiator",
      protocol: 6,
      src_ip: CLIENT.v4,
      dst_ip: SERVER.v4,
      start_exact: true,
    });
    expect(readFileSync(`/proc/${first.pid}/status`, "utf8")).toMatch(/CapBnd:\t0{12}3000/);

    await first.kill("SIGKILL");
    const coveredTo = Math.max(...uploads().map((upload) => upload.metadata.covered_to));
    // While nobody looks: this one can't be known of.
    await near.ask({ do: "tcp", host: SERVER.v4, port: 4430, word: "finish" }, (line) => line.text === "closed");
    await startAgent();
    await near.ask({ do: "close" }, (line) => line.text === "closed");
    const all = await rowsOf(
      4430,
      has((row) => row.state === "closed" && row.flow_id === opened?.flow_id),
    );
    const mine = all.filter((row) => row.src_port === opened?.src_port);
    expect(new Set(mine.map((row) => row.flow_id)).size, "one flow").toBe(1);
    expect(new Set(mine.map((row) => row.start)).size).toBe(1);
    expect(mine.at(-1)).toMatchObject({ state: "closed", end_reason: "finished", verdict: "answered" });
    const revisions = mine.map((row) => Number(row.revision));
    expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b));
    const after = uploads().filter((upload) => upload.metadata.covered_from > coveredTo);
    expect(after.length, "the time in between is not covered").toBeGreaterThan(0);
    expect(uploads().some(({ metadata: m }) => m.covered_from < coveredTo && m.covered_to > coveredTo)).toBe(false);
    expect(uploads().map(numberOf)).toEqual(uploads().map((_, i) => i + 1));
    expect(new Set(uploads().map((upload) => upload.id.split("-")[0])).size).toBe(1);
    expect(uploads()[0]).toMatchObject({
      node: "client",
      authorization: null,
      metadata: { addresses: { lab: [CLIENT.v4, CLIENT.v6] } },
    });
    expect(uploads()[0]?.metadata.gauges).toMatchObject({
      conntrack_acct: 1,
      conntrack_acct_found: 0,
      conntrack_events: 1,
      paused: 0,
    });
  });

  it("finds connections that are older than itself, and leaves nothing behind when it is stopped", async () => {
    const far = bed.traffic("server");
    const near = bed.traffic("client");
    await far.ask({ do: "tcp-listen", host: "::", port: 4430 }, (line) => line.type === "done");
    bed.nft("client", "table inet own {\n chain c {\n  ct state new\n }\n}\n");
    await near.ask({ ...holdTcp, host: SERVER.v6 }, (line) => line.text === "held");
    const agent = await startAgent();
    const [row] = await rowsOf(
      4430,
      has((one) => one.state === "open"),
    );
    expect(row).toMatchObject({ src_ip: CLIENT.v6, dst_ip: SERVER.v6, start_exact: false });
    expect(bed.sysctl("client", "acct")).toBe(1);
    await agent.kill("SIGTERM");
    expect(agent.errors).toContain("stopped: the server has everything");
    expect(bed.sysctl("client", "acct")).toBe(0);
    expect(bed.run("client", "nft", "list", "tables")).toBe("table inet own\n");
    const status = JSON.parse(readFileSync(join(state, "status.json"), "utf8")) as { state: string; ship: { state: string } };
    expect(status).toMatchObject({ state: "stopped", node: "client", networks: [{ id: "lab" }], spool: { batches: 0 } });
  });

  it("keeps what the server does not take, over a stop, and sends it later in order", async () => {
    const far = bed.traffic("server");
    const near = bed.traffic("client");
    await far.ask({ do: "udp-listen", host: "0.0.0.0", port: 5353 }, (line) => line.type === "done");
    const agent = await startAgent();
    await server.ask({ status: 503 }, (line) => line.type === "done");
    await near.ask({ do: "udp-many", host: SERVER.v4, port: 6000, count: 20 }, (line) => line.text === "sent");
    const before = uploads().length;
    await agent.kill("SIGTERM");
    expect(agent.errors).toMatch(/stopped: the spool keeps what the server has not taken/);
    expect(uploads().length).toBe(before);
    await server.ask({ status: 200 }, (line) => line.type === "done");
    await startAgent();
    await server.until(() => new Set(rows().map((row) => row.dst_port)).size >= 20);
    expect(uploads().map(numberOf)).toEqual(uploads().map((_, i) => i + 1));
    const sent = rows().filter((row) => Number(row.dst_port) >= 6000);
    expect(new Set(sent.map((row) => row.flow_id)).size, "each flow once").toBe(20);
  });

  it("stops recording while the server says so, and goes on when it may", async () => {
    await server.ask({ config: { version: "1", enabled: false } }, (line) => line.type === "done");
    const agent = await startAgent();
    expect(uploads()[0]?.metadata.gauges.paused).toBe(1);
    expect(bed.sysctl("client", "acct")).toBe(0);
    await server.ask({ config: { version: "2", enabled: true } }, (line) => line.type === "done");
    await agent.kill("SIGTERM");
    await startAgent(["--server-config-interval=1s"]);
    const far = bed.traffic("server");
    const near = bed.traffic("client");
    await far.ask({ do: "tcp-listen", host: "0.0.0.0", port: 4430 }, (line) => line.type === "done");
    await near.ask(holdTcp, (line) => line.text === "held");
    await rowsOf(
      4430,
      has((row) => row.state === "open"),
    );
    expect(uploads().at(-1)?.metadata.gauges.paused).toBe(0);

    // One network alone: what is open gets a last row, what begins gets none.
    const lab = { id: "lab", ranges: [], enabled: false };
    await server.ask({ config: { version: "3", enabled: true, networks: [lab] } }, (line) => line.type === "done");
    await rowsOf(
      4430,
      has((row) => row.state === "lost"),
    );
    await near.ask({ do: "udp-many", host: SERVER.v4, port: 6000, count: 5 }, (line) => line.text === "sent");
    await server.until(() => uploads().some(({ metadata }) => Number(metadata.drops.network_off) >= 5));
    expect(rows().filter((row) => Number(row.dst_port) >= 6000)).toEqual([]);
  });

  it("goes on capturing while the disk is full, says so, and loses nothing when there is room again", async () => {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m,mode=777", "ft-agt-test", state]);
    try {
      const near = bed.traffic("client");
      const agent = await startAgent();
      const ballast = fill(join(state, "ballast"));
      await near.ask({ do: "udp-many", host: SERVER.v4, port: 6000, count: 300 }, (line) => line.text === "sent");
      await expect.poll(() => agent.errors, { timeout: 20_000 }).toContain("no space left on the disk (ENOSPC)");
      await near.ask({ do: "udp-many", host: SERVER.v4, port: 6300, count: 300 }, (line) => line.text === "sent");
      for (const path of ballast) rmSync(path);
      await server.until(() => new Set(rows().map((row) => row.dst_port)).size >= 600);
      await expect.poll(() => agent.errors, { timeout: 20_000 }).toContain("the spool can be written again");
      const sent = rows().filter((row) => Number(row.dst_port) >= 6000);
      expect(new Set(sent.map((row) => row.flow_id)).size, "each flow once").toBe(600);
      await agent.kill("SIGTERM");
    } finally {
      execFileSync("umount", ["--lazy", state]);
    }
  });

  it("says in one line what is missing, with an exit code of its own", async () => {
    const run = promisify(execFile);
    const ended = async (args: string[], wrapper = TWO_CAPABILITIES): Promise<{ code?: number; stderr?: string }> => {
      try {
        await run("ip", ["netns", "exec", bed.namespace("client"), ...command(args, wrapper)]);
        return {};
      } catch (error) {
        return error as { code: number; stderr: string };
      }
    };
    const saying = (text: string): unknown => expect.stringContaining(text);
    expect(await ended([], asNobody())).toMatchObject({ code: 3, stderr: saying("needs CAP_NET_ADMIN") });
    expect(await ended(["--spool-max-bytes=many"])).toMatchObject({
      code: 2,
      stderr: saying("spool.max_bytes: expected a size"),
    });
    const token = join(bed.directory, "token");
    writeFileSync(token, "");
    expect(await ended([`--token-file=${token}`])).toMatchObject({ code: 2, stderr: saying("is empty") });
    expect(await ended(["--state=/proc/flowtrail"])).toMatchObject({ code: 4, stderr: saying("choose another with --state") });
    await startAgent();
    expect(await ended([])).toMatchObject({ code: 4, stderr: saying("another flowtrail agent is running on this directory") });
  });
});
