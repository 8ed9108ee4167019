/** The frame of a plot. Its colours can be read on a light and on a dark page; the browser chooses. */
export function svg(width: number, height: number, title: string, body: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeXml(title)}">`,
    `<title>${escapeXml(title)}</title>`,
    "<style>",
    "text{font:12px system-ui,sans-serif;fill:#57606a}.grid{stroke:#8b949e;stroke-opacity:.25}.band{fill:#d1242f;fill-opacity:.14}",
    ".a{stroke:#0969da;fill:none;stroke-width:1.5}.s{stroke:#1a7f37;fill:none;stroke-width:1.5}.l{stroke:#9a6700;fill:none;stroke-width:1.2}",
    ".dot{fill:#0969da;fill-opacity:.45}.open{fill:none;stroke:#d1242f}.mid{stroke:#d1242f;stroke-width:2}.ka{fill:#0969da}.ks{fill:#1a7f37}.kl{fill:#9a6700}",
    "@media (prefers-color-scheme:dark){text{fill:#9ea7b3}.a{stroke:#58a6ff}.s{stroke:#3fb950}.l{stroke:#d29922}.dot{fill:#58a6ff}.ka{fill:#58a6ff}.ks{fill:#3fb950}.kl{fill:#d29922}}",
    "</style>",
    ...body,
    "</svg>",
    "",
  ].join("\n");
}

export function text(
  x: number,
  y: number,
  content: string,
  anchor: "start" | "middle" | "end" = "start",
  kind = "",
): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}"${kind === "" ? "" : ` class="${kind}"`}>${escapeXml(content)}</text>`;
}

export function line(kind: string, x1: number, y1: number, x2: number, y2: number): string {
  return `<line class="${kind}" x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`;
}

/** A curve through the known values; an unknown one interrupts it. */
export function curve(kind: string, points: readonly { x: number; y: number | null }[]): string {
  let pen = "M";
  const path = points.map(({ x, y }) => {
    if (y === null) {
      pen = "M";
      return "";
    }
    const step = `${pen}${round(x)} ${round(y)}`;
    pen = "L";
    return step;
  });
  return `<path class="${kind}" d="${path.join("")}"/>`;
}

export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escapeXml(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
