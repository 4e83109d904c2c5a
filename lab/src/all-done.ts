/** Waits for all, also when one has failed: what is still being started then would escape the cleaning up. Throws the first failure. */
export async function allDone<T extends readonly unknown[]>(work: readonly [...{ [K in keyof T]: Promise<T[K]> }]): Promise<T> {
  await Promise.allSettled(work);
  return (await Promise.all(work)) as unknown as T;
}
