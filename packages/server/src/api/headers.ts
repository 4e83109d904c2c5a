/** What browsers are told with every answer. */
import type { FastifyInstance } from "fastify";

/** For helmet. */
export const HEADERS = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      fontSrc: ["'self'"],
      imgSrc: ["'self'"],
      connectSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
      objectSrc: ["'none'"],
    },
  },
  // These three mean something over TLS only, and break a page without it: below.
  strictTransportSecurity: false,
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  referrerPolicy: { policy: "no-referrer" as const },
};

/** The page uses none of these; the clipboard is written to on a click. */
const PERMISSIONS = [
  "accelerometer",
  "autoplay",
  "camera",
  "display-capture",
  "geolocation",
  "gyroscope",
  "magnetometer",
  "microphone",
  "midi",
  "payment",
  "publickey-credentials-get",
  "screen-wake-lock",
  "usb",
  "xr-spatial-tracking",
]
  .map((name) => `${name}=()`)
  .join(", ");

const SECURE = {
  "strict-transport-security": "max-age=31536000",
  "cross-origin-opener-policy": "same-origin",
  "origin-agent-cluster": "?1",
} as const;

/** A request is secure if it came over TLS, or if a proxy that is believed says so (`auth.proxy.from`). */
export function addSecureHeaders(app: FastifyInstance): void {
  app.addHook("onRequest", async (request, reply) => {
    reply.header("permissions-policy", PERMISSIONS);
    // What the API tells is for whoever asked, and nothing else on the way keeps it.
    if (request.url.startsWith("/api/")) reply.header("cache-control", "no-store");
    if (request.protocol === "https") reply.headers(SECURE);
  });
}
