import { formatDuration } from "@flowtrail/model";
import { partLabel } from "../../lib/filter-text.ts";
import type { EntityKind } from "../../lib/paths.ts";
import { useClock } from "../../lib/use-clock.ts";
import { ENTITY_ICONS, ENTITY_LABELS } from "../../ui/entity-kind.ts";
import { useHealth } from "../health/use-health.ts";
import { agentState } from "../inventory/agent-words.ts";
import type { EntityEnds } from "./ends.ts";
import { Fact } from "./fact.tsx";
import { MemberFacts, NetworkLinks } from "./network-facts.tsx";
import { useKnown, useSeen } from "./use-entity.ts";
import "./entity-head.css";

export interface EntityHeadProps {
  readonly kind: EntityKind;
  readonly name: string;
  readonly ends: EntityEnds;
}

/** What it is, where it is, since when it is known. Each fact comes when it is known. */
export function EntityHead({ kind, name, ends }: EntityHeadProps) {
  const Icon = ENTITY_ICONS[kind];
  const known = useKnown(kind, name);
  const [addresses, networks, via, labels] = [
    distinct(known.data?.flatMap((one) => one.addresses)),
    distinct(known.data?.map((one) => one.network)),
    distinct(known.data?.flatMap((one) => one.via)),
    distinct(known.data?.flatMap((one) => one.labels)),
  ];
  return (
    <header className="entity-head">
      <div className="entity-title">
        <Icon size={22} stroke={1.7} aria-hidden />
        <h1 className="screen-title">{name}</h1>
        <span className="entity-kind">{kind === "external" && ends.field === "ip" ? "External address" : KIND_WORDS[kind]}</span>
        <span className="entity-pin" title={`Everything on this page: ${partLabel(ends.either)}`}>
          {kind === "network" ? "This network alone" : "Always at either end"}
        </span>
      </div>
      <dl className="entity-facts">
        <SeenFacts kind={kind} ends={ends} name={name} />
        {networks.length > 0 && kind !== "network" && (
          <Fact label={networks.length === 1 ? "Network" : "Networks"}>
            <NetworkLinks networks={networks} />
          </Fact>
        )}
        {addresses.length > 0 && (
          <Fact
            label={kind === "egress_route" || kind === "network" ? "Ranges" : addresses.length === 1 ? "Address" : "Addresses"}
          >
            <Cut texts={addresses} />
          </Fact>
        )}
        {via.length > 0 && <Fact label="Through">{via.join(", ")}</Fact>}
        {labels.length > 0 && <Fact label={kind === "user" ? "Groups and tags" : "Tags"}>{labels.join(", ")}</Fact>}
        {kind === "network" && <MemberFacts network={name} />}
        {known.isError && <Fact label="Inventory">not known: {known.error.message}</Fact>}
        {known.data?.length === 0 && kind !== "external" && <Fact label="Inventory">has none of this name now</Fact>}
        {kind === "node" && <AgentFacts name={name} />}
      </dl>
    </header>
  );
}

const KIND_WORDS = { ...ENTITY_LABELS, external: "External domain" } as const;
const MOST_SHOWN = 4;

/** The first of them; all on hover. */
function Cut({ texts }: { texts: readonly string[] }) {
  const more = texts.length - MOST_SHOWN;
  if (more <= 0) return texts.join(", ");
  return (
    <span title={texts.join("\n")}>
      {texts.slice(0, MOST_SHOWN).join(", ")} +{more} more
    </span>
  );
}

function SeenFacts({ kind, ends, name }: EntityHeadProps) {
  const { data, error, isPending } = useSeen(ends, kind, name);
  if (error !== null && data === undefined) return <Fact label="First and last seen">not known: {error.message}</Fact>;
  if (isPending || data === undefined) return <Fact label="First and last seen">…</Fact>;
  if (data.first === null) return <Fact label="First and last seen">never</Fact>;
  const about = data.exact ? "" : "about ";
  return (
    <>
      <Fact label="First seen" {...(data.note === null ? {} : { title: data.note })}>
        {about}
        <Moment time={data.first} />
      </Fact>
      {data.last !== null && (
        <Fact label="Last seen">
          <Moment time={data.last} />
        </Fact>
      )}
    </>
  );
}

/** Version and last report of a node's agent, where it has one. */
function AgentFacts({ name }: { name: string }) {
  const agent = useHealth().data?.agents?.find((one) => one.name === name);
  if (agent === undefined) return null;
  const state = agentState(agent);
  return (
    <>
      {agent.version !== null && <Fact label="Agent">{agent.version}</Fact>}
      <Fact label="Last report">
        <Moment time={agent.last_seen} />
        {state === "silent" && <strong className="entity-silent"> (silent)</strong>}
        {state === "off by settings" && " (off by settings)"}
      </Fact>
    </>
  );
}

/** `Nov 22, 9:51 AM, 3 min ago` */
function Moment({ time }: { time: string }) {
  const clock = useClock();
  const ms = Date.parse(time);
  const agoMs = Date.now() - ms;
  return (
    <time dateTime={time} title={clock.exact(ms)}>
      {clock.dayAndTime(ms)}
      <span className="entity-ago"> · {agoMs < 2000 ? "now" : `${formatDuration(agoMs)} ago`}</span>
    </time>
  );
}

function distinct(texts: readonly string[] = []): readonly string[] {
  return [...new Set(texts)];
}
