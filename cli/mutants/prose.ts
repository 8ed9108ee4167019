/** Two words with a space between them; or what only joins words. */
const PROSE = /[\p{L}\d)"}…%][,;:.]? [\p{L}\d("$…]|^(?:[,;:] | and | or |, …|…| )$/u;
const SQL = /^\s*(?:SELECT|BEGIN|COPY|SET|SHOW|WITH|ROLLBACK|COMMIT|FROM|WHERE|AND|JOIN|ORDER)\b/;

/** Whether a text is one for people. Names, states, columns and SQL decide something: they are not. */
export function isProse(text: string): boolean {
  return PROSE.test(text) && !SQL.test(text);
}

/** What is used here of a node of Babel's syntax tree. */
type Node = {
  type: string;
  value?: unknown;
  quasis?: { value: { raw: string } }[];
  expressions?: Node[];
  properties?: { key?: { name?: string } }[];
};

/** An expression that has no decision in it. */
const isPlain = ({ type }: Node): boolean => type === "Identifier" || type === "MemberExpression";

/** @returns why Stryker makes no mutant of a node: its text is for people. Undefined: it may. */
function shouldIgnore({ node }: { node: Node }): string | undefined {
  const reason = "a text for people";
  if (node.type === "StringLiteral") return isProse(String(node.value)) ? reason : undefined;
  if (node.type === "TemplateLiteral" && node.expressions?.every(isPlain))
    return isProse((node.quasis ?? []).map(({ value }) => value.raw).join("$")) ? reason : undefined;
  // The remedy of an error, as an object with nothing else.
  if (node.type === "ObjectExpression" && node.properties?.length === 1 && node.properties[0]?.key?.name === "remedy")
    return reason;
  return undefined;
}

/** Stryker's plugin, in the form that its loader wants. */
export const strykerPlugins = [{ kind: "Ignore", name: "prose", value: { shouldIgnore } }];
