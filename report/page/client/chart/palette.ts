/** Colours of the style sheet for the canvas: a custom property is only a text until an element uses it. */
const NAMES = [
  "grid",
  "text",
  "muted",
  "plot",
  "acknowledged",
  "stored",
  "lag",
  "age",
  "p50",
  "p99",
  "max",
  "isr",
  "under",
  "fault",
  "hatch",
  "up",
  "silent",
  "paused",
  "down",
  "cut-off",
  "unknown",
  "heat-1",
  "heat-2",
  "heat-3",
  "heat-4",
] as const;
export type ColorName = (typeof NAMES)[number];
export type Palette = Record<ColorName, string> & { hatching: CanvasPattern | string };

/** @param host an element that the style sheet's colours reach. */
export function readPalette(host: HTMLElement): Palette {
  const probe = document.createElement("i");
  host.append(probe);
  const colors = NAMES.map((name) => {
    probe.style.color = `var(--fl-${name})`;
    return [name, getComputedStyle(probe).color];
  });
  probe.remove();
  const palette = Object.fromEntries(colors) as Record<ColorName, string>;
  return { ...palette, hatching: hatching(palette.hatch) };
}

/** Diagonal lines: the picture of "unknown" in every panel. */
function hatching(color: string): CanvasPattern | string {
  const size = 6 * Math.max(1, Math.round(devicePixelRatio));
  const tile = document.createElement("canvas");
  tile.width = tile.height = size;
  const context = tile.getContext("2d");
  if (context === null) return color;
  context.strokeStyle = color;
  context.lineWidth = size / 6;
  context.beginPath();
  for (const shift of [-size, 0, size]) {
    context.moveTo(shift - 1, size + 1);
    context.lineTo(shift + size + 1, -1);
  }
  context.stroke();
  return context.createPattern(tile, "repeat") ?? color;
}

/** A colour of the palette with another opacity. */
export function faded(color: string, opacity: number): string {
  return `color-mix(in srgb, ${color} ${Math.round(opacity * 100)}%, transparent)`;
}
