import type { Clinic } from './clinic.cts';
import type { SideName } from './sides/side.cts';
import type { Figure } from './statistics.cts';

export interface Bench {
	clinic: Clinic;
	/** Small sizes and a single round: checks that the bench works; the figures mean nothing. */
	quick: boolean;
	/** Where to write the files to upload. */
	folder: string;
}

/** A row of the results table. */
export interface Row {
	measure: string;
	unit: string;
	/** A figure, or text to print instead of one. */
	sides: Partial<Record<SideName, Figure | string>>;
	/** Whether the table gives each side's figure as a multiple of the node's. */
	compared?: boolean;
	aim?: string;
	met?: boolean;
}

/** Takes a measurement and returns its rows of the table. */
export type Measure = (bench: Bench) => Promise<Row[]>;

/** Relative tolerance within which two figures count as equal. */
const EQUAL = 0.03;

/** Whether `a` is at most `b`; false if either is missing. */
export function atMost(a: Figure | undefined, b: number | undefined): boolean {
	return a !== undefined && b !== undefined && a.median <= b * (1 + EQUAL);
}

/** Whether `a` is at least `b`; false if either is missing. */
export function atLeast(a: Figure | undefined, b: number | undefined): boolean {
	return a !== undefined && b !== undefined && a.median >= b * (1 - EQUAL);
}
