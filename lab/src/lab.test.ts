import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { needs } from "../../test/needs.ts";
import { destinationAddress, expectedReports, sourceAddress } from "./expected.ts";
import { execIn, type Family, labDown, labList, labStatus, labTraffic, labUp, nodes } from "./index.ts";
import type { NodeName } from "./topology.ts";
import { soon, testLabName, traces } from "./traces.test-helper.ts";

const families: Family[] = [4, 6];

describe.skipIf(!needs("a lab that is up", "lab"))("a lab that is up", () => {
  const name = testLabName("u");
  beforeAll(async () => {
    await labUp({ name });
  });
  afterAll(async () => {
    await labDown({ name });
  });

  it("says what it is made of", () => {
    const status = labStatus({ name });
    expect(status).toMatchObject({ name, up: true, exists: true, masquerade: ["internet"], relay: null });
    expect(status.nodes.map((node) => node.name)).toEqual(["debian", "inetgw", "officegw", "user", "config", "lan", "internet"]);
    expect(status.nodes.find((node) => node.name === "inetgw")).toMatchObject({
      namespace: `ft-${name}-inetgw`,
      overlay: { v4: "100.102.137.4", v6: "fd0a::4" },
      agent: null,
      processes: [
        { what: "wireguard-go", running: true },
        { what: "peer", running: true },
      ],
    });
    expect(labList().map((lab) => lab.name)).toContain(name);
  });

  it("lets every node reach every other one, and the internet, over IPv4 and IPv6", async () => {
    const ends = nodes.map((node) => node.name).filter((node) => node !== "internet");
    const ways = ends.flatMap((from) => [...ends, "internet" as const].filter((to) => to !== from).map((to) => ({ from, to })));
    const unanswered: string[] = [];
    for (const family of families) {
      const ping = async ({ from, to }: { from: NodeName; to: NodeName }): Promise<void> => {
        const [src, dst] = [sourceAddress(from, to, family), destinationAddress(to, family)];
        const { code, stdout } = await execIn({ name }, from, ["ping", "-n", "-c", "1", "-W", "5", "-I", src, dst]);
        if (code !== 0) unanswered.push(`${from} ${src} → ${to} ${dst}: ${stdout}`);
      };
      for (const from of ends) await Promise.all(ways.filter((way) => way.from === from).map(ping));
    }
    expect(unanswered).toEqual([]);
    expect(ways).toHaveLength(36);
  });

  it("resolves names on a node as any program does", async () => {
    const script = `require("node:dns").lookup("img.example.test", { family: 4 }, (error, address) => console.log(error ?? address))`;
    expect((await execIn({ name }, "user", [process.execPath, "-e", script])).stdout.trim()).toBe("203.0.113.80");
  });

  it("has no way out", async () => {
    for (const family of families) {
      const elsewhere = family === 4 ? "192.0.2.1" : "2001:db8:ffff::1";
      const { code, stderr } = await execIn({ name }, "internet", ["ip", "route", "get", elsewhere]);
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining("unreachable") });
      const key = family === 4 ? "ipv4/ip_forward" : "ipv6/conf/all/forwarding";
      expect((await execIn({ name }, "internet", ["cat", `/proc/sys/net/${key}`])).stdout.trim()).toBe("0");
      for (const from of ["debian", "user", "lan"])
        expect((await execIn({ name }, from, ["ping", "-c", "1", "-W", "1", elsewhere])).code).not.toBe(0);
    }
  });

  it("runs a program on a node with input and environment, and gives its exit code", async () => {
    const result = await execIn({ name }, "debian", ["sh", "-c", 'cat; echo "$WORD" >&2; exit 7'], {
      input: "in",
      env: { WORD: "word" },
    });
    expect(result).toEqual({ code: 7, signal: null, stdout: "in", stderr: "word\n" });
    await expect(execIn({ name }, "nowhere", ["true"])).rejects.toMatchObject({ code: "LAB_UNKNOWN_NODE" });
    await expect(execIn({ name }, "debian", ["no-such-program"])).resolves.toMatchObject({
      code: 1,
      stderr: expect.stringContaining("No such file"),
    });
  });

  it("is not built a second time under the same name", async () => {
    await expect(labUp({ name })).rejects.toMatchObject({ code: "LAB_ALREADY_UP", data: { complete: true } });
    expect(labStatus({ name }).up).toBe(true);
  });

  it("stands beside another one", async () => {
    const other = testLabName("v");
    try {
      await labUp({ name: other });
      const results = await Promise.all([labTraffic({ name }, "example1"), labTraffic({ name: other }, "example1")]);
      expect(results.map((result) => result.connections.map((connection) => connection.outcome))).toEqual([
        ["refused", "refused"],
        ["refused", "refused"],
      ]);
    } finally {
      await labDown({ name: other });
    }
    expect(traces(other)).toEqual([]);
    expect(labStatus({ name }).up).toBe(true);
    expect((await labTraffic({ name }, "example3")).connections.map((connection) => connection.outcome)).toEqual([
      "answered",
      "answered",
    ]);
  });

  it("says so when one of its processes is gone", async () => {
    const peer = labStatus({ name })
      .nodes.find((node) => node.name === "config")!
      .processes.find((process) => process.what === "peer")!;
    process.kill(peer.pid, "SIGKILL");
    await expect.poll(() => labStatus({ name }).up, soon).toBe(false);
    await expect(labTraffic({ name }, "dns")).rejects.toMatchObject({ code: "LAB_PEER_FAILED", data: { node: "config" } });
  });
});

describe.skipIf(!needs("a lab's end", "lab"))("a lab's end", () => {
  const name = testLabName("d");
  afterEach(async () => {
    await labDown({ name });
  });

  it("leaves nothing, also of what others started in it, and the lab can be built again", async () => {
    for (const _round of [1, 2]) {
      await labUp({ name });
      const stray = spawn("ip", ["netns", "exec", `ft-${name}-user`, "sleep", "1000"]);
      await once(stray, "spawn");
      expect(traces(name).length).toBeGreaterThan(20);
      expect(await labDown({ name })).toEqual({ removed: true });
      expect(traces(name)).toEqual([]);
      expect(await labDown({ name })).toEqual({ removed: false });
    }
    expect(labStatus({ name })).toMatchObject({ up: false, exists: false, nodes: [] });
    await expect(labTraffic({ name }, "example1")).rejects.toMatchObject({ code: "LAB_NOT_UP" });
    await expect(execIn({ name }, "debian", ["true"])).rejects.toMatchObject({ code: "LAB_NOT_UP" });
  });

  it.each(["laying cables", "connecting WireGuard", "starting the servers"])(
    "leaves nothing after its maker was killed while %s",
    async (stage) => {
      const script = `
      const { labUp } = await import(${JSON.stringify(join(import.meta.dirname, "index.ts"))});
      await labUp({ name: ${JSON.stringify(name)}, onProgress: (message) => message.startsWith(${JSON.stringify(stage)}) && setTimeout(() => process.kill(process.pid, "SIGKILL"), 30) });`;
      const maker = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "inherit" });
      expect(await once(maker, "exit")).toEqual([null, "SIGKILL"]);
      expect(traces(name)).not.toEqual([]);
      await expect(labUp({ name })).rejects.toMatchObject({ code: "LAB_ALREADY_UP", data: { complete: false } });
      await labDown({ name });
      expect(traces(name)).toEqual([]);
      expect((await labUp({ name })).up).toBe(true);
    },
  );

  it("takes a directory of the caller's with it, but never one that has other things in it", async () => {
    const parent = mkdtempSync(join(tmpdir(), "ft-lab-"));
    const dir = join(parent, "mine");
    await labUp({ name, dir });
    expect(existsSync(join(dir, "lab.json"))).toBe(true);
    await labDown({ name });
    expect(existsSync(dir)).toBe(false);
    writeFileSync(join(parent, "precious"), "");
    await expect(labUp({ name, dir: parent })).rejects.toMatchObject({ code: "LAB_DIR_NOT_EMPTY" });
    expect(existsSync(join(parent, "precious"))).toBe(true);
    rmSync(parent, { recursive: true });
    expect(traces(name)).toEqual([]);
  });

  it("takes the server's data with it only when nobody writes there any more", async () => {
    const dataDir = join(mkdtempSync(join(tmpdir(), "ft-lab-")), "data");
    mkdirSync(dataDir);
    await labUp({ name });
    // As the engine of a killed server: no mark, no namespace of the lab, a file open, and a last word after its parent's end.
    const script = `
      const { mkdirSync, openSync, writeFileSync } = require("node:fs");
      openSync(process.argv[1] + "/status", "w");
      process.stdin.resume().on("end", () => setTimeout(() => {
        mkdirSync(process.argv[1], { recursive: true });
        writeFileSync(process.argv[1] + "/last", "");
        process.exit();
      }, 2000));
      console.log("open");`;
    const engine = spawn(process.execPath, ["-e", script, dataDir], { stdio: ["pipe", "pipe", "inherit"] });
    await once(engine.stdout, "data");
    const ended = once(engine, "exit");
    engine.stdin.end();
    expect(await labDown({ name, dataDir })).toEqual({ removed: true });
    await ended;
    expect(existsSync(dataDir)).toBe(false);
    rmSync(dirname(dataDir), { recursive: true });
  });

  it("comes by itself when the lab could not be built", async () => {
    // One of its namespaces is there already.
    const blocker = spawn("ip", ["netns", "add", `ft-${name}-wires`]);
    await once(blocker, "exit");
    await expect(labUp({ name })).rejects.toMatchObject({ code: "LAB_COMMAND_FAILED" });
    expect(traces(name)).toEqual([]);
  });
});

describe.skipIf(!needs("masquerading within the overlay", "lab"))("masquerading within the overlay", () => {
  it("hides members behind their gateway and the overlay from the LAN, if asked for", async () => {
    const name = testLabName("m");
    try {
      const { masquerade } = await labUp({ name, masquerade: ["internet", "overlay", "lan"] });
      const { connections } = await labTraffic({ name }, "egress", { family: 4 });
      const seen = connections.map(({ outcome, reports }) => ({ outcome, sources: reports.map((report) => report.srcIp) }));
      expect(seen).toEqual([
        { outcome: "answered", sources: ["100.102.137.21", "100.102.137.4"] },
        { outcome: "answered", sources: ["100.102.137.9", "100.102.137.9"] },
        { outcome: "answered", sources: ["10.20.0.5", "10.20.0.5"] },
      ]);
      expect(expectedReports({ from: "user", to: "lan", family: 4 }, masquerade)[1]!.natSrcIp).toBe("10.20.0.1");
      const listed = await execIn({ name }, "officegw", ["conntrack", "-L", "-p", "tcp"]);
      expect(listed.stdout).toMatch(/src=100\.102\.137\.4 dst=10\.20\.0\.5 .*src=10\.20\.0\.5 dst=10\.20\.0\.1 /);
    } finally {
      await labDown({ name });
    }
  });
});
