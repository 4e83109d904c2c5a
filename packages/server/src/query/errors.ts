import { FlowtrailError } from "@flowtrail/model";

export interface ParameterProblem {
  readonly parameter: string;
  readonly message: string;
}

/** A question that can't be understood. All its mistakes at once. */
export class QueryError extends FlowtrailError<{ code: "BAD_QUERY"; problems: readonly ParameterProblem[] }> {
  constructor(problems: readonly ParameterProblem[]) {
    super({ code: "BAD_QUERY", problems }, problems.map(({ parameter, message }) => `${parameter}: ${message}`).join("; "));
  }
}
