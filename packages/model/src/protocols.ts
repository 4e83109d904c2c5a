/** Names of IP protocols, ports and ICMP messages. Numbers are IANA's. */

import { ICMP_TYPES, ICMPV6_TYPES, PROTOCOL_KEYWORDS } from "./protocol-numbers.ts";
import { SCTP_SERVICES, TCP_AND_UDP_SERVICES, TCP_SERVICES, UDP_SERVICES } from "./services.ts";

export const ICMP = 1;
export const TCP = 6;
export const UDP = 17;
export const DCCP = 33;
export const ICMPV6 = 58;
export const SCTP = 132;
export const UDPLITE = 136;

/** Does the protocol have ports (as far as Linux tracks them)? */
export function hasPorts(protocol: number): boolean {
  return protocol === TCP || protocol === UDP || protocol === SCTP || protocol === UDPLITE || protocol === DCCP;
}

/** ICMP of IPv4 or of IPv6. */
export function isIcmp(protocol: number): boolean {
  return protocol === ICMP || protocol === ICMPV6;
}

/** `TCP` for 6. A number without a keyword is `protocol 200`. */
export function protocolName(protocol: number): string {
  return PROTOCOL_KEYWORDS[protocol] || `protocol ${protocol}`;
}

const numbers = new Map(PROTOCOL_KEYWORDS.map((keyword, number) => [keyword.toLowerCase(), number]));
numbers.delete("");
// Other names under which people know them; the first is IANA's own keyword, which `protocolName` does not use.
for (const alias of ["ipv6-icmp", "icmp6", "icmp-v6"]) numbers.set(alias, ICMPV6);
numbers.set("ospf", 89).set("ipencap", 4).set("udp-lite", UDPLITE);

/** The number of a protocol, by name in any case (`tcp`, `ICMPv6`) or in digits. Null when there is none. */
export function protocolNumber(name: string): number | null {
  const text = name.toLowerCase().replace(/^protocol /, "");
  if (/^\d{1,3}$/.test(text)) return Number(text) <= 255 ? Number(text) : null;
  return numbers.get(text) ?? null;
}

let services: ReadonlyMap<number, string> | null = null;

/** What is usually found on a port: `https` for TCP 443. Null when it is not known. A name is a hint, not what was seen. */
export function serviceName(protocol: number, port: number | null): string | null {
  if (port === null) return null;
  services ??= readServices();
  return services.get(protocol * 65_536 + port) ?? null;
}

/** Done when the first name is asked for, so that a program that never asks does not pay. */
function readServices(): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  const add = (list: string, protocols: readonly number[]) => {
    for (const [, port, name] of list.matchAll(/(\S+)\s+(\S+)/g)) {
      for (const protocol of protocols) found.set(protocol * 65_536 + Number(port), name ?? "");
    }
  };
  add(TCP_AND_UDP_SERVICES, [TCP, UDP]);
  add(TCP_SERVICES, [TCP]);
  add(UDP_SERVICES, [UDP]);
  add(SCTP_SERVICES, [SCTP]);
  return found;
}

/** The ports that a service is usually found on, of any protocol, in order: [443] for `https`. Empty when it is not known. */
export function servicePorts(name: string): readonly number[] {
  services ??= readServices();
  const wanted = name.toLowerCase();
  const ports = new Set<number>();
  for (const [key, service] of services) if (service === wanted) ports.add(key % 65_536);
  return [...ports].sort((a, b) => a - b);
}

/** `echo request` for type 8 of ICMP. Null when the type has no name or the protocol is not ICMP. */
export function icmpTypeName(protocol: number, type: number | null): string | null {
  if (type === null) return null;
  const names = protocol === ICMP ? ICMP_TYPES : protocol === ICMPV6 ? ICMPV6_TYPES : {};
  return names[type] ?? null;
}

/** Is it the question of a ping (RFC 792, RFC 4443 §4.1)? */
export function isEchoRequest(protocol: number, type: number | null): boolean {
  return (protocol === ICMP && type === 8) || (protocol === ICMPV6 && type === 128);
}
