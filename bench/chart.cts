import type { Row } from './measure.cts';
import { ratio, shown, SIDES } from './results.cts';
import type { SideName } from './sides/side.cts';
import type { Figure } from './statistics.cts';

const WIDTH = 760;
/** Where the bars begin, and how long one is that stands for the node's cost. */
const LEFT = 190;
const UNIT = 80;
/** The longest bar, in the node's costs; what is longer is cut, and its figure says how long. */
const LONGEST = 5;
const LINE = 22;

/**
 * Draws what the sides cost beside the node: for each row that has a chart name, a bar for each side,
 * the node's being as long as 1. A shorter bar is better, also where the table gives a speed.
 *
 * @returns an SVG that needs nothing from outside, for light and dark pages
 */
export function chart(rows: Row[]): string {
	const parts: string[] = [];
	let y = 52;
	for (const row of rows.filter((one) => one.chart)) {
		parts.push(text(0, y, 'name', `${row.chart}`));
		y += 8;
		for (const side of Object.keys(SIDES) as SideName[]) {
			const times = ratio(row, side);
			if (times === undefined) continue;
			const cost = row.better === 'more' ? 1 / times : times;
			const cut = cost > LONGEST;
			const length = Math.min(cost, LONGEST) * UNIT;
			const figure = `${shown(row.sides[side] as Figure)} ${row.unit}`.trim();
			const factor = side === 'node' ? '' : `  (${cost.toFixed(cost < 10 ? 1 : 0)} ×)`;
			parts.push(
				text(LEFT - 8, y + 14, 'side', SIDES[side]),
				`<rect class="${side}" x="${LEFT}" y="${y + 3}" width="${length.toFixed(1)}" height="14" rx="2"/>`,
				...(cut ? [`<path class="cut" d="M${LEFT + length - 24} ${y + 20}l8-20h5l-8 20z"/>`] : []),
				text(LEFT + length + 8, y + 14, 'figure', `${figure}${factor}`),
			);
			y += LINE;
		}
		y += 28;
	}
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img" aria-label="What the sides cost beside this node">
<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 14px }
.name { font-weight: 600 }
.side { text-anchor: end }
.node { fill: #1a7f8e }
.chain { fill: #b35900 }
.requests, .reference, .curl { fill: #848d97 }
.cut { fill: #fff }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.node { fill: #39b5c6 }
.chain { fill: #e3883e }
.cut { fill: #0d1117 }
}
</style>
${text(0, 18, 'title', 'What it costs beside this node (1). Shorter is better; cut bars go on.')}
${parts.join('\n')}
</svg>
`;
}

function text(x: number, y: number, kind: string, content: string): string {
	const escaped = content.replace(/&/g, '&amp;').replace(/</g, '&lt;');
	return `<text class="${kind}" x="${x.toFixed(0)}" y="${y}">${escaped}</text>`;
}
