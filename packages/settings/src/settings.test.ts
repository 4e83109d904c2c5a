import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defaultDirectory } from "./directories.ts";
import { ConfigError, type ConfigProblem } from "./errors.ts";
import { count, duration, group, list, oneOf, size, text, yesNo } from "./field.ts";
import { type Layers, mergeConfig } from "./merge.ts";
import { optionsOf } from "./options.ts";
import { parseYamlLayer } from "./yaml-file.ts";

const schema = z.strictObject({
  on: yesNo({ description: "a switch", default: false }),
  tags: list(z.string(), { description: "words", expected: "words", placeholder: "word", flag: "--tag", separator: ";" }),
  store: group({
    user: text({ description: "who", expected: "a name", placeholder: "name", default: "default" }),
    password: text({
      description: "secret",
      expected: "a text of 3",
      placeholder: "text",
      check: (v) => v.length === 3,
      default: undefined,
      secret: true,
    }),
    memory: size({ description: "memory", default: "1GiB" }),
    disk: size({ description: "disk", min: "1KiB", max: "1MiB", default: "1MiB" }),
  }),
  limits: group({
    rows: count({ description: "rows", min: 1, max: 10, unit: "rows", default: 5 }),
    wait: duration({ description: "wait", min: "1s", max: "1m", default: "2s" }),
    kind: oneOf(["red", "blue"], { description: "kind", placeholder: "kind", default: "red" }),
  }),
});
const options = optionsOf(schema);

function merge({ yaml = "", flags = {}, env = {} }: Partial<Layers> & { yaml?: string }) {
  return mergeConfig(schema, options, { flags, env, file: parseYamlLayer("f.yaml", yaml) });
}
function problemsOf(layers: Parameters<typeof merge>[0]): readonly ConfigProblem[] {
  try {
    merge(layers);
  } catch (error) {
    if (error instanceof ConfigError && error.data.code === "CONFIG_INVALID") return error.data.problems;
    throw error;
  }
  return [];
}

describe("a configuration", () => {
  it("is made of defaults, file, environment and flags, the later the stronger", () => {
    const yaml = "tags: [a]\nlimits: { rows: 2, wait: 3s, kind: blue }\n";
    const env = { FLOWTRAIL_LIMITS_ROWS: "3", FLOWTRAIL_LIMITS_WAIT: "4s", FLOWTRAIL_LIMITS_KIND: "" };
    expect(merge({ yaml, env, flags: { "limits.rows": "4" } })).toEqual({
      on: false,
      tags: ["a"],
      store: { user: "default", password: undefined, memory: 1024 ** 3, disk: 1024 ** 2 },
      limits: { rows: 4, wait: 4000, kind: "blue" },
    });
    expect(merge({ flags: { tags: ["a;b", "c"], on: true } })).toMatchObject({ tags: ["a", "b", "c"], on: true });
  });

  it("has options with a flag, a name in the environment and what one needs to know", () => {
    expect(options.find((option) => option.key === "store.disk")).toEqual({
      key: "store.disk",
      flag: "--store-disk",
      env: "FLOWTRAIL_STORE_DISK",
      kind: "size",
      unit: "bytes",
      placeholder: "size",
      expected: "a size from 1KiB to 1MiB",
      defaultText: "1MiB",
      description: "disk",
    });
    expect(options.map((option) => option.flag).slice(0, 2)).toEqual(["--on", "--tag"]);
  });

  it.each([
    ["on", "constructor", "expected true or false"],
    ["store.memory", "0", "expected a size in bytes, such as 1048576 or 64MiB"],
    ["store.disk", "2MiB", "expected a size from 1KiB to 1MiB"],
    ["limits.rows", "11", "expected a whole number from 1 to 10"],
    ["limits.wait", "2", "expected a time from 1s to 1m, such as 2s"],
    ["limits.kind", "green", "expected one of red, blue"],
  ])("refuses %s = %s", (key, value, expectation) => {
    const source = options.find((option) => option.key === key)?.flag;
    expect(problemsOf({ flags: { [key]: value } })).toEqual([{ path: key, value: JSON.stringify(value), expectation, source }]);
  });

  it("says what a mistyped key was meant to be: near by, at another depth, or a whole branch", () => {
    const meant = (yaml: string) => problemsOf({ yaml }).map(({ path, expectation }) => [path, expectation]);
    expect(meant("limits: { rwos: 3 }")).toEqual([["limits.rwos", "no such key; did you mean limits.rows?"]]);
    expect(meant("rows: 3")).toEqual([["rows", "no such key; did you mean limits.rows?"]]);
    expect(meant("limist: { rows: 3 }")).toEqual([["limist", "no such key; did you mean limits?"]]);
    expect(meant("xyzzy: 3")).toEqual([["xyzzy", "no such key"]]);
    expect(meant("limits: 3")).toEqual([["limits", "expected keys (limits.rows, limits.wait, limits.kind)"]]);
  });

  it("shows no secret, however it was put", () => {
    const shown = (layers: Parameters<typeof merge>[0]) => problemsOf(layers).map(({ value }) => value);
    expect(shown({ flags: { "store.password": "hunter2" } })).toEqual(["(not shown)"]);
    expect(shown({ yaml: "store: { passwrod: hunter2 }" })).toEqual(["(not shown)"]);
    expect(shown({ yaml: "stroe: { password: hunter2, user: me }" })).toEqual(['{"password":"(not shown)","user":"me"}']);
    expect(shown({ yaml: "store: [{ password: hunter2 }]" })).toEqual(['[{"password":"(not shown)"}]']);
  });
});

it("keeps things in the system's folder for root, in the user's own for others", () => {
  expect(defaultDirectory("agent", { XDG_STATE_HOME: "/x" }, 0)).toBe("/var/lib/flowtrail/agent");
  expect(defaultDirectory("agent", { XDG_STATE_HOME: "/x" }, 1000)).toBe("/x/flowtrail/agent");
  expect(defaultDirectory("server", { XDG_STATE_HOME: "", HOME: "/home/me" }, 1000)).toBe(
    "/home/me/.local/state/flowtrail/server",
  );
});
