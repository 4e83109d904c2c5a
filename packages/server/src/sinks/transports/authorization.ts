/** The header by which a request proves who we are. Its secret is `secret`. */
import type { OtlpConfig } from "./otlp-config.ts";

export function authorization(auth: OtlpConfig["auth"], secrets: Readonly<Record<string, string>>): Record<string, string> {
  const secret = secrets.secret ?? "";
  switch (auth.kind) {
    case "none":
      return {};
    case "bearer":
      return { authorization: `Bearer ${secret}` };
    case "basic":
      return { authorization: `Basic ${Buffer.from(`${auth.user}:${secret}`).toString("base64")}` };
    case "api_key":
      return { authorization: `ApiKey ${secret}` };
    case "header":
      return { [auth.header]: secret };
  }
}
