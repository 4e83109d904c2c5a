/** What has the typed name: entities of the inventory, and domains that flows went to. */
import { formatCount } from "@flowtrail/model";
import { useDebouncedValue } from "@mantine/hooks";
import { IconWorld } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { fetchCompletion } from "../../lib/api-filter.ts";
import { findEntities } from "../../lib/api-inventory.ts";
import { askedParams } from "../../lib/asked.ts";
import { include } from "../../lib/filter-edit.ts";
import { entityPath } from "../../lib/paths.ts";
import { navigate, useUrl } from "../../lib/url.ts";
import { useAsked } from "../../lib/use-asked.ts";
import { screenAt } from "../../screens.ts";
import { ENTITY_ICONS, ENTITY_LABELS } from "../../ui/entity-kind.ts";
import type { Command } from "./command.ts";
import { addedTo } from "./filter-command.ts";
import { foundParams } from "./found-page.ts";

const FEWEST_LETTERS = 2;
const MOST = 6;
const TYPING_MS = 150;
/** What needs no quotes in the filter language. */
const PLAIN = /^[\w.-]+$/;

/** @param ask how to show what passes another filter */
export function useFound(text: string, ask: (q: string) => void): readonly Command[] {
  const { params } = useUrl();
  const { asked } = useAsked();
  const [typed] = useDebouncedValue(text.trim(), TYPING_MS);
  const enabled = typed.length >= FEWEST_LETTERS && text.trim() !== "";
  const shared = { enabled, placeholderData: keepPreviousData, staleTime: 30_000 };
  const entities = useQuery({
    ...shared,
    queryKey: ["palette", "entities", typed],
    queryFn: ({ signal }) => findEntities(typed, MOST, signal),
  });
  const ofDomain = askedParams({ ...asked, q: `dst.domain=${typed}` });
  const domains = useQuery({
    ...shared,
    enabled: enabled && PLAIN.test(typed),
    queryKey: ["palette", "domains", ofDomain.toString()],
    queryFn: ({ signal }) => fetchCompletion(ofDomain, signal),
  });
  if (!enabled) return [];

  const ofEntities = (entities.data ?? []).map((found): Command => {
    const { kind, name, network } = found;
    const path = entityPath(kind);
    return {
      id: `${kind} ${network} ${name}`,
      group: "Found",
      label: name,
      hint: kind === "network" ? ENTITY_LABELS[kind] : `${ENTITY_LABELS[kind]} of ${network}`,
      Icon: ENTITY_ICONS[kind],
      run: () => (screenAt(path) === null ? ask(include(asked.q, "name", name)) : navigate(path, foundParams(params, found))),
    };
  });
  const ofDomains = (domains.data?.suggestions ?? [])
    .filter(({ kind }) => kind === "value")
    .slice(0, MOST)
    .flatMap(({ text: domain, count }): Command[] => {
      const added = addedTo(asked.q, `dst.domain=${domain}`);
      return added === null
        ? []
        : [
            {
              id: `domain ${domain}`,
              group: "Found",
              label: domain,
              hint: count === null ? "Domain" : `Domain, ${formatCount(count)} ${count === 1 ? "report" : "reports"}`,
              Icon: IconWorld,
              run: () => ask(added.q),
            },
          ];
    });
  return [...ofEntities, ...ofDomains];
}
