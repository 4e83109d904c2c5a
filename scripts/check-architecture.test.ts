import { describe, expect, it } from "vitest";
import { breachesOf } from "./check-architecture.ts";

describe("the architecture check", () => {
  it.each([
    ["packages/agent/src/a.ts", 'import { x } from "@flowtrail/server";', "agent must not import server"],
    ["packages/server/src/a.ts", 'import { x } from "../../agent/src/y.ts";', "server must not import agent"],
    ["packages/model/src/a.ts", 'import { readFileSync } from "node:fs";', "runs in the browser"],
    ["packages/agent/src/track/a.ts", 'import { x } from "../spool/spool.ts";', "stage track must not import stage spool"],
    ["packages/agent/src/name/a.ts", 'import koffi from "koffi";', "koffi (native code)"],
    ["packages/cli/src/a.ts", 'import { x } from "../../model/src/index.ts";', "by its name"],
  ])("%s: %s", (file, source, message) => {
    expect(breachesOf(file, `\n${source}\n`)).toEqual([{ file, line: 2, message: expect.stringContaining(message) }]);
  });

  it("lets through what the house allows", () => {
    expect(
      breachesOf(
        "packages/agent/src/spool/a.ts",
        'import { t } from "../track/t.ts";\nimport { m } from "@flowtrail/model";\nimport fs from "node:fs";',
      ),
    ).toEqual([]);
  });
});
