/** The data is there, but does not have its format, so it proves nothing. */
export class UnreadableError extends Error {
  override readonly name = "UnreadableError";
}
