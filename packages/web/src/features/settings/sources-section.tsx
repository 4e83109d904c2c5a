import { formatCount } from "@flowtrail/model";
import { Button } from "@mantine/core";
import { useQueries } from "@tanstack/react-query";
import { useState } from "react";
import { fetchToldBy, retireSource } from "../../lib/api-settings.ts";
import { InventorySection } from "../health/inventory-section.tsx";
import { useHealth } from "../health/use-health.ts";
import { ReviewBar } from "./review-bar.tsx";
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
        <LeftSource key={source} source={source} entities={entities} />
      ))}
      <p className="settings-about">
        Sources are chosen where the server is configured: inventory.file and inventory.netmaker.url. Agents tell of their own
        node by themselves.
      </p>
    </>
  );
}

function LeftSource({ source, entities }: { source: (typeof READ)[number]; entities: number }) {
  const [isAsked, setAsked] = useState(false);
  const flow = useChange({
    preview: async () => ({
      sentences: [
        `${formatCount(entities)} networks, nodes, users, config files and routes that it told of end now.`,
        "Flows of before keep the names that they have; flows from now on are named by the other sources.",
      ],
    }),
    save: async () => {
      await retireSource(source);
      return "Retired.";
    },
    done: () => setAsked(false),
  });
  return (
    <section className="settings-inner">
      <p>
        {NAMES[source]} is not read by this server any more, but the {formatCount(entities)} entries that it told of are still in
        force.
      </p>
      {isAsked ? (
        <ReviewBar flow={flow} isDirty onDiscard={() => setAsked(false)} />
      ) : (
        <Button size="xs" variant="default" onClick={() => setAsked(true)}>
          Retire
        </Button>
      )}
    </section>
  );
}
