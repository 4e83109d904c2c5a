/**
 * Where nothing of ours may go, whatever a URL or a name says: the addresses at which clouds tell a machine its own credentials. Whoever may
 * configure a recipient, and sees its answer, would read them.
 */
import { lookup as lookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import { FlowtrailError } from "@flowtrail/model";
import { heldBy } from "../address-ranges.ts";

export class AddressError extends FlowtrailError<{ readonly code: "ADDRESS_REFUSED"; readonly host: string }> {}

const isMetadata = heldBy([
  // Link-local: RFC 3927, RFC 4291 § 2.5.6. AWS, Azure, Google, OpenStack and others answer at 169.254.169.254.
  "169.254.0.0/16",
  "fe80::/10",
  // The same through NAT64 (RFC 6052 § 2.1).
  "64:ff9b::a9fe:0/112",
  // AWS, IPv6 (docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html).
  "fd00:ec2::254/128",
  // Google, IPv6 (cloud.google.com/compute/docs/metadata/querying-metadata).
  "fd20:ce::254/128",
  // Alibaba (www.alibabacloud.com/help/en/ecs/user-guide/view-instance-metadata).
  "100.100.100.200/32",
  // Azure's WireServer (learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16).
  "168.63.129.16/32",
]);

/** @param host a name, or an address with or without brackets. @throws AddressError */
export function assertAllowed(host: string): void {
  if (isMetadata(host.replace(/^\[(.*)\]$/, "$1"))) throw refused(host);
}

/** For `net.connect` and all above it: every address that a name has is looked at where it is used, so that no second answer of DNS gets by. */
export const allowedLookup: LookupFunction = (host, options, done) => {
  lookupAddress(host, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return done(error, []);
    if (addresses.some(({ address }) => isMetadata(address))) return done(refused(host), []);
    const [first] = addresses;
    if (options.all) return done(null, addresses);
    done(null, first?.address ?? "", first?.family);
  });
};

function refused(host: string): AddressError {
  return new AddressError(
    { code: "ADDRESS_REFUSED", host },
    `${host} is an address at which a cloud tells a machine its credentials: nothing is sent there (outgoing.allow_link_local)`,
  );
}
