import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { rowNow, startTestServer, type TestServer } from "../../../server/src/testing.ts";
import { makeProgram } from "../program.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });
const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
let test: TestServer;
let dir: string;
const ROWS = 12_000;
const from = new Date(Date.now() - 3_600_000).toISOString();
const to = new Date().toISOString();
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "flowtrail-export-"));
  test = await startTestServer();
  const token = await test.agentToken("debian");
  for (let at = 0; at < ROWS; at += 4000)
    await test.deliver(
      token,
      Array.from({ length: 4000 }, (_, i) =>
        rowNow({ flow_id: String(at + i), rule: 'a "rule"\nof two lines, and more' }, 60_000 + at + i),
      ),
    );
});
afterAll(async () => {
  await test.stop();
  await rm(dir, { recursive: true });
});

/** In this process: what it throws becomes one line and an exit code in main.ts. */
async function flowtrail(...args: string[]): Promise<void> {
  await makeProgram().parseAsync(["node", "flowtrail", "export", ...args]);
}

/** A network that breaks after so many bytes. */
async function withBreak<T>(afterBytes: number, work: (url: string) => Promise<T>): Promise<T> {
  const target = new URL(test.url);
  const proxy = createServer((client) => {
    const server = connect(Number(target.port), target.hostname);
    let bytes = 0;
    client.pipe(server);
    server.on("data", (chunk) => {
      bytes += chunk.length;
      if (bytes > afterBytes) client.destroy();
      else client.write(chunk);
    });
    for (const [end, other] of [
      [client, server],
      [server, client],
    ] as const)
      end.on("error", () => other.destroy()).on("close", () => other.destroy());
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  try {
    return await work(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
  } finally {
    proxy.close();
  }
}

describe("flowtrail export", () => {
  it("writes to standard output, for other programs, until they have enough", async () => {
    const reader = spawn(process.execPath, [MAIN, "export", "--data", test.data, "--from", from], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [first] = (await once(reader.stdout, "data")) as [Buffer];
    reader.stdout.destroy();
    expect(first.toString()).toMatch(/^flow_id,revision,/);
    expect((await once(reader, "exit"))[0]).toBeLessThan(2);
  });

  it.each(["csv", "ndjson"])("goes on with a broken %s file behind its last complete row", async (format) => {
    const output = join(dir, `broken.${format}`);
    const query = ["--format", format, "--from", from, "--to", to, "--data", test.data];
    const tokenFile = join(test.data, "admin.token");
    await withBreak(3_000_000, async (url) => {
      const broken = flowtrail(...query, "-o", output, "--server", url, "--token-file", tokenFile);
      await expect(broken).rejects.toThrow(/broke off after .*--resume --from 2\S+ --to 2\S+ goes on/);
    });
    expect([existsSync(output), existsSync(`${output}.part`)]).toEqual([false, true]);
    await flowtrail(...query, "-o", output, "--resume");
    expect([existsSync(output), existsSync(`${output}.part`)]).toEqual([true, false]);
    const whole = join(dir, `whole.${format}`);
    await flowtrail(...query, "-o", whole);
    const text = await readFile(whole, "utf8");
    expect(await readFile(output, "utf8")).toBe(text);
    expect(text.match(/of two lines/g)).toHaveLength(ROWS);
  });

  it("goes on with a CSV file whose first column is empty", async () => {
    const [output, whole] = [join(dir, "cut.csv"), join(dir, "uncut.csv")];
    const query = ["--from", from, "--to", to, "--data", test.data, "--columns", "icmp_type,start,flow_id,reporter_id"];
    await flowtrail(...query, "-o", whole);
    const text = await readFile(whole, "utf8");
    await writeFile(`${output}.part`, text.slice(0, text.length / 2));
    await flowtrail(...query, "-o", output, "--resume");
    expect(await readFile(output, "utf8")).toBe(text);
    expect(text.split("\r\n")[1]).toMatch(/^,"?\d{4}-/);
  });

  it("says what is wrong, and leaves other files alone", async () => {
    const there = join(dir, "there.csv");
    await writeFile(there, "kept");
    await writeFile(join(dir, "few.csv.part"), "src_ip,dst_ip\r\n10.0.0.1,10.0.0.2\r\n");
    for (const [args, code, message] of [
      [["--columns", "src_nam"], "SERVER_REFUSED", /400.*did you mean src_name/],
      [["--from", "tomorrow"], "USAGE", /not a time/],
      [["-o", there], "USAGE", /is there already: --force/],
      [["-o", join(dir, "none.csv"), "--resume", "--from", from], "USAGE", /there is no .*none\.csv\.part/],
      [["-o", join(dir, "few.csv"), "--resume", "--from", "-1h"], "USAGE", /another time now/],
      [["-o", join(dir, "few.csv"), "--resume", "--from", from], "USAGE", /do not have cursor, or start/],
      [["--resume"], "USAGE", /needs a file/],
      [["-o", join(dir, "x.parquet"), "--format", "parquet", "--resume"], "USAGE", /Parquet/],
    ] as const) {
      await expect(flowtrail("--data", test.data, ...args)).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message),
      });
    }
    expect(await readFile(there, "utf8")).toBe("kept");
  });
});
