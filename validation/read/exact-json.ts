type Reviver = (this: object, key: string, value: unknown, context: { source?: string }) => unknown;

/**
 * JSON.parse that also shows how each number is written, because a number of more than 15 digits may be rounded.
 * @param number called for each number with its holder; its result stands in the number's place.
 * @throws SyntaxError
 */
export function parseNumbers(
  text: string,
  number: (value: number, source: string, key: string, holder: object) => unknown,
): unknown {
  const reviver: Reviver = function (key, value, { source }) {
    return typeof value === "number" ? number(value, source as string, key, this) : value;
  };
  // TypeScript's library does not know the third argument yet: https://tc39.es/proposal-json-parse-with-source/
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown);
}
