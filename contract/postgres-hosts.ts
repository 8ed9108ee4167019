/** One server of a database. `host` without brackets. */
export type HostPort = { host: string; port: number };

/** A host without a port, host:port, [IPv6] or [IPv6]:port. */
const ONE = /^(?:\[([^\][,\s]+)\]|([^\][:,\s]+))(?::(\d{1,5}))?$/;
const DEFAULT_PORT = 5432;
const MAX_PORT = 65_535;

/**
 * Parses POSTGRES_HOST, `host[:port],host[:port]`: the servers of one database, of which one is the primary. An IPv6 address stands in brackets.
 * @param defaultPort of the hosts without one. @returns the servers, or what is wrong with the text.
 */
export function parseHosts(text: string, defaultPort = DEFAULT_PORT): HostPort[] | string {
  const hosts: HostPort[] = [];
  for (const one of text.split(",")) {
    const [, inBrackets, plain, digits] = ONE.exec(one) ?? [];
    const host = inBrackets ?? plain;
    const port = digits === undefined ? defaultPort : Number(digits);
    if (host === undefined)
      return `must be host[:port],host[:port],... with IPv6 addresses in brackets; ${JSON.stringify(one)} is no host`;
    if (port < 1 || port > MAX_PORT) return `must have ports from 1 to ${MAX_PORT}, not ${port}`;
    if (hosts.some((other) => other.host === host && other.port === port))
      return `must have each server once, not ${one} twice`;
    hosts.push({ host, port });
  }
  return hosts;
}

/** `host:port`, with an IPv6 address in brackets. */
export function hostText({ host, port }: HostPort): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** All servers of an address or a login, in its order. */
export function hostsOf({
  host,
  port,
  standbys,
}: {
  host: string;
  port: number;
  standbys?: readonly HostPort[] | undefined;
}): HostPort[] {
  return [{ host, port }, ...(standbys ?? [])];
}

/** The members of an address or a login for these servers. */
export function addressOf([first, ...standbys]: readonly HostPort[]): HostPort & { standbys?: HostPort[] } {
  return { ...(first as HostPort), ...(standbys.length > 0 && { standbys }) };
}

/** POSTGRES_HOST and POSTGRES_PORT for a process that connects to these servers. */
export function hostVariables(address: Parameters<typeof hostsOf>[0]): {
  POSTGRES_HOST: string;
  POSTGRES_PORT: string;
} {
  const hosts = hostsOf(address);
  const [first] = hosts as [HostPort];
  const isPlain = hosts.length === 1 && !first.host.includes(":");
  return {
    POSTGRES_HOST: isPlain ? first.host : hosts.map(hostText).join(","),
    POSTGRES_PORT: `${first.port}`,
  };
}
