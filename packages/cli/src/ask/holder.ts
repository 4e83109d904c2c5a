/** Whom `GET /api/inventory/at` names for an address. */
export interface Holder {
  readonly network: string;
  readonly type: string;
  readonly id: string | null;
  readonly name: string | null;
  readonly device: string | null;
  readonly range: string;
  readonly domain: string | null;
  readonly gateways: readonly { readonly id: string; readonly name: string }[];
  readonly source: string;
  readonly since: string;
  readonly until: string | null;
  readonly first: boolean;
  readonly wins: boolean;
  readonly as_of: string | null;
}
