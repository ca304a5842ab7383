/** First in, first out, in a ring that doubles as it fills: no shifting, no garbage per item. Limits are the owner's. */
export class RequestQueue<Item> {
  #ring: (Item | undefined)[] = new Array(64);
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(item: Item): void {
    if (this.#length === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#length) & (this.#ring.length - 1)] = item;
    this.#length++;
  }

  peek(): Item | undefined {
    return this.#ring[this.#head];
  }

  shift(): Item | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#ring[this.#head];
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#length--;
    return item;
  }

  /** Takes everything out, in order. */
  drain(): Item[] {
    const items: Item[] = [];
    for (let item = this.shift(); item !== undefined; item = this.shift()) items.push(item);
    return items;
  }

  #grow(): void {
    const grown: (Item | undefined)[] = new Array(this.#ring.length * 2);
    for (let i = 0; i < this.#length; i++) grown[i] = this.#ring[(this.#head + i) & (this.#ring.length - 1)];
    this.#ring = grown;
    this.#head = 0;
  }
}
