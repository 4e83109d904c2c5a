import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { needs } from "../../../test/needs.ts";
import { LineProcess } from "./capture/testing/line-process.ts";

describe.skipIf(!needs("what changes on a host, in a network namespace", "root"))("a host that is watched", () => {
  const namespace = `ft-watch-${randomBytes(3).toString("hex")}`;
  const inside = (...args: string[]) => execFileSync("ip", ["-n", namespace, ...args]);
  let watch: LineProcess;

  beforeEach(async () => {
    execFileSync("ip", ["netns", "add", namespace]);
    inside("link", "set", "lo", "up");
    inside("link", "add", "near", "type", "veth", "peer", "name", "far");
    // Up, with an address, but the cable's other end is not: it does not run.
    inside("addr", "add", "192.0.2.1/24", "dev", "near");
    inside("link", "set", "near", "up");
    // So seldom otherwise that only the addresses can make it look again.
    const script = `
      import { HostWatch } from ${JSON.stringify(new URL("./host-watch.ts", import.meta.url).pathname)};
      const tell = (type) => console.log(JSON.stringify({ type, text: watch.facts.interfaces.flatMap((one) => one.addresses.map(({ text }) => text)).sort().join() }));
      const watch = new HostWatch({ server: new URL("http://127.0.0.1:1"), ports: [], lookMs: 3_600_000 }, { onChange: () => tell("changed"), onProblem: console.error });
      await watch.start();
      tell("started");
      setInterval(() => {}, 1000);`;
    watch = new LineProcess(
      spawn("ip", ["netns", "exec", namespace, process.execPath, "--input-type=module", "-e", script], { stdio: "pipe" }),
    );
    expect(await watch.find((line) => line.type === "started")).toMatchObject({ text: "" });
  });
  afterEach(async () => {
    await watch.kill();
    execFileSync("ip", ["netns", "del", namespace]);
  });

  it("tells of a link that begins to run, and of an address that is gone, without waiting for its next look", async () => {
    inside("link", "set", "far", "up");
    await watch.find((line) => line.type === "changed" && line.text === "192.0.2.1");
    inside("addr", "add", "192.0.2.77/24", "dev", "near");
    await watch.find((line) => line.type === "changed" && line.text === "192.0.2.1,192.0.2.77");
    inside("addr", "del", "192.0.2.77/24", "dev", "near");
    await expect.poll(() => watch.lines.at(-1)?.text, { timeout: 20_000 }).toBe("192.0.2.1");
  });
});
