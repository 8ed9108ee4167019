/** Where a command is run. Paths are absolute. */
export type Place = {
  /** The checkout. */
  root: string;
  /** All that a local stack makes. */
  stateDir: string;
  runsDir: string;
  environment: Record<string, string | undefined>;
};
