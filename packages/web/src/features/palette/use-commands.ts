/** What the palette can do without being told a name. */
import { type MantineColorScheme, useMantineColorScheme } from "@mantine/core";
import {
  IconClock,
  IconFilter,
  IconFilterOff,
  IconHistory,
  IconKeyboard,
  IconLink,
  IconMoon,
  IconNetwork,
  IconWorldPin,
} from "@tabler/icons-react";
import { carriedParams, writeAsked, writeChanged } from "../../lib/asked.ts";
import { copyText } from "../../lib/copy-text.ts";
import { useMe } from "../../lib/me.ts";
import { TRAFFIC_LOGS_PATH } from "../../lib/paths.ts";
import { PRESETS, type TimeWindow, windowLabel } from "../../lib/time-window.ts";
import { navigate, useUrl } from "../../lib/url.ts";
import { changeNetwork, useAsked } from "../../lib/use-asked.ts";
import { localZone, useClock, useZone } from "../../lib/use-clock.ts";
import { screenAt, screensFor } from "../../screens.ts";
import { exactLinkTo, linkTo } from "../ask/links.ts";
import { readTimeText } from "../ask/time-text.ts";
import { useRecentQueries, useSavedQueries } from "../filter/kept-queries.ts";
import { networkLabel, useNetworks } from "../shell/use-networks.ts";
import type { Command } from "./command.ts";
import { addedTo, readFilterText } from "./filter-command.ts";
import { matching } from "./match.ts";
import { useFound } from "./use-found.ts";

const MOST_RECENT = 5;

/** The commands that a text means, group by group. */
export function useCommands(text: string, showHelp: () => void): readonly Command[] {
  const ask = useAsk();
  const filter = readFilterText(text);
  const fixed = useFixedCommands(ask, showHelp);
  const found = useFound(filter.only ? "" : text, (q) => ask({ q }));
  const filters = useFilterCommands(filter.text, (q) => ask({ q }));
  const kept = useKeptQueries((q) => ask({ q }));
  const times = useTimeCommand(text, (window) => ask({ window }));
  if (filter.only) return filters;
  return [...matching([...fixed, ...kept], text), ...times, ...found, ...filters];
}

/** Asks where traffic is shown: here, or in the traffic log. */
function useAsk(): (change: { q?: string; window?: TimeWindow }) => void {
  const { path, params } = useUrl();
  const { asked } = useAsked();
  return (change) => {
    const stays = screenAt(path)?.asks === "traffic" || (change.q === undefined && screenAt(path)?.asks === "time");
    const next = { ...asked, ...change };
    if (stays) navigate(path, writeChanged(next, params));
    else navigate(TRAFFIC_LOGS_PATH, writeAsked(next));
  };
}

function useFixedCommands(ask: ReturnType<typeof useAsk>, showHelp: () => void): readonly Command[] {
  const url = useUrl();
  const { asked } = useAsked();
  const [, chooseZone] = useZone();
  const { setColorScheme } = useMantineColorScheme({ keepTransitions: true });
  const networks = useNetworks(asked.network);
  const screens = screensFor(useMe());
  const colours = (label: string, scheme: MantineColorScheme): Command => ({
    id: `colours ${scheme}`,
    group: "Page",
    label,
    words: "theme dark light colours system",
    Icon: IconMoon,
    run: () => setColorScheme(scheme),
  });
  return [
    ...screens
      .filter(({ nav }) => nav !== undefined)
      .map(
        ({ path, title, nav }): Command => ({
          id: `go ${path}`,
          group: "Go to",
          label: title,
          words: "go to page screen",
          hint: nav?.key && `g ${nav.key}`,
          Icon: nav?.Icon ?? IconLink,
          run: () => navigate(path, carriedParams(url.params)),
        }),
      ),
    ...PRESETS.map(
      ({ from, label }): Command => ({
        id: `time ${from}`,
        group: "Time",
        label,
        words: "time range",
        Icon: IconClock,
        run: () => ask({ window: { from, to: "now" } }),
      }),
    ),
    ...(networks.length < 2 ? [] : [null, ...networks]).map(
      (network): Command => ({
        id: `network ${network ?? ""}`,
        group: "Network",
        label: network === null ? "All networks" : networkLabel(network),
        words: "network switch",
        Icon: IconNetwork,
        run: () => changeNetwork(network),
      }),
    ),
    {
      id: "zone utc",
      group: "Page",
      label: "Times in UTC",
      words: "time zone",
      Icon: IconWorldPin,
      run: () => chooseZone("utc"),
    },
    {
      id: "zone local",
      group: "Page",
      label: `Times in ${localZone}`,
      words: "local time zone",
      Icon: IconWorldPin,
      run: () => chooseZone("local"),
    },
    colours("Light colours", "light"),
    colours("Dark colours", "dark"),
    colours("Colours as the system", "auto"),
    {
      id: "link",
      group: "Page",
      label: "Copy link",
      words: "share url",
      Icon: IconLink,
      run: () => void copyText(linkTo(url)),
    },
    {
      id: "link exact",
      group: "Page",
      label: "Copy link to this exact window",
      words: "share url time",
      Icon: IconLink,
      run: () => void copyText(exactLinkTo(url)),
    },
    { id: "help", group: "Page", label: "Keyboard shortcuts", words: "help keys", hint: "?", Icon: IconKeyboard, run: showHelp },
  ];
}

/** Queries that were saved, and those asked lately. */
function useKeptQueries(show: (q: string) => void): readonly Command[] {
  const [saved] = useSavedQueries();
  const [recent] = useRecentQueries();
  const command = (id: string, label: string, q: string, hint: string): Command => ({
    id,
    group: "Queries",
    label,
    words: `filter query ${q}`,
    hint,
    Icon: IconHistory,
    run: () => show(q),
  });
  return [
    ...saved.map(({ name, q }) => command(`saved ${name}`, name, q, "saved")),
    ...recent.slice(0, MOST_RECENT).map((q) => command(`recent ${q}`, q, q, "recent")),
  ];
}

/** A text that is a window of time. */
function useTimeCommand(text: string, show: (window: TimeWindow) => void): readonly Command[] {
  const clock = useClock();
  const nowMs = Date.now();
  const window = readTimeText(text, clock, nowMs);
  if (window === null || PRESETS.some(({ from }) => from === window.from && window.to === "now")) return [];
  return [
    { id: "time typed", group: "Time", label: windowLabel(window, clock, nowMs), Icon: IconClock, run: () => show(window) },
  ];
}

function useFilterCommands(text: string, show: (q: string) => void): readonly Command[] {
  const { q } = useAsked().asked;
  const remove: Command = {
    id: "filter none",
    group: "Filter",
    label: "Remove the filter",
    Icon: IconFilterOff,
    run: () => show(""),
  };
  const others = q === "" ? [] : matching([remove], text);
  const added = addedTo(q, text);
  if (added === null) return others;
  const add: Command = {
    id: "filter add",
    group: "Filter",
    label: `${q === "" ? "Filter" : "Filter also"}: ${added.label}`,
    Icon: IconFilter,
    run: () => show(added.q),
  };
  const only: Command = {
    id: "filter only",
    group: "Filter",
    label: `Filter only: ${added.label}`,
    Icon: IconFilter,
    run: () => show(text),
  };
  return [...others, add, ...(q === "" ? [] : [only])];
}
