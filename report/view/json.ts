/**
 * @returns the value with its members in snake_case, as files of this project have them. Names that are data (a component's version) have no capitals and
 *   stay as they are.
 */
export function jsonOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(jsonOf);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      jsonOf(inner),
    ]),
  );
}
