import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { needs } from "../../test/needs.ts";
import { type AgentNode, agentNodeNames, execIn, labAgents, labDown, labStatus, labUp } from "./index.ts";
import { soon, testLabName, traces } from "./traces.test-helper.ts";

describe.skipIf(!needs("agents in the lab", "lab"))("agents in the lab", () => {
  const name = testLabName("a");
  const agents = labAgents({ name });
  const dir = mkdtempSync(join(tmpdir(), "ft-lab-agents-"));
  const calls: string[] = [];
  let server: Server;

  async function listen(port: number): Promise<number> {
    server = createServer((request, response) => {
      calls.push(request.url!);
      response.end("hello");
    });
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  }
  const close = (): Promise<unknown> => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    return closed;
  };

  /** Not our agent, but one in all that the lab knows of: it calls the server, says so, and stops when it is told to. */
  const command = (node: AgentNode): string[] => {
    const script = `
      const call = () => fetch("${node.serverUrl}/${node.name}").then((answer) => answer.text()).then(console.log, (error) => console.log(error.cause.code));
      setInterval(call, 50);
      process.on("SIGTERM", () => { require("node:fs").writeFileSync(${JSON.stringify(dir)} + "/${node.name}", process.env.WORD); process.exit(); });`;
    return [process.execPath, "-e", script];
  };

  beforeAll(async () => {
    await labUp({ name });
  });
  afterAll(async () => {
    await labDown({ name });
    await close();
    rmSync(dir, { recursive: true });
  });

  it("reach a server on the host's loopback from where there is no way to the host", async () => {
    const started = await agents.start({ serverPort: await listen(0), command, env: { WORD: "stopped" } });
    expect(started).toMatchObject(agentNodeNames.map((node) => ({ node, running: true, starts: 1 })));
    for (const node of agentNodeNames) await expect.poll(() => calls, soon).toContain(`/${node}`);
    expect(labStatus({ name }).relay).toMatchObject({ running: true });
    const status = labStatus({ name }).nodes.find((node) => node.name === "officegw")!.agent!;
    await expect.poll(() => readFileSync(status.logFile, "utf8"), soon).toContain("hello");
  });

  it("are told at once when the server is away, and find it again", async () => {
    const { port } = server.address() as AddressInfo;
    await close();
    calls.length = 0;
    const script = `fetch("http://127.0.0.1:8080/once").then(() => console.log("answered"), (error) => console.log(error.cause.code))`;
    expect((await execIn({ name }, "debian", [process.execPath, "-e", script])).stdout).toMatch(/^(UND_ERR_SOCKET|ECONNRESET)$/m);
    await listen(port);
    for (const node of agentNodeNames) await expect.poll(() => calls, soon).toContain(`/${node}`);
  });

  it("can be killed, started again with the same command line, paused, and not started twice", async () => {
    await agents.kill("debian", "SIGKILL");
    expect(agents.status().map(({ node, running }) => ({ node, running }))).toEqual([
      { node: "debian", running: false },
      { node: "inetgw", running: true },
      { node: "officegw", running: true },
    ]);
    await expect(agents.kill("debian", "SIGKILL")).rejects.toMatchObject({ code: "LAB_AGENT_NOT_RUNNING" });
    calls.length = 0;
    expect(await agents.restart("debian")).toMatchObject({ node: "debian", running: true, starts: 2 });
    await expect.poll(() => calls, soon).toContain("/debian");
    await agents.kill("debian", "SIGSTOP");
    expect(agents.status()[0]).toMatchObject({ running: true });
    await agents.kill("debian", "SIGCONT");
    const { port } = server.address() as AddressInfo;
    await expect(agents.start({ serverPort: port, nodes: ["inetgw"], command })).rejects.toMatchObject({
      code: "LAB_AGENT_RUNNING",
    });
  });

  it("stop when they are asked to, one or all", async () => {
    expect(await agents.stop(["inetgw"])).toEqual(["inetgw"]);
    expect(readFileSync(join(dir, "inetgw"), "utf8")).toBe("stopped");
    expect(existsSync(join(dir, "debian"))).toBe(false);
    expect(await agents.stop()).toEqual(["debian", "officegw"]);
    expect(await agents.stop()).toEqual([]);
  });

  it("follow the server to another port", async () => {
    await close();
    calls.length = 0;
    await agents.start({ serverPort: await listen(0), nodes: ["officegw"], command, env: { WORD: "down" } });
    await expect.poll(() => calls, soon).toContain("/officegw");
  });

  it("end with the lab, in good order", async () => {
    rmSync(join(dir, "officegw"));
    await labDown({ name });
    expect(readFileSync(join(dir, "officegw"), "utf8")).toBe("down");
    expect(traces(name)).toEqual([]);
    await expect(agents.start({ serverPort: 1, command })).rejects.toMatchObject({ code: "LAB_NOT_UP" });
  });
});
