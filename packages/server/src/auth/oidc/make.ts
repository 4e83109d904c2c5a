import { readFile } from "node:fs/promises";
import type { ServerConfig } from "../../config/schema.ts";
import { oidcConfig } from "../config.ts";
import { oidcError } from "./errors.ts";
import { Oidc, type OidcDeps } from "./oidc.ts";

type Deps = Omit<OidcDeps, "readSecret"> & { readonly logger: { warn(fields: object, message: string): void } };

/** Null: there is no provider. */
export function makeOidc(config: ServerConfig, deps: Deps): Oidc | null {
  const settings = oidcConfig(config);
  return settings && new Oidc(settings, { ...deps, readSecret: () => readSecret(config.auth.oidc.client_secret_file ?? "") });
}

/** Read anew each time, so that it can be replaced while the server runs. */
async function readSecret(path: string): Promise<string> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (cause) {
    const { code = "UNKNOWN" } = cause as NodeJS.ErrnoException;
    throw oidcError("away", `${path} can't be read (${code}): auth.oidc.client_secret_file`, cause);
  }
}

/** A provider that is away holds nothing up: it is asked again when somebody wants to sign in. */
export function sayIfAway(oidc: Oidc | null, logger: Deps["logger"]): void {
  oidc?.look().catch((error: unknown) => logger.warn({}, error instanceof Error ? error.message : String(error)));
}
