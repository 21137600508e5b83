/** Curves over time as an SVG picture that reads on a light and on a dark page. */

/** Curves below each other, each on a scale of its own from 0, over one axis of minutes. `marks` stand as numbered lines through all. */
export type Curves = {
  readonly title: string;
  readonly untilMinute: number;
  readonly curves: readonly {
    readonly name: string;
    readonly points: readonly (readonly [minute: number, value: number])[];
  }[];
  readonly marks: readonly { readonly atMinute: number; readonly name: string }[];
};

const [width, left, right, top] = [960, 56, 16, 40] as const;
const [panelHeight, panelGap] = [110, 34] as const;
const [legendLine, legendColumns] = [16, 4] as const;

/** The picture. Pure. */
export function drawCurves({ title, untilMinute, curves, marks }: Curves): string {
  const names = [...new Set(marks.map(({ name }) => name))];
  const bottom = top + curves.length * (panelHeight + panelGap);
  const height = bottom + 20 + Math.ceil(names.length / legendColumns) * legendLine;
  const x = (minute: number): string => (left + ((width - left - right) * minute) / untilMinute).toFixed(1);
  const lines = marks.map(
    ({ atMinute, name }) =>
      `<line x1="${x(atMinute)}" x2="${x(atMinute)}" y1="${top}" y2="${bottom - panelGap}" stroke="#888" stroke-opacity="0.35"/><text x="${x(atMinute)}" y="${top - 4}" text-anchor="middle">${names.indexOf(name) + 1}</text>`,
  );
  const legend = names.map((name, index) => {
    const [column, row] = [index % legendColumns, Math.floor(index / legendColumns)];
    const at = `x="${left + (column * (width - left - right)) / legendColumns}" y="${bottom + 12 + row * legendLine}"`;
    return `<text ${at}>${index + 1} ${escapeXml(name)}</text>`;
  });
  const panels = curves.map(({ name, points }, index) => {
    const floor = top + index * (panelHeight + panelGap) + panelHeight;
    const most = Math.max(1, ...points.map(([, value]) => value));
    const y = (value: number): string => (floor - (value / most) * (panelHeight - 18)).toFixed(1);
    const path = points.map(([minute, value]) => `${x(minute)},${y(value)}`).join(" ");
    return [
      `<line x1="${left}" x2="${width - right}" y1="${floor}" y2="${floor}" stroke="#888"/>`,
      `<text x="${left - 6}" y="${floor}" text-anchor="end">0</text><text x="${left - 6}" y="${y(most)}" text-anchor="end">${Math.round(most)}</text>`,
      `<text x="${left + 6}" y="${floor - panelHeight + 10}">${escapeXml(name)}</text>`,
      `<polyline points="${path}" fill="none" stroke="#2f7dd1" stroke-width="1.5"/>`,
    ].join("");
  });
  const minutes = Array.from({ length: 5 }, (_, index) => (untilMinute * index) / 4);
  const ticks = minutes.map(
    (minute) =>
      `<text x="${x(minute)}" y="${bottom - panelGap + 14}" text-anchor="middle">${Math.round(minute)} min</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11" fill="#808080" role="img" aria-label="${escapeXml(title)}">
<text x="${left}" y="16" font-size="13">${escapeXml(title)}</text>
${[...lines, ...panels, ...ticks, ...legend].join("\n")}
</svg>
`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
