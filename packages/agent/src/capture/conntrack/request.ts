/** The two questions that we ask conntrack. */
import { AF_INET, NFNL_SUBSYS_CTNETLINK, NLM_F_DUMP } from "../netlink/constants.ts";
import type { MessageWriter } from "../netlink/writer.ts";
import * as CTA from "./attributes.ts";
import type { ConntrackRecord } from "./record.ts";

const GET = (NFNL_SUBSYS_CTNETLINK << 8) | CTA.IPCTNL_MSG_CT_GET;
const AF_UNSPEC = 0;
const IPPROTO_ICMPV6 = 58;

/** All entries of this network namespace, both families. */
export function writeDumpRequest(writer: MessageWriter, sequence: number): void {
  writer.reset();
  writer.message(GET, NLM_F_DUMP, sequence, AF_UNSPEC);
}

/** The one entry with this record's original tuple and zone. The kernel answers with the entry or with ENOENT. */
export function writeGetRequest(writer: MessageWriter, sequence: number, record: ConntrackRecord): void {
  writer.reset();
  writer.message(GET, 0, sequence, record.family);
  writer.nest(CTA.CTA_TUPLE_ORIG, () => {
    writer.nest(CTA.CTA_TUPLE_IP, () => {
      const v4 = record.family === AF_INET;
      writer.words(v4 ? CTA.CTA_IP_V4_SRC : CTA.CTA_IP_V6_SRC, record.words, 0, v4 ? 1 : 4);
      writer.words(v4 ? CTA.CTA_IP_V4_DST : CTA.CTA_IP_V6_DST, record.words, 4, v4 ? 1 : 4);
    });
    writer.nest(CTA.CTA_TUPLE_PROTO, () => {
      writer.u8(CTA.CTA_PROTO_NUM, record.protocol);
      if (record.icmpType >= 0) {
        const v6 = record.protocol === IPPROTO_ICMPV6;
        writer.be16(v6 ? CTA.CTA_PROTO_ICMPV6_ID : CTA.CTA_PROTO_ICMP_ID, record.icmpId);
        writer.u8(v6 ? CTA.CTA_PROTO_ICMPV6_TYPE : CTA.CTA_PROTO_ICMP_TYPE, record.icmpType);
        writer.u8(v6 ? CTA.CTA_PROTO_ICMPV6_CODE : CTA.CTA_PROTO_ICMP_CODE, record.icmpCode);
      } else {
        // The kernel does not look at them for protocols without ports.
        writer.be16(CTA.CTA_PROTO_SRC_PORT, record.srcPort);
        writer.be16(CTA.CTA_PROTO_DST_PORT, record.dstPort);
      }
    });
  });
  if (record.zone !== 0) writer.be16(CTA.CTA_ZONE, record.zone);
}
