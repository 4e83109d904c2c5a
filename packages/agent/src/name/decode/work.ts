/**
 * Counts what a decoder does, in steps: one for each byte, label, record, frame or header that it looks at. A decoder states how many steps an
 * input can cost (`…_WORK`), so that a flood of hostile packets costs no more than its bytes; tests hold it to that.
 */
export class Work {
  steps = 0;
}

/** At most `perByte` steps for each byte of the input, and `fixed` for each call. */
export interface WorkBound {
  readonly perByte: number;
  readonly fixed: number;
}
