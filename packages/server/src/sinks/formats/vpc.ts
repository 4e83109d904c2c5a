/**
 * AWS VPC flow log records (docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html): the default format (version 2), and all
 * fields up to version 5 in the order of that page. A record of AWS is of one direction, so a flow is two lines: what the source sent, and
 * what the destination sent, if it sent anything.
 */
import { type FlowJson, TCP } from "@flowtrail/model";
import type { LineFormat } from "../ports.ts";
import { ipVersion, type Told, told } from "./field.ts";

type VpcVersion = 2 | 5;

interface VpcField {
  readonly name: string;
  readonly since: 2 | 3 | 4 | 5;
  readonly says: string;
  readonly value: (line: Line) => string | number | null;
}

/** A flow as one of its ends sent it. */
interface Line {
  readonly flow: FlowJson;
  readonly from: "src" | "dst";
  readonly to: "src" | "dst";
  readonly version: VpcVersion;
}

const seconds = (time: string) => Math.floor(Date.parse(time) / 1000);
const none = (name: string, since: VpcField["since"]): VpcField => ({
  name,
  since,
  says: "`-`: there is no such thing outside of AWS",
  value: () => null,
});

/** Bits as AWS tells them; only those which are known for certain: kernels do not tell us the flags. */
const [FIN, SYN, RST, ACK] = [1, 2, 4, 16];
function tcpFlags({ flow, from }: Line): number {
  if (flow.protocol !== TCP || flow.verdict === "denied") return 0;
  const fin = flow.end_reason === "finished" ? FIN : 0;
  if (from === "src") return SYN | fin;
  if (flow.verdict === "refused") return RST;
  return flow.verdict === "answered" ? SYN | ACK | fin : fin;
}

/** Where the packets of this direction really went: the other side of a destination's NAT. */
function packetAddress(flow: FlowJson, end: "src" | "dst"): string {
  return end === "src" ? flow.src_ip : (flow.nat_dst_ip ?? flow.dst_ip);
}

export const VPC_FIELDS: readonly VpcField[] = [
  { name: "version", since: 2, says: "2 or 5", value: ({ version }) => version },
  none("account-id", 2),
  { name: "interface-id", since: 2, says: "`reporter/network`", value: ({ flow }) => `${flow.reporter}/${flow.network}` },
  {
    name: "srcaddr",
    since: 2,
    says: "who sent: `src_ip`, in the second line `dst_ip`",
    value: ({ flow, from }) => flow[`${from}_ip`],
  },
  { name: "dstaddr", since: 2, says: "who was sent to", value: ({ flow, to }) => flow[`${to}_ip`] },
  { name: "srcport", since: 2, says: "0 where the protocol has no ports", value: ({ flow, from }) => flow[`${from}_port`] ?? 0 },
  { name: "dstport", since: 2, says: "0 where the protocol has no ports", value: ({ flow, to }) => flow[`${to}_port`] ?? 0 },
  { name: "protocol", since: 2, says: "`protocol`", value: ({ flow }) => flow.protocol },
  {
    name: "packets",
    since: 2,
    says: "`src_packets`, in the second line `dst_packets`",
    value: ({ flow, from }) => flow[`${from}_packets`],
  },
  {
    name: "bytes",
    since: 2,
    says: "`src_bytes`, in the second line `dst_bytes`",
    value: ({ flow, from }) => flow[`${from}_bytes`],
  },
  { name: "start", since: 2, says: "`start`, in seconds since 1970", value: ({ flow }) => seconds(flow.start) },
  { name: "end", since: 2, says: "`end`, or `last_seen`", value: ({ flow }) => seconds(flow.end ?? flow.last_seen) },
  {
    name: "action",
    since: 2,
    says: "`REJECT` if `verdict` is `denied`: a firewall dropped it. Else `ACCEPT`, refused and unanswered ones, too",
    value: ({ flow }) => (flow.verdict === "denied" ? "REJECT" : "ACCEPT"),
  },
  { name: "log-status", since: 2, says: "`OK`", value: () => "OK" },
  { name: "vpc-id", since: 3, says: "`network`", value: ({ flow }) => flow.network },
  none("subnet-id", 3),
  { name: "instance-id", since: 3, says: "`reporter_id`", value: ({ flow }) => flow.reporter_id },
  {
    name: "tcp-flags",
    since: 3,
    says: "of TCP what follows from verdict and end: SYN (2) and SYN-ACK (18), FIN (1), a refusal's RST (4); else 0",
    value: tcpFlags,
  },
  { name: "type", since: 3, says: "`IPv4`, `IPv6`", value: ({ flow }) => `IPv${ipVersion(flow)}` },
  {
    name: "pkt-srcaddr",
    since: 3,
    says: "as `srcaddr`; `nat_dst_ip` in the second line, if there is one",
    value: ({ flow, from }) => packetAddress(flow, from),
  },
  {
    name: "pkt-dstaddr",
    since: 3,
    says: "`nat_dst_ip` if there is one, else as `dstaddr`",
    value: ({ flow, to }) => packetAddress(flow, to),
  },
  none("region", 4),
  none("az-id", 4),
  none("sublocation-type", 4),
  none("sublocation-id", 4),
  none("pkt-src-aws-service", 5),
  none("pkt-dst-aws-service", 5),
  {
    name: "flow-direction",
    since: 5,
    says: "`direction`, in the second line the other one",
    value: ({ flow, from }) => (from === "src" ? flow.direction : OTHER[flow.direction]),
  },
  none("traffic-path", 5),
];
const OTHER = { ingress: "egress", egress: "ingress" } as const;

const fieldsOf = { 2: VPC_FIELDS.filter(({ since }) => since === 2), 5: VPC_FIELDS } as const;

function linesOf({ flow }: Told, version: VpcVersion): string {
  const line = (from: "src" | "dst", to: "src" | "dst") =>
    fieldsOf[version].map(({ value }) => word(value({ flow, from, to, version }))).join(" ");
  const hasAnswer = Number(flow.dst_packets ?? flow.dst_bytes ?? 0) > 0;
  return hasAnswer ? `${line("src", "dst")}\n${line("dst", "src")}` : line("src", "dst");
}

const format = (version: VpcVersion): LineFormat => ({
  kind: "lines",
  name: `vpc-v${version}`,
  contentType: "text/plain; charset=utf-8",
  extension: "log",
  isJson: false,
  several: true,
  // As in the files that AWS puts on S3.
  head: fieldsOf[version].map(({ name }) => name).join(" "),
  line: (event) => linesOf(told(event), version),
});
export const VPC_V2 = format(2);
export const VPC_V5 = format(5);

/** Fields are split at blanks, and names may have some. */
function word(value: string | number | null): string {
  if (value === null || value === "") return "-";
  return String(value).replace(/[\s\p{Cc}]/gu, "_");
}
