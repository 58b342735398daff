/** A measured value. */
export interface Figure {
	median: number;
	/** Half of the range between the runs. */
	spread: number;
}

/** @param values at least one */
export function figureOf(values: number[]): Figure {
	const sorted = [...values].sort((a, b) => a - b);
	const middle = (sorted.length - 1) / 2;
	return {
		median: (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2,
		spread: (sorted.at(-1)! - sorted[0]!) / 2,
	};
}
