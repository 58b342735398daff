/** A cell that has ended. */
export interface Cell {
	text: string;
	/** How many columns and rows it takes. */
	columns: number;
	rows: number;
	/** Whether it has a table of its own. */
	hasTable: boolean;
}

/** A limit for what a table says of its cells, which may be anything. */
const MOST = 100;

/** @param given the attribute `colspan` or `rowspan` */
export function span(given: string | undefined): number {
	const number = Math.trunc(Number(given ?? 1));
	return number >= 1 ? Math.min(number, MOST) : 1;
}

/**
 * A table that has begun, as text: a row becomes a line, in which `|` divides the cells, and ` / ` the lines
 * of a cell, so that each value keeps its row and its column. Tables that only lay out a page, with other
 * tables in them, become the texts of their cells.
 */
export class Table {
	private cells: Cell[] = [];

	/** For each column, how many rows a cell from above still takes. */
	private taken: number[] = [];

	add(cell: Cell): void {
		this.cells.push(cell);
	}

	/** The text of the row that ends; empty if it shows nothing. */
	endRow(): string {
		const { cells, taken } = this;
		this.cells = [];
		const isLayout = cells.some(({ hasTable }) => hasTable);
		const shown = cells.filter(({ text }) => text !== '');
		if (isLayout || shown.length < 2) {
			const alone = shown.map(({ text }) => text).join('\n\n');
			// In a row of data, even one cell has its column.
			if (isLayout || cells.length < 2 || alone.includes('\n')) return alone;
		}
		const columns: string[] = [];
		const skipTaken = () => {
			while ((taken[columns.length] ?? 0) > 0) {
				taken[columns.length]!--;
				columns.push('');
			}
		};
		for (const { text, columns: width, rows } of cells) {
			skipTaken();
			for (let column = 0; column < width; column++) {
				taken[columns.length] = rows - 1;
				columns.push(column === 0 ? inOneLine(text) : '');
			}
		}
		skipTaken();
		while (columns.at(-1) === '') columns.pop();
		const divided = columns.map((text, at) => (at === 0 ? text : `| ${text}`).trimEnd());
		return divided.join(' ').trimStart();
	}
}

function inOneLine(text: string): string {
	const lines = text.split('\n').map((line) => line.trim());
	return lines.filter((line) => line !== '').join(' / ');
}
