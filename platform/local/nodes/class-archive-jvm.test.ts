import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ignoredArchive } from "../supervisor/ignored-archive.ts";
import { archiveOptions, classArchive } from "./class-archive.ts";
import { runTool } from "./run-tool.ts";

const hasJdk = spawnSync("javac", ["-version"]).status === 0 && spawnSync("jar", ["--version"]).status === 0;

const APP = `public class App {
  public static void main(String[] arguments) throws Exception {
    Library.use();
    System.out.println("ready");
    if (arguments.length == 0) while (System.in.read() >= 0) {}
  }
}`;
const LIBRARY = `public class Library { static void use() {} }`;

/** With jars as Spark's are: one names the other in its manifest, executors have more behind it, and a directory. */
describe.skipIf(!hasJdk)(`a real JVM's class archive${hasJdk ? "" : " (skipped: no javac and jar)"}`, () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "faultline-archive-jvm-")));
  const jars = join(root, "home/jars");
  const app = join(jars, "app.jar");
  let archive: string;

  beforeAll(async () => {
    mkdirSync(join(root, "classes"));
    mkdirSync(join(root, "conf"));
    mkdirSync(jars, { recursive: true });
    for (const [name, text] of Object.entries({
      App: APP,
      Library: LIBRARY,
      "manifest.txt": "Class-Path: lib.jar absent.jar\n",
    }))
      writeFileSync(join(root, name.includes(".") ? name : `${name}.java`), text);
    writeFileSync(join(root, "conf/settings"), "a directory with a file");
    const run = (command: string, ...args: string[]): unknown => execFileSync(command, args, { cwd: root });
    run("javac", "-d", "classes", "App.java", "Library.java");
    run("jar", "cfm", app, "manifest.txt", "-C", "classes", "App.class");
    run("jar", "cf", join(jars, "lib.jar"), "-C", "classes", "Library.class");
    archive = (await classArchive({
      title: "Test",
      place: join(root, "home"),
      jars,
      stateDirectory: join(root, "state"),
      train: async (directory, file) => {
        const args = [`-XX:ArchiveClassesAtExit=${file}`, "-cp", app, "App", "end"];
        const env = { PATH: process.env["PATH"] ?? "" };
        await runTool({
          title: "t",
          command: "java",
          args,
          env,
          cwd: directory,
          stateDirectory: root,
          timeoutMs: 60_000,
        });
      },
      say: () => {},
    })) as string;
  }, 120_000);

  afterAll(() => rmSync(root, { recursive: true, force: true }));

  async function running(classPath: string, look: (java: ChildProcess, output: string) => void): Promise<void> {
    const options = [...archiveOptions(archive), "-Xlog:class+load"];
    const java = spawn("java", [...options, "-cp", classPath, "App"], { stdio: ["pipe", "pipe", "inherit"] });
    try {
      let output = "";
      for await (const chunk of java.stdout) {
        output += String(chunk);
        if (/^ready$/m.test(output)) break;
      }
      look(java, output);
    } finally {
      java.kill("SIGKILL");
    }
  }

  it("is mapped by a node, and by an executor whose class path begins with the node's", async () => {
    for (const classPath of [app, `${app}:${join(root, "conf")}/:${jars}/*`])
      await running(classPath, (java, output) => {
        expect(output).toMatch(/ App source: shared objects file/);
        expect(output).toMatch(/ Library source: shared objects file/);
        expect(ignoredArchive(java.pid as number)).toBeUndefined();
      });
  });

  it("stops no start when it does not fit, and that is noticed", async () => {
    await running(`${join(jars, "lib.jar")}:${app}`, (java, output) => {
      expect(output).not.toMatch(/ App source: shared objects file/);
      expect(ignoredArchive(java.pid as number)).toBe(archive);
    });
  });
});
