/** Flags that say which flows → the filter language: `--to db --port 5432 --not --verdict answered`. */
import { allFilters, anyFilter, type Filter, negated, parseAddress, parseCidr, printFilter } from "@flowtrail/model";
import type { Command } from "commander";
import { CliError } from "../errors.ts";
import { checkedFilter } from "./checked-filter.ts";

interface FlagSpec {
  readonly flag: string;
  readonly value: string;
  readonly help: string;
  readonly completes: string;
  /** Conditions, any of which will do. */
  readonly conditions: (value: string) => readonly string[];
}

const isAddress = (text: string) => parseAddress(text) !== null || parseCidr(text) !== null;

/** A text as a value of the language; `*` stays what it is. */
function spelled(text: string): string {
  return /^[^\s()=<>~,!"']+$/.test(text) && !/^(and|or|not|in|null)$/i.test(text) ? text : `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** Whoever is at this end: an address, a range, a name; what has a dot may be a domain. */
function end(side: "src." | "dst."): FlagSpec["conditions"] {
  return (text) => {
    if (isAddress(text)) return [`${side}ip=${text}`];
    const names = [`${side}name=${spelled(text)}`];
    return text.includes(".") ? [...names, `${side}domain=${spelled(text)}`] : names;
  };
}

/** Words and numbers, with commas between them. */
function listed(name: string): FlagSpec["conditions"] {
  return (text) =>
    text.includes(",") ? [`${name} in (${text.split(",").map(spelled).join(", ")})`] : [`${name}=${spelled(text)}`];
}

/** Names may have commas. */
function field(name: string): FlagSpec["conditions"] {
  return (text) => [`${name}=${spelled(text)}`];
}

const FLAGS: readonly FlagSpec[] = [
  {
    flag: "from",
    value: "who",
    completes: "src.name",
    help: "source: name, address, range or domain (db-*, 10.0.0.0/8)",
    conditions: end("src."),
  },
  { flag: "to", value: "who", completes: "dst.name", help: "destination, in the same way", conditions: end("dst.") },
  {
    flag: "either",
    value: "who",
    completes: "name",
    help: "either end, in the same way",
    conditions: (text) => [...end("src.")(text), ...end("dst.")(text)],
  },
  { flag: "port", value: "port", completes: "dst.port", help: "port of either end: 443, https", conditions: listed("port") },
  { flag: "proto", value: "protocol", completes: "proto", help: "tcp, udp, icmp, …", conditions: listed("protocol") },
  {
    flag: "type",
    value: "type",
    completes: "type",
    help: "what either end is: node, user, config_file, egress_route, external, unknown",
    conditions: listed("type"),
  },
  {
    flag: "verdict",
    value: "verdict",
    completes: "verdict",
    help: "answered, refused, unanswered, denied",
    conditions: listed("verdict"),
  },
  {
    flag: "domain",
    value: "domain",
    completes: "domain",
    help: "name that the client asked for: github.com, *.corp",
    conditions: field("domain"),
  },
  { flag: "network", value: "id", completes: "network", help: "overlay network", conditions: listed("network") },
  { flag: "node", value: "name", completes: "reporter", help: "node that reported it", conditions: field("reporter") },
];

/** Of a flag, for whoever completes what is typed. */
export const FLAG_FIELDS: ReadonlyMap<string, string> = new Map(FLAGS.map(({ flag, completes }) => [`--${flag}`, completes]));

/** What was typed so far, of one run of a command. */
interface Given {
  readonly parts: { readonly flag: string; readonly not: boolean; readonly filter: Filter }[];
  isNot: boolean;
}

const givenBy = new WeakMap<Command, Given>();

/** Adds the flags. The same flag again: any of them; several flags: all of them. */
export function addFilterFlags(command: Command, without: readonly string[] = []): Command {
  const given: Given = { parts: [], isNot: false };
  givenBy.set(command, given);
  const take = (flag: string, filter: Filter) => {
    given.parts.push({ flag, not: given.isNot, filter });
    given.isNot = false;
  };
  for (const { flag, value, help, conditions } of FLAGS) {
    if (without.includes(flag)) continue;
    command.option(`--${flag} <${value}>`, help, (text: string, before: string | undefined) => {
      take(flag, anyFilter(conditions(text).map((condition) => checkedFilter(`--${flag}`, condition))));
      return before === undefined ? text : `${before} ${text}`;
    });
  }
  command.option("--not", "what the next flag says must not hold: --not --port 53");
  command.on("option:not", () => {
    given.isNot = true;
  });
  return command.option(
    "-q, --q <filter>",
    "filter, such as 'src.name=alice and port=https' (docs/how-to/filter.md); again: all of them",
    (text: string, before: string | undefined) => {
      take("q", checkedFilter("-q", text));
      return before === undefined ? text : `${before} ${text}`;
    },
  );
}

/**
 * The filter that the flags and the words behind them say, as the filter language writes it; undefined: all flows.
 * @throws CliError USAGE
 */
export function givenFilter(command: Command, words: readonly string[] = []): string | undefined {
  const given = givenBy.get(command);
  if (given === undefined) throw new RangeError(`${command.name()} has no flags of a filter`);
  if (given.isNot) throw new CliError({ code: "USAGE" }, "--not stands before the flag that it turns around: --not --port 53");
  const filters: Filter[] = [];
  for (const flag of new Set(given.parts.map((part) => part.flag))) {
    const parts = given.parts.filter((part) => part.flag === flag);
    const wanted = parts.filter(({ not }) => !not).map(({ filter }) => filter);
    if (wanted.length > 0) filters.push(flag === "q" ? allFilters(wanted) : anyFilter(wanted));
    filters.push(...parts.filter(({ not }) => not).map(({ filter }) => negated(filter)));
  }
  const text = words.join(" ");
  if (text !== "") filters.push(checkedFilter("filter", text));
  return printFilter(allFilters(filters)) || undefined;
}
