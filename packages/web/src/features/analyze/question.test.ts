import { FilterError } from "@flowtrail/model";
import { describe, expect, it } from "vitest";
import { readFilter } from "../../lib/asked.ts";
import { DIMENSIONS } from "./fields.ts";
import { PRESETS, presetParams } from "./presets.ts";
import {
  FIRST_QUESTION,
  GRAPHS,
  isAsked,
  METRICS,
  moved,
  planParams,
  type Question,
  questionParams,
  RANKS,
  readQuestion,
  writeQuestion,
} from "./question.ts";

const ASKED = new URLSearchParams({ from: "-7d", to: "now", network: "prod" });

describe("a question in the address", () => {
  it("is read as it was written, whatever is chosen", () => {
    const questions = GRAPHS.flatMap(({ value: graph }) =>
      METRICS.flatMap(({ value: metric }) =>
        RANKS.map(
          ({ value: rank }): Question => ({ graph, metric, rank, by: ["dst.port", "protocol"], limit: 30, previous: true }),
        ),
      ),
    );
    for (const question of [...questions, FIRST_QUESTION]) expect(readQuestion(writeQuestion(question))).toEqual(question);
    expect(questions).toHaveLength(140);
    expect(writeQuestion(FIRST_QUESTION, new URLSearchParams("net=prod&previous=true&by=domain")).toString()).toBe(
      "net=prod&graph=stacked&by=src.name&metric=bytes&rank=total&limit=10",
    );
  });

  it("that says nonsense is the first question; of too many dimensions the first four count, each once", () => {
    expect(readQuestion(new URLSearchParams("graph=pie&by=colour&metric=byte&rank=best&limit=51&previous=1"))).toEqual(
      FIRST_QUESTION,
    );
    const { by } = readQuestion(new URLSearchParams("by=src.ip,src.ip,bytes,dst.ip,protocol,network,verdict"));
    expect(by).toEqual(["src.ip", "dst.ip", "protocol", "network"]);
    expect([isAsked(new URLSearchParams("net=prod&from=-7d")), isAsked(new URLSearchParams("limit=5"))]).toEqual([false, true]);
  });

  it("goes to the API: steps only for graphs that have any, no rank where it is the total", () => {
    expect(questionParams(FIRST_QUESTION, ASKED).toString()).toBe(
      "from=-7d&to=now&network=prod&by=src.name&metric=bytes&buckets=120&limit=10",
    );
    const other = questionParams(
      { ...FIRST_QUESTION, graph: "sankey", by: ["src.name", "dst.name"], rank: "p95", previous: true },
      ASKED,
    );
    expect(Object.fromEntries(other)).toMatchObject({ by: "src.name,dst.name", rank: "p95", previous: "true" });
    expect(other.has("buckets")).toBe(false);
    expect(planParams({ ...FIRST_QUESTION, graph: "heatmap" }, ASKED).get("buckets")).toBe("60");
  });

  it("has its dimensions in an order", () => {
    expect([moved(["a", "b", "c"], 0, 2), moved(["a", "b", "c"], 2, 0), moved(["a"], 3, 0)]).toEqual([
      ["b", "c", "a"],
      ["c", "a", "b"],
      ["a"],
    ]);
  });
});

describe("recommended questions", () => {
  it("are questions of this screen, each another one, and filters without a mistake", () => {
    const known = new Set(DIMENSIONS.map(({ field }) => field));
    for (const preset of PRESETS) {
      expect(readFilter(preset.q), preset.id).not.toBeInstanceOf(FilterError);
      expect(
        preset.question.by.filter((field) => !known.has(field)),
        preset.id,
      ).toEqual([]);
      const params = presetParams(preset, { network: "prod", window: { from: "-7d", to: "now" }, q: "port=22" });
      expect(readQuestion(params), preset.id).toEqual(preset.question);
      expect([params.get("net"), params.get("q") ?? ""], preset.id).toEqual(["prod", preset.q]);
    }
    expect(new Set(PRESETS.map(({ id }) => id)).size).toBe(PRESETS.length);
  });
});
