/** A seeded pseudo-random number generator (mulberry32). */
export function randomOf(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}

/** Shuffles in place (Fisher–Yates). */
export function shuffle<Row>(rows: Row[], random: () => number): void {
	for (let last = rows.length - 1; last > 0; last--) {
		const other = Math.floor(random() * (last + 1));
		[rows[last], rows[other]] = [rows[other]!, rows[last]!];
	}
}
