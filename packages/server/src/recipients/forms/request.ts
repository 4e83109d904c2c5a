/** What is posted to a recipient over HTTP. */
export interface FormRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function jsonRequest(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}): FormRequest {
  return { url, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
}

/** More of a digest is only counted: recipients' formats have limits. */
export const SHOWN_OF_DIGEST = 20;

export const restWords = (count: number): string => (count > SHOWN_OF_DIGEST ? `and ${count - SHOWN_OF_DIGEST} more` : "");
