/** Text that is HTML already. Everything else that is put into a template is escaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Content = Markup | string | number | null | undefined | false | readonly Content[];

/** A piece of a page: markup`<td>${text}</td>`. Text stays text, whatever it holds; lists are joined; null, undefined and false are nothing. */
export function markup(parts: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  const fixed = withoutIndent(parts);
  let text = fixed[0] ?? "";
  for (const [index, content] of contents.entries()) text += textOf(content) + (fixed[index + 1] ?? "");
  return new Markup(text);
}

const FIXED_PARTS = new WeakMap<TemplateStringsArray, readonly string[]>();

/** The indentation of the sources would be a tenth of a long report. */
function withoutIndent(parts: TemplateStringsArray): readonly string[] {
  const known = FIXED_PARTS.get(parts) ?? parts.map((part) => part.replaceAll(/\n\s+/g, "\n"));
  FIXED_PARTS.set(parts, known);
  return known;
}

function textOf(content: Content): string {
  if (content instanceof Markup) return content.text;
  if (Array.isArray(content)) return (content as readonly Content[]).map(textOf).join("");
  if (content === null || content === undefined || content === false) return "";
  return escaped(`${content as string | number}`);
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Control characters have no place in HTML, not even escaped. */
function escaped(text: string): string {
  return text.replaceAll(/[^\P{Cc}\t\n\r]/gu, "\uFFFD").replaceAll(/[&<>"']/g, (found) => ENTITIES[found] ?? found);
}

/** JSON for a `<script type="application/json">`: nothing in it can end the element, open a comment, or end a line of JavaScript. */
export function jsonMarkup(value: unknown): Markup {
  const text = JSON.stringify(value).replaceAll(
    /[<>&\u2028\u2029]/g,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return new Markup(text);
}

/** A table in a box of its own that can be moved sideways where it is too wide. */
export function table(caption: string, header: readonly string[], rows: readonly (readonly Content[])[]): Markup {
  const line = (cells: readonly Content[]): Markup =>
    markup`<tr>
      ${cells.map((cell, index) => (index === 0 ? markup`<th scope="row">${cell}</th>` : markup`<td>${cell}</td>`))}
    </tr>`;
  return markup`<div class="wide" tabindex="0" role="region" aria-label="${caption}">
    <table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${header.map((cell) => markup`<th scope="col">${cell}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(line)}
      </tbody>
    </table>
  </div>`;
}
