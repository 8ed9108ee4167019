/** A Markdown table. Cells may hold any text. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [markdownLine(header), `|${header.map(() => " --- ").join("|")}|`, ...rows.map(markdownLine)].join("\n");
}

function markdownLine(cells: readonly string[]): string {
  return `| ${cells.map(cellText).join(" | ")} |`;
}

function cellText(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ").trim();
}

/** A table of columns set with spaces, each line cut to `columns`. */
export function plainTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  columns = Number.POSITIVE_INFINITY,
): string {
  const lines = [header, ...rows];
  const widths = header.map((_, index) => Math.max(...lines.map((cells) => (cells[index] ?? "").length)));
  return lines
    .map((cells) => {
      const line = cells
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join("  ")
        .trimEnd();
      return line.length > columns ? `${line.slice(0, Math.max(0, columns - 1))}…` : line;
    })
    .join("\n");
}
