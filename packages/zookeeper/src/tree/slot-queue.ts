/** Slots in the order they were added; cheap to take from the front. */
export class SlotQueue {
  #slots: number[] = [];
  #taken = 0;

  get length(): number {
    return this.#slots.length - this.#taken;
  }

  push(slot: number): void {
    this.#slots.push(slot);
  }

  take(count: number): number[] {
    const slots = this.#slots.slice(this.#taken, this.#taken + count);
    this.#taken += slots.length;
    if (this.#taken * 2 > this.#slots.length) {
      this.#slots = this.#slots.slice(this.#taken);
      this.#taken = 0;
    }
    return slots;
  }

  clear(): void {
    this.#slots = [];
    this.#taken = 0;
  }
}
