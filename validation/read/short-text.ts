/** A text as a sentence shows it: a long one is cut. */
export function shortText(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}
