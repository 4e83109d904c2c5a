import { formatCount } from "@flowtrail/model";
import { Button, NativeSelect, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { TableSwitch } from "../histogram/table-switch.tsx";
import { BYS, MAP_METRICS, MOSTS } from "./choices.ts";
import type { MapGraph } from "./graph.ts";
import { foundIn } from "./look.ts";
import type { ChosenMap } from "./use-map-choices.ts";

/** What is drawn, and how. */
export function MapBar({ chosen, graph }: { chosen: ChosenMap; graph: MapGraph | undefined }) {
  const { by, metric, most, domains, table, find, choose } = chosen;
  const found = graph === undefined || find.trim() === "" ? null : foundIn(graph, find).length;
  return (
    <div className="map-bar">
      <NativeSelect
        size="xs"
        aria-label="Who is told apart"
        data={[...BYS]}
        value={by}
        onChange={({ currentTarget }) =>
          choose({ by: BYS.find(({ value }) => value === currentTarget.value)?.value ?? "participant" })
        }
      />
      <span>by</span>
      <NativeSelect
        size="xs"
        aria-label="What is measured"
        data={[...MAP_METRICS]}
        value={metric}
        onChange={({ currentTarget }) =>
          choose({ metric: MAP_METRICS.find(({ value }) => value === currentTarget.value)?.value ?? "bytes" })
        }
      />
      {by === "participant" && (
        <NativeSelect
          size="xs"
          aria-label="How many pairs"
          data={MOSTS.map((value) => ({ value, label: `${value} largest pairs` }))}
          value={most}
          onChange={({ currentTarget }) => choose({ most: MOSTS.find((value) => value === currentTarget.value) ?? "150" })}
        />
      )}
      {by === "participant" && (domains || graph?.externals === "one") && (
        <Button
          size="compact-xs"
          variant={domains ? "light" : "subtle"}
          color={domains ? "blue" : "gray"}
          aria-pressed={domains}
          title="Domains are not in the sums that long time ranges are told from: to tell them apart, rows are read, which takes longer"
          onClick={() => choose({ domains: !domains })}
        >
          External by domain
        </Button>
      )}
      <span className="map-bar-end">
        {!table && (
          <>
            {found !== null && (
              <span className="map-found" role="status">
                {found === 0 ? "None on the map" : `${formatCount(found)} found`}
              </span>
            )}
            <TextInput
              size="xs"
              className="map-find"
              aria-label="Find on the map"
              placeholder="Find a name"
              leftSection={<IconSearch size={14} aria-hidden />}
              value={find}
              onChange={({ currentTarget }) => choose({ find: currentTarget.value }, { replace: true })}
            />
          </>
        )}
        <TableSwitch on={table} onChange={(on) => choose({ table: on })} />
      </span>
    </div>
  );
}
