/** What a file says, or in one sentence why nobody knows. */
export type Part<T> = { value: T; missing?: undefined } | { value?: undefined; missing: string };

/** @returns the same part, seen in another way. */
export function mapPart<T, U>(part: Part<T>, map: (value: T) => U): Part<U> {
  return part.missing === undefined ? { value: map(part.value) } : { missing: part.missing };
}
