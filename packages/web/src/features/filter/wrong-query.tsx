import type { FilterError } from "@flowtrail/model";
import { Button } from "@mantine/core";
import { IconFilterX } from "@tabler/icons-react";
import { useAsked } from "../../lib/use-asked.ts";
import { Empty } from "../../ui/empty.tsx";

/** Stands in place of all that would be asked: a query with a mistake is asked of nobody. */
export function WrongQuery({ mistake }: { mistake: FilterError }) {
  const { change } = useAsked();
  return (
    <Empty
      icon={<IconFilterX size={26} stroke={1.6} />}
      title="The query has a mistake"
      actions={<Button onClick={() => change({ q: "" })}>Clear the query</Button>}
    >
      <p role="alert">{mistake.message}. Correct it in the query bar, or clear it.</p>
    </Empty>
  );
}
