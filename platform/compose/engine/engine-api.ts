import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { FaultlineError } from "../../../contract/errors.ts";
import { readOutput } from "./engine-stream.ts";

/** The newest version of the Engine API whose answers this client was tested with. An older engine is spoken to in its own. */
const NEWEST_VERSION = "1.45";
const CALL_TIMEOUT_MS = 10_000;
const PAUSE_ROUNDS = 10;

/** As `GET /containers/json` lists it. State: created, running, paused, restarting, removing, exited, dead. */
export type ContainerSummary = { Id: string; Names: string[]; Labels: Record<string, string>; State: string };

type Endpoint = { IPAddress?: string; Aliases?: string[] | null; IPAMConfig?: { IPv4Address?: string } | null };

/** As `GET /containers/ID/json` has it; only what is used. */
export type ContainerInspect = {
  Id: string;
  Name: string;
  Image: string;
  RestartCount: number;
  State: {
    Status: string;
    Running: boolean;
    Paused: boolean;
    Restarting: boolean;
    OOMKilled: boolean;
    ExitCode: number;
    Error: string;
    StartedAt: string;
    FinishedAt: string;
    Health?: { Status: string };
  };
  Config: { Labels: Record<string, string> | null; Hostname: string; /** Absent: SIGTERM. */ StopSignal?: string };
  /** Only those that run now. */
  ExecIDs: string[] | null;
  NetworkSettings: {
    Networks: Record<string, Endpoint>;
    Ports?: Record<string, { HostIp: string; HostPort: string }[] | null>;
  };
};

export type ExecInspect = {
  ID: string;
  Running: boolean;
  ExitCode: number | null;
  ProcessConfig: { entrypoint: string; arguments: string[] | null };
};
export type ExecResult = { code: number; stdout: string; stderr: string };
export type ContainerSpec = {
  Image: string;
  Entrypoint: string[];
  Labels: Record<string, string>;
  User?: string;
  HostConfig?: { NetworkMode?: string; CapAdd?: string[]; AutoRemove?: boolean };
};

/** Docker refused: names the call, its status code and Docker's own words. */
export class EngineError extends FaultlineError {
  /** HTTP status; undefined when there was no answer. 304 unchanged · 404 not there · 409 not in this state. */
  readonly status: number | undefined;

  constructor(call: string, status: number | undefined, message: string, cause?: unknown) {
    const code = status === undefined ? "FL_PREREQUISITE" : "FL_NODE_FAILED";
    super(code, `docker: ${call}: ${status === undefined ? "" : `${status} `}${message}`, {
      ...(status === undefined && { remedy: "is the engine up, and its socket mounted? docker version" }),
      cause,
    });
    this.name = "EngineError";
    this.status = status;
  }
}

export function isStatus(error: unknown, ...statuses: number[]): boolean {
  return error instanceof EngineError && error.status !== undefined && statuses.includes(error.status);
}

/**
 * The Docker Engine API over its unix socket, as much of it as is needed here. A connection per call, every call bounded in time.
 * All methods throw EngineError. https://docs.docker.com/reference/api/engine/
 */
export class EngineApi {
  readonly #socketPath: string;
  #version: Promise<string> | undefined;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  async list(labels: string[]): Promise<ContainerSummary[]> {
    const filters = encodeURIComponent(JSON.stringify({ label: labels }));
    return (await this.#json("GET", `/containers/json?all=1&filters=${filters}`)) as ContainerSummary[];
  }
  async inspect(id: string): Promise<ContainerInspect> {
    return (await this.#json("GET", `/containers/${id}/json`)) as ContainerInspect;
  }
  /** A signal to process 1. Docker takes it for a manual stop, so the restart policy stands aside until `start`. */
  async kill(id: string, signal: string): Promise<void> {
    await this.#json("POST", `/containers/${id}/kill?signal=${signal}`, undefined, 30_000);
  }
  /** Does nothing if the container runs (304). */
  async start(id: string): Promise<void> {
    await this.#json("POST", `/containers/${id}/start`, undefined, 30_000);
  }
  /** SIGTERM, and SIGKILL after the time given. Does nothing if the container is down (304). */
  async stop(id: string, timeoutS: number): Promise<void> {
    await this.#json("POST", `/containers/${id}/stop?t=${timeoutS}`, undefined, timeoutS * 1000 + CALL_TIMEOUT_MS);
  }
  /**
   * With cgroup v1 runc gives up after 1,000 looks at a container that will not freeze, as on a machine with more to do than it can, and lets it go
   * on (opencontainers/runc, cgroups/fs/freezer.go: "unable to freeze"); so it is asked again.
   */
  async pause(id: string): Promise<void> {
    for (let round = 1; ; round++) {
      try {
        await this.#json("POST", `/containers/${id}/pause`);
        return;
      } catch (error) {
        if (round === PAUSE_ROUNDS || !(error instanceof EngineError) || !error.message.includes("unable to freeze"))
          throw error;
      }
      await sleep(100);
    }
  }
  async unpause(id: string): Promise<void> {
    await this.#json("POST", `/containers/${id}/unpause`);
  }
  async create(name: string, spec: ContainerSpec): Promise<string> {
    return ((await this.#json("POST", `/containers/create?name=${encodeURIComponent(name)}`, spec)) as { Id: string })
      .Id;
  }
  async remove(id: string): Promise<void> {
    await this.#json("DELETE", `/containers/${id}?force=1&v=1`);
  }
  async hasImage(name: string): Promise<boolean> {
    try {
      await this.#json("GET", `/images/${name}/json`);
      return true;
    } catch (error) {
      if (isStatus(error, 404)) return false;
      throw error;
    }
  }
  async connectNetwork(network: string, container: string, endpoint: Endpoint): Promise<void> {
    await this.#json("POST", `/networks/${network}/connect`, { Container: container, EndpointConfig: endpoint });
  }
  async disconnectNetwork(network: string, container: string): Promise<void> {
    await this.#json("POST", `/networks/${network}/disconnect`, { Container: container, Force: true });
  }

  /** Begins to wait for a container's removal; resolves when Docker has taken note, to the exit code to come. */
  async waitRemoved(id: string, timeoutMs: number): Promise<{ exitCode: Promise<number> }> {
    const response = await this.#send("POST", `/containers/${id}/wait?condition=removed`, undefined, timeoutMs);
    const exitCode = text(response).then((body) => (JSON.parse(body) as { StatusCode: number }).StatusCode);
    exitCode.catch(() => {});
    return { exitCode };
  }

  /** The output of a container that has not been started yet, from its first byte. */
  async attach(id: string, timeoutMs: number): Promise<IncomingMessage> {
    return this.#send("POST", `/containers/${id}/attach?stream=1&stdout=1&stderr=1`, undefined, timeoutMs);
  }

  /** Runs a program in a container that runs, as the container's own user, and waits for its end. A program must bound itself: on a timeout it may go on. */
  async exec(id: string, argv: string[], timeoutMs = CALL_TIMEOUT_MS): Promise<ExecResult> {
    const exec = await this.#createExec(id, { AttachStdout: true, AttachStderr: true, Cmd: argv });
    const stream = await this.#send("POST", `/exec/${exec}/start`, { Detach: false, Tty: false }, timeoutMs);
    const { stdout, stderr } = await readOutput(stream, timeoutMs).catch((error: unknown) => {
      throw new EngineError(`exec ${argv[0]} in ${id.slice(0, 12)}`, undefined, (error as Error).message, error);
    });
    // The output ends a moment before Docker has the exit code.
    for (let round = 0; round < 40; round++) {
      const { Running, ExitCode } = await this.inspectExec(exec);
      if (!Running && ExitCode !== null) return { code: ExitCode, stdout, stderr };
      await sleep(25);
    }
    throw new EngineError(
      `exec ${argv[0]} in ${id.slice(0, 12)}`,
      undefined,
      "its output ended, but not the program, within 1 s",
    );
  }

  /** Starts a program in a container and leaves it to itself. */
  async execDetached(id: string, argv: string[], env: string[]): Promise<void> {
    const exec = await this.#createExec(id, { Cmd: argv, Env: env });
    await this.#json("POST", `/exec/${exec}/start`, { Detach: true, Tty: false });
  }

  async inspectExec(exec: string): Promise<ExecInspect> {
    return (await this.#json("GET", `/exec/${exec}/json`)) as ExecInspect;
  }

  async #createExec(id: string, spec: object): Promise<string> {
    return ((await this.#json("POST", `/containers/${id}/exec`, spec)) as { Id: string }).Id;
  }

  async #json(method: string, path: string, body?: object, timeoutMs = CALL_TIMEOUT_MS): Promise<unknown> {
    const response = await this.#send(method, path, body, timeoutMs);
    const answer = await text(response).catch((error: unknown) => {
      throw new EngineError(`${method} ${path}`, undefined, `answer broke off: ${(error as Error).message}`, error);
    });
    return answer === "" || !(response.headers["content-type"] ?? "").includes("json") ? undefined : JSON.parse(answer);
  }

  async #send(method: string, path: string, body: object | undefined, timeoutMs: number): Promise<IncomingMessage> {
    const version = await (this.#version ??= this.#negotiate());
    return this.#request(method, `/v${version}${path}`, body, timeoutMs);
  }

  async #negotiate(): Promise<string> {
    try {
      const response = await this.#request("GET", "/version", undefined, CALL_TIMEOUT_MS);
      const { ApiVersion, MinAPIVersion = "1.24" } = JSON.parse(await text(response)) as {
        ApiVersion: string;
        MinAPIVersion?: string;
      };
      const least = minor(ApiVersion) < minor(NEWEST_VERSION) ? ApiVersion : NEWEST_VERSION;
      return minor(least) < minor(MinAPIVersion) ? MinAPIVersion : least;
    } catch (error) {
      // The engine may be on its way up: ask again at the next call.
      this.#version = undefined;
      throw error;
    }
  }

  /** Resolves when the head of the answer is there; `timeoutMs` bounds the body, too. */
  async #request(method: string, path: string, body: object | undefined, timeoutMs: number): Promise<IncomingMessage> {
    const call = `${method} ${decodeURIComponent(path)}`;
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const headers =
      payload === undefined ? {} : { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(payload) };
    const outgoing = request(
      { socketPath: this.#socketPath, method, path, headers, agent: false, host: "docker" },
      resolve,
    );
    const timer = setTimeout(() => outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    outgoing.once("close", () => clearTimeout(timer));
    outgoing.on("error", (error) =>
      reject(new EngineError(call, undefined, `${this.#socketPath}: ${error.message}`, error)),
    );
    outgoing.end(payload);
    const response = await promise;
    const status = response.statusCode ?? 0;
    if (status < 400) return response;
    throw new EngineError(call, status, dockerMessage(await text(response)));
  }
}

function minor(version: string): number {
  return Number(version.split(".")[1]);
}

function dockerMessage(answer: string): string {
  try {
    return (JSON.parse(answer) as { message: string }).message;
  } catch {
    return answer.trim();
  }
}
