import { markup, type Markup } from "./markup.ts";

const [STEP, HEIGHT, BAR] = [14, 32, 10];

/** Bars from 0 to the highest value, the last one marked; a cross where nothing is known. */
export function sparklineSvg(values: readonly (number | null)[], label: string): Markup {
  const top = Math.max(1, ...values.map((value) => value ?? 0));
  const bars = values.map((value, index) => {
    const x = index * STEP + 2;
    if (value === null) return markup`<path class="spark-unknown" d="M${x + 2} ${HEIGHT - 8}l6 6m0 -6l-6 6" />`;
    const height = Math.max(1, Math.round((value / top) * (HEIGHT - 2)));
    const isLast = index === values.length - 1;
    return markup`<rect
      class="${isLast ? "spark spark-last" : "spark"}"
      x="${x}"
      y="${HEIGHT - height}"
      width="${BAR}"
      height="${height}"
    />`;
  });
  const width = values.length * STEP + 2;
  return markup`<svg
    role="img"
    aria-label="${label}"
    width="${width}"
    height="${HEIGHT}"
    viewBox="0 0 ${width} ${HEIGHT}"
  >
    ${bars}
  </svg>`;
}
