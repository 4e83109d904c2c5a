import type { ParticipantType } from "@flowtrail/model";
import { only } from "../../lib/filter-edit.ts";
import type { EntityKind } from "../../lib/paths.ts";
import type { OverviewAnswer } from "../../lib/types-charts.ts";
import { PARTICIPANT_LABELS, ParticipantIcon } from "../../ui/participant.tsx";
import { FieldValue } from "../../ui/value-menu.tsx";
import { unitOf } from "../histogram/choices.ts";
import { GroupName, ServiceName } from "../overview/names.tsx";
import { NewBlock } from "../overview/new-block.tsx";
import { Pinned } from "../overview/pinned.ts";
import { TopBlock } from "../overview/top-block.tsx";
import { isCompared } from "../overview/words.ts";
import type { EntityEnds } from "./ends.ts";
import type { Peers } from "./use-entity.ts";
import "./entity-lists.css";

export interface EntityListsProps {
  readonly kind: EntityKind;
  readonly ends: EntityEnds;
  readonly peers: Peers;
  readonly answer: OverviewAnswer;
}

/** Whom it talks to, and about what. */
export function EntityLists({ kind, ends, peers: { opened, taken, metric }, answer }: EntityListsProps) {
  const common = { unit: unitOf(metric), compared: isCompared(answer) };
  return (
    <div className="overview-lists">
      <Pinned value={ends.source}>
        <TopBlock
          title="Connects to"
          hint="by connections that it opened"
          what="Peer"
          top={opened.top}
          {...common}
          link={{ chart: { metric, group: "dst.name" } }}
          name={(by) => <PeerName end="dst" by={by} />}
        />
      </Pinned>
      <Pinned value={ends.destination}>
        <TopBlock
          title="Reached by"
          hint="by connections that others opened to it"
          what="Peer"
          top={taken.top}
          {...common}
          link={{ chart: { metric, group: "src.name" } }}
          name={(by) => <PeerName end="src" by={by} />}
        />
      </Pinned>
      {kind !== "external" && (
        <TopBlock
          title="Top external destinations"
          what="Domain"
          top={answer.top.externals}
          {...common}
          link={{ ask: (q) => only(q, "dst.type", "external"), chart: { metric, group: "domain" } }}
          name={([group = null]) => <GroupName field="dst.domain" group={group} entity="external" none="Without a domain" />}
        />
      )}
      <TopBlock
        title="Top services"
        what="Port and protocol"
        top={answer.top.services}
        {...common}
        link={{ chart: { metric, group: "dst.port" } }}
        name={([port = null, protocol = null]) => <ServiceName port={port} protocol={protocol} />}
      />
      {kind !== "external" && <NewBlock fresh={answer.new_externals} />}
    </div>
  );
}

/** `by`: type and name. What is outside has no name of its own. */
function PeerName({ end, by: [type = null, name = null] }: { end: "src" | "dst"; by: readonly (string | null)[] }) {
  const known = type === null || !Object.hasOwn(PARTICIPANT_LABELS, type) ? "unknown" : (type as ParticipantType);
  return (
    <span className="peer-name">
      <ParticipantIcon type={known} />
      {name === null ? (
        <FieldValue field={`${end}.type`} value={known}>
          {PARTICIPANT_LABELS[known]}
        </FieldValue>
      ) : (
        <GroupName field={`${end}.name`} group={name} {...(known === "unknown" ? {} : { entity: known })} />
      )}
    </span>
  );
}
