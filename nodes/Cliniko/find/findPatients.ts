import { ClinikoError } from '../errors';
import { listRecords } from '../records/listRecords';
import { isArchived, mergedInto, type Patient } from '../records/patient';
import { readRecord } from '../records/readRecord';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { byTelling, type Criterion } from './criteria';

/** How many patients may be compared one by one: ten requests' worth. */
const MOST_CANDIDATES = 1000;

const PURPOSE = { what: 'look for the patient' };

/** The patients who fit. */
export interface Found {
	patients: Patient[];
	/** Archived patients who fit, unless they count as the others do. */
	archived: Patient[];
}

/**
 * Finds the patients who fit everything that is known.
 *
 * How Cliniko compares text is not documented, so it is only asked for candidates, by the most telling
 * criterion, and the comparing is done here. A patient who was merged leads to the one they were
 * merged into, though that record may no longer fit.
 *
 * @param criteria at least one; all have to fit
 * @param includeArchived whether archived patients count
 * @throws ClinikoError if there is too little to search by, or Cliniko cannot be asked
 */
export async function findPatients(
	api: ClinikoApi,
	criteria: Criterion[],
	includeArchived: boolean,
): Promise<Found> {
	const candidates = await candidatesFor(api, criteria);
	const fitting = new Map<string, Patient>();
	for (const candidate of candidates.values()) {
		if (!criteria.every(({ fits }) => fits(candidate))) continue;
		const patient = await survivor(api, candidate, candidates);
		if (patient) fitting.set(patient.id, patient);
	}
	const all = [...fitting.values()];
	const isOut = (patient: Patient) => !includeArchived && isArchived(patient);
	return { patients: all.filter((one) => !isOut(one)), archived: all.filter(isOut) };
}

async function candidatesFor(
	api: ClinikoApi,
	criteria: Criterion[],
): Promise<Map<string, Patient>> {
	const candidates = new Map<string, Patient>();
	for (const filters of searches(criteria)) {
		// Merged patients are archived ones, and lead to somebody.
		const found = await listRecords(api, 'patients', [...filters, 'archived_at:*'], PURPOSE, {
			limit: MOST_CANDIDATES + 1,
		});
		for (const patient of found) candidates.set(patient.id, patient);
		if (candidates.size > MOST_CANDIDATES) {
			throw tooLittle('more than 1000 patients would have to be compared');
		}
	}
	return candidates;
}

/** The filters of each request: the most telling criterion, or all names together. */
function searches(criteria: Criterion[]): string[][] {
	const usable = byTelling(criteria).filter(({ filters }) => filters.length > 0);
	const [first] = usable;
	if (!first) throw tooLittle('there is nothing in it that Cliniko can search by');
	const isName = /Name$/.test(first.name);
	return isName
		? [usable.flatMap(({ filters }) => filters)]
		: first.filters.map((filter) => [filter]);
}

/** The patient that a merged one leads to, through as many mergers as there are. */
async function survivor(
	api: ClinikoApi,
	candidate: Patient,
	known: Map<string, Patient>,
): Promise<Patient | undefined> {
	const seen = new Set<string>();
	let patient = candidate;
	for (let next = mergedInto(patient); next && !seen.has(next); next = mergedInto(patient)) {
		seen.add(next);
		const id = next;
		const read = known.get(id) ?? (await readRecord(api, 'patients', id).catch(unlessGone));
		if (!read) return undefined;
		patient = read;
	}
	return patient;
}

function unlessGone(error: ClinikoError): undefined {
	if (error.httpCode !== 404) throw error;
}

function tooLittle(why: string): ClinikoError {
	return new ClinikoError(
		`What is known of the patient is too little to find them by: ${why}.`,
		'Add the e-mail address, the date of birth, or both names.',
	);
}
