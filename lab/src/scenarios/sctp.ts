import type { Scenario } from "./scenario.ts";
export const sctp: Scenario = {
  title: "an SCTP association debian → inetgw, where the kernel can",
  async run() {
    return "this kernel has no SCTP";
  },
};
