// Loaded before a server (`node --import`): it finds the engine's library in the package of an earlier version, at FLOWTRAIL_OLDER_ENGINE.
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

registerHooks({
  resolve(specifier, context, next) {
    if (!/^@chdb\/lib-[^/]+\/package\.json$/.test(specifier)) return next(specifier, context);
    return { url: pathToFileURL(join(process.env.FLOWTRAIL_OLDER_ENGINE ?? "", "package.json")).href, shortCircuit: true };
  },
});
