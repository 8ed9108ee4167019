/** Data that is there, but is not what its format says: nothing can be concluded from it. */
export class UnreadableError extends Error {
  override readonly name = "UnreadableError";
}
