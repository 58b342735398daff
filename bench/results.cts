import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem } from 'node:os';

import type { Row } from './measure.cts';
import type { SideName } from './sides/side.cts';
import type { Figure } from './statistics.cts';

/** The columns of the table, in order, with their headings. */
export const SIDES: Record<SideName, string> = {
	node: 'this node',
	chain: 'HTTP Request chain',
	requests: 'n8n’s requests alone',
	reference: 'reference uploader',
	curl: 'curl',
};

/** The machine and versions used. Call it before measuring, since it includes the load. */
export function machine(): string {
	const [cpu] = cpus();
	const version = (name: string) =>
		(require(`${name}/package.json`) as { version: string }).version;
	const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
		cwd: __dirname,
		encoding: 'utf8',
	}).trim();
	return [
		new Date().toISOString().slice(0, 10),
		`commit ${commit}`,
		`${cpus().length} × ${cpu?.model.trim()}`,
		`${Math.round(totalmem() / 1e9)} GB`,
		`Linux ${release()}`,
		`Node ${process.versions.node}`,
		`n8n-core ${version('n8n-core')}`,
		`load before ${loadavg()[0]!.toFixed(1)}`,
	].join(', ');
}

/** The rows as a Markdown table, with each side's multiple of the node's figure in brackets. */
export function table(rows: Row[]): string {
	const sides = Object.keys(SIDES) as SideName[];
	const lines = [
		['', ...Object.values(SIDES), 'aim', 'met'],
		['---', ...sides.map(() => '---'), '---', '---'],
		...rows.map((row) => [
			row.unit ? `${row.measure}, ${row.unit}` : row.measure,
			...sides.map((side) => cell(row, side)),
			row.aim ?? '',
			row.met === undefined ? '' : row.met ? 'yes' : '**no**',
		]),
	];
	return lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
}

/** A figure, rounded to its significant digits. */
export function shown({ median, spread }: Figure): string {
	const digits = median >= 100 ? 0 : 1;
	return `${median.toFixed(digits)} ± ${spread.toFixed(digits)}`;
}

function cell({ sides, compared }: Row, side: SideName): string {
	const { node } = sides;
	const figure = sides[side];
	if (typeof figure === 'string') return figure;
	// A side that took part has an entry, even if none of its runs counts.
	if (!figure) return side in sides ? 'files lost' : '';
	if (side === 'node' || !compared || typeof node !== 'object') return shown(figure);
	return `${shown(figure)} (${(figure.median / node.median).toFixed(2)})`;
}
