/** What is said of groups in words; the counts have all. */
const MOST_EXAMPLES = 20;

/** Why a group is wrong, in the order in which it is told. */
export const GROUP_CAUSES = [
  "rows that repeat a group or can't be read",
  "stored groups that the log does not have",
  "groups with other figures",
  "groups that are not stored",
] as const;
export type GroupCause = (typeof GROUP_CAUSES)[number];

/** The result of comparing stored groups with recomputed ones: bounded, additive, and it can be sent to another thread. */
export class GroupDifferences {
  /** Groups that were compared. */
  compared = 0;
  readonly counts = new Map<GroupCause, number>();
  readonly examples: { text: string; cause: GroupCause }[] = [];

  add(cause: GroupCause, text: () => string): void {
    this.counts.set(cause, (this.counts.get(cause) ?? 0) + 1);
    if (this.examples.length < MOST_EXAMPLES) this.examples.push({ text: text(), cause });
  }

  /** Takes over what another comparison found; also one that came from another thread, and is an object without methods. */
  merge({ compared, counts, examples }: Pick<GroupDifferences, "compared" | "counts" | "examples">): void {
    this.compared += compared;
    for (const [cause, count] of counts) this.counts.set(cause, (this.counts.get(cause) ?? 0) + count);
    this.examples.push(...examples.slice(0, MOST_EXAMPLES - this.examples.length));
  }
}
