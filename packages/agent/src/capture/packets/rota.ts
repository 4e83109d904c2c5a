/** Whose turn it is: queues are read in turn, one helping each, until they are empty or the turn's share is used up. The next turn goes on there. */
export class Rota {
  readonly #perTurn: number;
  readonly #helping: number;
  #next = "";

  /** @param helping the most that one call takes; a queue that had less is empty */
  constructor(perTurn: number, helping: number) {
    this.#perTurn = perTurn;
    this.#helping = helping;
  }

  /** @param take takes one helping of a queue, and returns how much it was. Returns false if there may be more */
  turn(queues: readonly string[], take: (queue: string) => number): boolean {
    const first = Math.max(0, queues.indexOf(this.#next));
    const waiting = [...queues.slice(first), ...queues.slice(0, first)];
    let left = this.#perTurn;
    // Those that may have more are appended.
    for (const queue of waiting) {
      if (left < this.#helping) {
        this.#next = queue;
        return false;
      }
      const count = take(queue);
      left -= count;
      if (count === this.#helping) waiting.push(queue);
    }
    return true;
  }
}
