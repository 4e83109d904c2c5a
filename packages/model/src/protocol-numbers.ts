/** IANA's "Assigned Internet Protocol Numbers", "ICMP Type Numbers" and "ICMPv6 type numbers" (registries are CC0 1.0). */

/** Keyword by number, 0–146; empty where the registry has none (61, 63, 68, 99, 114). Deprecated ones keep their keyword; 58 is called as people call it. */
export const PROTOCOL_KEYWORDS: readonly string[] = `
HOPOPT ICMP IGMP GGP IPv4 ST TCP CBT EGP IGP BBN-RCC-MON NVP-II PUP ARGUS EMCON XNET CHAOS UDP MUX DCN-MEAS
HMP PRM XNS-IDP TRUNK-1 TRUNK-2 LEAF-1 LEAF-2 RDP IRTP ISO-TP4 NETBLT MFE-NSP MERIT-INP DCCP 3PC IDPR XTP DDP IDPR-CMTP TP++
IL IPv6 SDRP IPv6-Route IPv6-Frag IDRP RSVP GRE DSR BNA ESP AH I-NLSP SWIPE NARP Min-IPv4 TLSP SKIP ICMPv6 IPv6-NoNxt
IPv6-Opts _ CFTP _ SAT-EXPAK KRYPTOLAN RVD IPPC _ SAT-MON VISA IPCV CPNX CPHB WSN PVP BR-SAT-MON SUN-ND WB-MON WB-EXPAK
ISO-IP VMTP SECURE-VMTP VINES IPTM NSFNET-IGP DGP TCF EIGRP OSPFIGP Sprite-RPC LARP MTP AX.25 IPIP MICP SCC-SP ETHERIP ENCAP _
GMTP IFMP PNNI PIM ARIS SCPS QNX A/N IPComp SNP Compaq-Peer IPX-in-IP VRRP PGM _ L2TP DDX IATP STP SRP
UTI SMP SM PTP ISIS-over-IPv4 FIRE CRTP CRUDP SSCOPMCE IPLT SPS PIPE SCTP FC RSVP-E2E-IGNORE Mobility-Header UDPLite MPLS-in-IP manet HIP
Shim6 WESP ROHC Ethernet AGGFRAG NSH Homa`
  .trim()
  .split(/\s+/)
  .map((keyword) => (keyword === "_" ? "" : keyword));

export const ICMP_TYPES: Readonly<Record<number, string>> = {
  0: "echo reply",
  3: "destination unreachable",
  4: "source quench",
  5: "redirect",
  8: "echo request",
  9: "router advertisement",
  10: "router solicitation",
  11: "time exceeded",
  12: "parameter problem",
  13: "timestamp request",
  14: "timestamp reply",
  15: "information request",
  16: "information reply",
  17: "address mask request",
  18: "address mask reply",
  30: "traceroute",
  40: "security failure",
  42: "extended echo request",
  43: "extended echo reply",
};

export const ICMPV6_TYPES: Readonly<Record<number, string>> = {
  1: "destination unreachable",
  2: "packet too big",
  3: "time exceeded",
  4: "parameter problem",
  128: "echo request",
  129: "echo reply",
  130: "multicast listener query",
  131: "multicast listener report",
  132: "multicast listener done",
  133: "router solicitation",
  134: "router advertisement",
  135: "neighbor solicitation",
  136: "neighbor advertisement",
  137: "redirect",
  138: "router renumbering",
  139: "node information query",
  140: "node information response",
  141: "inverse neighbor solicitation",
  142: "inverse neighbor advertisement",
  143: "multicast listener report v2",
  144: "home agent discovery request",
  145: "home agent discovery reply",
  146: "mobile prefix solicitation",
  147: "mobile prefix advertisement",
  148: "certification path solicitation",
  149: "certification path advertisement",
  151: "multicast router advertisement",
  152: "multicast router solicitation",
  153: "multicast router termination",
  155: "RPL control",
  157: "duplicate address request",
  158: "duplicate address confirmation",
  160: "extended echo request",
  161: "extended echo reply",
};
