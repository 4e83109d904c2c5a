import { FlowtrailError } from "@flowtrail/model";

export type ApiErrorData =
  /** Nobody answered: the server is down or the network is. */
  | { code: "UNREACHABLE"; path: string }
  /** The session has ended or there was none. */
  | { code: "SIGN_IN"; path: string }
  | { code: "REFUSED"; path: string; status: number; reason: string; problems?: readonly Problem[] };

/** What is wrong with a part of what was sent. */
export interface Problem {
  readonly parameter: string;
  readonly message: string;
}

/** An answer of the API that is not what was asked for. The message is for people. */
export class ApiError extends FlowtrailError<ApiErrorData> {}

/** Is it worth asking again by itself? Not after a refusal that will be the same next time. */
export function mayPass({ data }: ApiError): boolean {
  return data.code === "UNREACHABLE" || (data.code === "REFUSED" && (data.status === 429 || data.status > 500));
}
