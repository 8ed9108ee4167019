/**
 * A small counter-based random stream. The stream of (seed, a, b) does not depend on the streams before it, so anyone can recompute event N
 * alone. splitmix32 (Steele, Lea, Flood 2014, 32-bit finalizer of Murmur3); not for secrets.
 */
export class RandomStream {
  #state: number;

  /** @param seed any 32-bit integer; @param a and @param b place the stream (partition and sequence; purpose and index). */
  constructor(seed: number, a: number, b: number) {
    // b may exceed 32 bits (a sequence): mix its high part too.
    this.#state = mix(mix(mix(seed ^ 0x9e3779b9) ^ a) ^ (b >>> 0)) ^ Math.floor(b / 2 ** 32);
  }

  /** A uniform integer in [0, 2^32). */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    return mix(this.#state);
  }

  /** A uniform float in [0, 1) with 53 bits. */
  float(): number {
    return ((this.next() >>> 5) * 2 ** 26 + (this.next() >>> 6)) / 2 ** 53;
  }

  /** A uniform integer in [min, max], both within the safe integers. */
  integer(min: number, max: number): number {
    const span = max - min + 1;
    // One 32-bit draw is enough for small spans, and twice as fast.
    return min + (span <= 2 ** 20 ? this.next() % span : Math.floor(this.float() * span));
  }
}

function mix(value: number): number {
  let z = value | 0;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return (z ^ (z >>> 16)) >>> 0;
}
