import { formatCount } from "@flowtrail/model";
import { Button } from "@mantine/core";
import { useQueries } from "@tanstack/react-query";
import { useId, useState } from "react";
import { fetchToldBy, retireSource } from "../../lib/api-settings.ts";
import { InventorySection } from "../health/inventory-section.tsx";
import { useHealth } from "../health/use-health.ts";
import { focusHeading } from "./focus.ts";
import { ReviewBar, SavedNote } from "./review-bar.tsx";
import { SETTINGS_KEY, useChange } from "./use-change.ts";

const READ = ["file", "netmaker"] as const;
const NAMES = { file: "The inventory file", netmaker: "Netmaker" } as const;

/** Who names addresses, as it stands; what no server reads any more can be ended. */
export function SourcesSection() {
  const { data } = useHealth();
  const told = useQueries({
    queries: READ.map((source) => ({
      queryKey: [SETTINGS_KEY, "told", source],
      queryFn: ({ signal }: { signal: AbortSignal }) => fetchToldBy(source, signal),
    })),
  });
  const [said, setSaid] = useState<string | null>(null);
  const inventory = data?.inventory;
  const left = READ.flatMap((source, i) => {
    const entities = told[i]?.data ?? 0;
    const isRead = inventory?.sources.some(({ name }) => name === source) ?? true;
    return isRead || entities === 0 ? [] : [{ source, entities }];
  });
  return (
    <>
      {inventory !== undefined && <InventorySection inventory={inventory} />}
      {left.map(({ source, entities }) => (
        <LeftSource key={source} source={source} entities={entities} onRetired={setSaid} />
      ))}
      <SavedNote text={said} />
      <p className="settings-about">
        Sources are chosen where the server is configured: inventory.file and inventory.netmaker.url. Agents tell of their own
        node by themselves.
      </p>
    </>
  );
}

interface LeftSourceProps {
  readonly source: (typeof READ)[number];
  readonly entities: number;
  onRetired(said: string): void;
}

function LeftSource({ source, entities, onRetired }: LeftSourceProps) {
  const textId = useId();
  const [isAsked, setAsked] = useState(false);
  const flow = useChange({
    preview: async () => [
      `${formatCount(entities)} networks, nodes, users, config files and routes that it told of end now.`,
      "Flows of before keep the names that they have; flows from now on are named by the other sources.",
    ],
    save: async () => {
      await retireSource(source);
      return `${NAMES[source]} is retired.`;
    },
    done: onRetired,
  });
  return (
    <section className="settings-inner">
      <p id={textId} tabIndex={-1}>
        {NAMES[source]} is not read by this server any more, but the {formatCount(entities)} entries that it told of are still in
        force.
      </p>
      {isAsked ? (
        <ReviewBar flow={flow} isDirty titleId={textId} onDiscard={() => setAsked(false)} />
      ) : (
        <Button
          size="xs"
          variant="default"
          onClick={() => {
            setAsked(true);
            focusHeading(textId);
          }}
        >
          Retire
        </Button>
      )}
    </section>
  );
}
