/** The units of agent and server, as systemd itself judges them: what they may do, and how much of the machine is open to them. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { needs } from "../needs.ts";

const AGENT = fileURLToPath(new URL("../../packages/agent/systemd/flowtrail-agent.service", import.meta.url));
const SERVER = fileURLToPath(new URL("../../packages/server/systemd/flowtrail-server.service", import.meta.url));

/** Of 10. Throws if it is above `most`. */
function exposure(unit: string, most: number): string {
  const args = ["security", "--offline=true", "--no-pager", `--threshold=${most * 10}`, unit];
  return execFileSync("systemd-analyze", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}

function settings(unit: string): Map<string, string[]> {
  const lines = readFileSync(unit, "utf8").split("\n");
  const all = new Map<string, string[]>();
  for (const [, name = "", value = ""] of lines.map((line) => /^(\w+)=(.*)$/.exec(line) ?? [])) {
    if (name !== "") all.set(name, [...(all.get(name) ?? []), value]);
  }
  return all;
}

describe.skipIf(!needs("how open the units are", "systemd"))("as systemd judges it", () => {
  it("the agent's unit is open to 2.0 of 10 at most: what it has is two capabilities, packet sockets and the sysctls of tracking", () => {
    expect(exposure(AGENT, 2)).toContain("flowtrail-agent.service: 2.0 OK");
    // The check can fail.
    expect(() => exposure(AGENT, 1)).toThrow();
  });

  it("the server's is open to 1.1 at most", () => {
    expect(exposure(SERVER, 1.1)).toContain("flowtrail-server.service: 1.1 OK");
  });
});

it("the agent has two capabilities, the server none; neither can get others, nor is root", () => {
  const [agent, server] = [settings(AGENT), settings(SERVER)];
  for (const name of ["CapabilityBoundingSet", "AmbientCapabilities"]) {
    expect(agent.get(name)).toEqual(["CAP_NET_ADMIN CAP_NET_RAW"]);
    expect(server.get(name)).toEqual([""]);
  }
  for (const unit of [agent, server]) {
    expect(unit.get("NoNewPrivileges")).toEqual(["yes"]);
    expect(unit.get("DynamicUser")).toEqual(["yes"]);
    expect(unit.get("ProtectSystem")).toEqual(["strict"]);
  }
});

it("an agent that nothing can mend by itself is not started again and again", async () => {
  const { EXIT_CODES } = await import("../../packages/agent/src/errors.ts");
  const { config, privileges, kernel, enrolment } = EXIT_CODES;
  expect(settings(AGENT).get("RestartPreventExitStatus")).toEqual([[config, privileges, kernel, enrolment].join(" ")]);
});
