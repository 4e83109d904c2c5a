/** The page of what was found, asked for so that it is not empty. */
import type { FoundEntity } from "../../lib/api-inventory.ts";
import { carriedParams } from "../../lib/asked.ts";
import { SAMPLE_NETWORK } from "../health/networks.ts";

/** What is found is of any network: another one than it is in is not asked for. All networks stay all, which the sample one is none of. */
export function foundParams(params: URLSearchParams, { kind, name, network }: FoundEntity): URLSearchParams {
  const page = new URLSearchParams([...carriedParams(params), ["name", name]]);
  const asked = params.get("net");
  if (network === SAMPLE_NETWORK) page.set("net", network);
  else if (asked !== null && asked !== network) {
    if (kind === "network") page.delete("net");
    else page.set("net", network);
  }
  return page;
}
