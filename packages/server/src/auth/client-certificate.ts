import type { FastifyRequest } from "fastify";
import { AuthError } from "./errors.ts";

/**
 * Where `tls.client_ca` is set, agents have a certificate besides their token. Programs of this machine have no TLS.
 * @throws AuthError FORBIDDEN
 */
export function assertClientCertificate({ socket }: Pick<FastifyRequest, "socket">): void {
  const { encrypted, authorized } = socket as { encrypted?: boolean; authorized?: boolean };
  if (encrypted !== true || authorized === true) return;
  throw new AuthError({ code: "FORBIDDEN" }, "an agent needs a certificate that tls.client_ca vouches for, besides its token");
}
