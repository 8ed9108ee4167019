import { build, type BuildResult, stop } from "esbuild";

/** Script and style sheet as they stand in a page. */
export type Head = { js: string; css: string };

type Entry = "mount" | "live";
const made = new Map<Entry, Promise<Head>>();

/**
 * For a page that is one file: `js` defines `Faultline.mountTimeline(element, timeline, options)`, `css` its looks. `timeline` is the JSON of
 * report/timeline. Neither asks for anything from outside.
 */
export async function renderTimelineHead(): Promise<Head> {
  return bundle("mount");
}

/** Of the live page, which monitor/http serves. */
export async function livePageHead(): Promise<Head> {
  return bundle("live");
}

/** Once per process: the sources do not change while it runs. An error is not kept. */
async function bundle(entry: Entry): Promise<Head> {
  const known = made.get(entry);
  if (known !== undefined) return known;
  const making = make(entry);
  made.set(entry, making);
  making.catch(() => made.delete(entry));
  return making;
}

/** Builds under way: esbuild ends with the last one. */
let building = 0;

async function make(entry: Entry): Promise<Head> {
  building += 1;
  const client = new URL("client/", import.meta.url).pathname;
  try {
    const result = await build({
      entryPoints: { [entry]: `${client}${entry}.ts`, [`${entry}-style`]: `${client}${entry}.css` },
      bundle: true,
      write: false,
      outdir: "/",
      format: "iife",
      target: "es2022",
      minify: true,
      legalComments: "none",
      charset: "utf8",
      logLevel: "silent",
    });
    return { js: textOf(result, ".js").replaceAll("</script", "<\\/script"), css: textOf(result, ".css") };
  } finally {
    building -= 1;
    // esbuild is a process of its own, and would wait for more work.
    if (building === 0) await stop();
  }
}

function textOf({ outputFiles = [] }: BuildResult, ending: string): string {
  const text = outputFiles.find(({ path }) => path.endsWith(ending))?.text;
  if (text === undefined) throw new Error(`esbuild made no ${ending} file`);
  return text;
}
