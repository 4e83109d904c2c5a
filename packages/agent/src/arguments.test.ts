import { describe, expect, it } from "vitest";
import { helpText, readArguments } from "./arguments.ts";
import { AGENT_OPTIONS } from "./config.ts";

describe("the agent's command line", () => {
  it("gives flags by configuration key, in both forms, repeated where they may be", () => {
    const argv = [
      "--server",
      "http://x",
      "--network",
      "a=10.0.0.0/8",
      "--network=b=10.1.0.0/16",
      "--spool-max-bytes=1GiB",
      "--config",
      "/f",
    ];
    expect(readArguments(argv)).toEqual({
      flags: { server: "http://x", networks: ["a=10.0.0.0/8", "b=10.1.0.0/16"], "spool.max_bytes": "1GiB" },
      file: "/f",
      wants: "run",
    });
    expect(readArguments(["-h"]).wants).toBe("help");
    expect(readArguments(["--version"]).wants).toBe("version");
  });

  it("tells every wrong argument at once", () => {
    expect(() => readArguments(["--serve", "x", "--node"])).toThrow(
      "the configuration is wrong:\n" +
        '  --serve: no such flag; did you mean --server?, got "nothing" (command line)\n' +
        '  x: expected only flags (--name value), got "x" (command line)\n' +
        '  --node: expected a value after it, got "nothing" (command line)',
    );
  });

  it("has a help that names every flag and every name in the environment, in lines that fit a terminal", () => {
    const help = helpText("flowtrail agent");
    for (const { flag, env } of AGENT_OPTIONS) {
      expect(help).toContain(`  ${flag} <`);
      expect(help.replaceAll(/\s+/g, " ")).toContain(env);
    }
    const [usage, ...rest] = help.split("\n");
    expect(usage).toContain("Usage: flowtrail agent --server URL");
    for (const line of rest) expect(line.length).toBeLessThanOrEqual(110);
  });
});
