/** Who there is in the sample network. Its addresses are those of documentation and of shared address space. */
import type { Inventory } from "../identify/inventory-schema.ts";
import { inventorySchema } from "../identify/inventory-schema.ts";
import { SAMPLE_NETWORK } from "../receive/check.ts";

export const SAMPLE_INVENTORY: Inventory = inventorySchema.parse({
  networks: [
    {
      id: SAMPLE_NETWORK,
      ranges: ["100.102.137.0/24"],
      nodes: [
        { id: "sample-debian", addresses: ["100.102.137.9"] },
        { id: "sample-inetgw", addresses: ["100.102.137.4"], gateway: true },
        { id: "sample-officegw", addresses: ["100.102.137.7"] },
      ],
      users: [
        { id: "ana@example.com", devices: [{ name: "laptop", addresses: ["100.102.137.21"], gateway: "sample-inetgw" }] },
        { id: "li@example.com", devices: [{ name: "phone", addresses: ["100.102.137.22"], gateway: "sample-inetgw" }] },
      ],
      config_files: [{ id: "sample-printer", addresses: ["100.102.137.30"], gateway: "sample-inetgw" }],
      egress: [{ id: "sample-office-lan", name: "Office LAN (sample)", ranges: ["10.20.0.0/16"], via: ["sample-officegw"] }],
    },
  ],
});
