import { z } from "zod";
import { type HostPort, hostText } from "./postgres-hosts.ts";

/**
 * What a server says of its part. The timeline is that of the WAL which it writes now: the control file learns of a promotion only with the next
 * checkpoint. Two addresses of one server have the same start time.
 */
export const ROLE_QUERY = `SELECT pg_catalog.pg_is_in_recovery() AS standby,
  CASE WHEN pg_catalog.pg_is_in_recovery() THEN NULL
    ELSE pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8) END AS timeline,
  (SELECT system_identifier FROM pg_catalog.pg_control_system())::text AS system,
  extract(epoch FROM pg_catalog.pg_postmaster_start_time())::text AS started`;

const roleRow = z.object({
  standby: z.boolean(),
  /** Eight hexadecimal digits; null: a standby writes none. */
  timeline: z.string().nullable(),
  system: z.string(),
  started: z.string(),
});
export type ServerRole = z.infer<typeof roleRow>;

/** `session`: of the primary. `rivals`: other servers that take writes, too (split brain), in words. */
export type FoundPrimary<Session> = { host: HostPort; session: Session; role: ServerRole; rivals: string[] };

type Ways<Session> = {
  /** Opens a session with one server. Its own time-outs must end it. */
  open: (host: HostPort) => Promise<Session>;
  /** The one row of ROLE_QUERY. */
  ask: (session: Session) => Promise<unknown>;
  /** Ends a session at once; never throws. */
  drop: (session: Session) => void;
  /** How long the other servers may still answer once a primary has. Undefined: until each has answered or failed. */
  patience?: () => Promise<unknown>;
};
type Answer<Session> = { host: HostPort; session: Session; role: ServerRole };

/**
 * Asks all servers at once and keeps the session with the primary. If several take writes, that is the one with the highest timeline: it was
 * promoted last. @throws the error of a server that refused the login, else of the first; an Error in words if all are standbys.
 */
export async function findPrimary<Session>(
  hosts: readonly HostPort[],
  { open, ask, drop, patience }: Ways<Session>,
): Promise<FoundPrimary<Session>> {
  const answers: Answer<Session>[] = [];
  const errors: unknown[] = [];
  let isOver = false;
  const asked = hosts.map(async (host, index) => {
    let session: Session | undefined;
    try {
      session = await open(host);
      const role = roleRow.parse(await ask(session));
      if (isOver) drop(session);
      else answers.push({ host, session, role });
      return role.standby ? undefined : role;
    } catch (error) {
      if (session !== undefined) drop(session);
      errors[index] = error;
      return undefined;
    }
  });
  const all = Promise.all(asked);
  await (patience === undefined ? all : Promise.race([all, firstOf(asked).then(patience)]));
  isOver = true;

  const [chosen, ...rivals] = rank(answers, hosts);
  for (const { session } of answers) if (session !== chosen?.session) drop(session);
  if (chosen !== undefined) return { ...chosen, rivals: rivals.map(inWords) };
  throw noPrimary(answers, errors);
}

/** Settles with the first primary; never if there is none. */
async function firstOf(asked: readonly Promise<ServerRole | undefined>[]): Promise<void> {
  return new Promise((resolve) => {
    for (const answer of asked) void answer.then((role) => role && resolve());
  });
}

/** Those that take writes, the highest timeline first; one server under two addresses counts once. */
function rank<Session>(answers: readonly Answer<Session>[], hosts: readonly HostPort[]): Answer<Session>[] {
  const primaries = answers
    .filter(({ role }) => !role.standby)
    .toSorted((a, b) => timelineOf(b.role) - timelineOf(a.role) || hosts.indexOf(a.host) - hosts.indexOf(b.host));
  return primaries.filter(
    ({ role }, index) =>
      primaries.findIndex((other) => other.role.system === role.system && other.role.started === role.started) ===
      index,
  );
}

/** The number of the timeline that a primary writes; 0: it is a standby. */
export function timelineOf({ timeline }: Pick<ServerRole, "timeline">): number {
  return timeline === null ? 0 : Number.parseInt(timeline, 16);
}

function inWords({ host, role }: Answer<unknown>): string {
  return `${hostText(host)} (timeline ${timelineOf(role)})`;
}

function noPrimary(answers: readonly Answer<unknown>[], errors: readonly unknown[]): unknown {
  const refusal = errors.find((error) => (error as { code?: string } | undefined)?.code?.startsWith("28") === true);
  const failed = errors.filter((error) => error !== undefined);
  if (refusal !== undefined || answers.length === 0) return refusal ?? failed[0];
  const standbys = answers.map(({ host }) => hostText(host)).join(", ");
  const reasons = failed.map((error) => (error as Error).message);
  return new Error(
    `no server is the primary: ${standbys} ${answers.length === 1 ? "is a standby" : "are standbys"}${reasons.map((reason) => `; ${reason}`).join("")}`,
  );
}
