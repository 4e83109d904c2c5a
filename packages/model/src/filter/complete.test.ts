import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { completeFilter } from "./complete.ts";
import { printFilter } from "./print.ts";
import { filterArbitrary } from "./testing.ts";

/** `|` is the cursor. */
const complete = (text: string) => completeFilter(text.replace("|", ""), text.indexOf("|"));
const texts = (text: string) => complete(text).suggestions.map((suggestion) => suggestion.text);

describe("a filter that is being written", () => {
  it.each([
    ["|", ["not", "ip", "port", "name"]],
    ["src.n|", ["src.name"]],
    ["nam|", ["name"]],
    ["dst|", ["dst.ip"]],
    ["protoc|", ["protocol"]],
    ["proto|", ["protocol"]],
    ["port |", ["=", "!=", "in", "not in", "<"]],
    ["domain |", ["=", "!=", "in", "not in", "~"]],
    ["direction=|", ["ingress", "egress"]],
    ["direction = e|", ["egress"]],
    ["direction in (|", ["ingress", "egress"]],
    ["direction in (ingress, e|", ["egress"]],
    ["direction:|", ["ingress", "egress"]],
    ["verdict=r|", ["refused"]],
    ["verdict=n|", ["null"]],
    ["proto=t|", ["tcp"]],
    ["port=443 |", ["and", "or", "not", "ip"]],
    ["port in (1 |", [",", ")"]],
    ["port in (1) o|", ["or", "port"]],
    ["port=443 and |", ["not", "ip"]],
    ["not |", ["not", "ip"]],
    ["(src.t|", ["src.type"]],
    ["bytes > |", ["1KiB"]],
  ])("%s", (text, expected) => expect(texts(text)).toEqual(expect.arrayContaining(expected)));

  it.each([
    ["src.name=de|", 9, "src.name", "de"],
    ['src.name="de b|', 9, "src.name", "de b"],
    ["port in (80, 4|4", 13, "port", "4"],
    ["reporter not in (|)", 17, "reporter", ""],
    ["domain:gi|", 7, "domain", "gi"],
    ["x or (domain ~ |", 15, "domain", ""],
  ])("%s is given a value", (text, from, field, begun) => {
    const completion = complete(text);
    expect(completion).toMatchObject({ from, to: text.indexOf("|"), value: { begun } });
    expect(completion.value?.field.name).toBe(field);
  });

  it("puts what begins with it first", () => expect(texts("na|")[0]).toBe("name"));

  it("is never too strange, and only what was written is replaced", () => {
    const text = fc.oneof(fc.string({ unit: "binary" }), filterArbitrary.map(printFilter));
    fc.assert(
      fc.property(text, fc.nat(), (given, at) => {
        const cursor = at % (given.length + 1);
        const { from, to } = completeFilter(given, cursor);
        expect(from).toBeLessThanOrEqual(to);
        expect(to).toBe(cursor);
      }),
      { numRuns: 1000 },
    );
  });
});
