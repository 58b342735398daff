import type { Clinic } from './clinic.cts';
import type { SideName } from './sides/side.cts';
import type { Figure } from './statistics.cts';

/** What a measure needs. */
export interface Bench {
	clinic: Clinic;
	/** Small sizes and one round: shows that the bench works, and measures nothing. */
	quick: boolean;
	/** For the files that are uploaded. */
	folder: string;
}

/** A line of the table. */
export interface Row {
	measure: string;
	unit: string;
	/** Words in place of a figure say what there is instead of one. */
	sides: Partial<Record<SideName, Figure | string>>;
	/** Whether the table gives each side's figure as a multiple of the node's. */
	compared?: boolean;
	aim?: string;
	met?: boolean;
}

/** Measures something, and gives its lines of the table. */
export type Measure = (bench: Bench) => Promise<Row[]>;

/** Two figures count as equal within this share of the second. */
const EQUAL = 0.03;

/** Whether `a` is at most `b`; not where either is missing. */
export function atMost(a: Figure | undefined, b: number | undefined): boolean {
	return a !== undefined && b !== undefined && a.median <= b * (1 + EQUAL);
}

/** Whether `a` is at least `b`; not where either is missing. */
export function atLeast(a: Figure | undefined, b: number | undefined): boolean {
	return a !== undefined && b !== undefined && a.median >= b * (1 - EQUAL);
}
