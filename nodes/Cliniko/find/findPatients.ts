import { ClinikoError } from '../errors';
import { isArchived, type Patient } from '../records/patient';
import { listRecords } from '../requests/listRecords';
import { survivor } from '../requests/survivor';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { detectSensitivity } from './comparison';
import { mostSelectiveFirst, type Criterion } from './criteria';
import type { Sensitivity } from './names';

/** The maximum number of candidates: ten requests' worth. */
const MAX_CANDIDATES = 1000;

/** The maximum number of text fields to search by: each may double the number of searches. */
const MAX_TEXTS = 3;

const ERROR_CONTEXT = { action: 'look for the patient' };

/** A cache of how Cliniko compares text, for each execution and kind of field. */
const comparisons = new WeakMap<ClinikoApi, Map<string, Sensitivity>>();

/** The patients who match. */
export interface Found {
	patients: Patient[];
	/** Archived patients who match, if archived patients are excluded. */
	archived: Patient[];
}

/**
 * Finds the patients who match all criteria.
 *
 * Cliniko does not document how it compares text, so it is only asked for candidates by the most
 * selective criterion, and the comparison is made here. Every match is among the candidates, however
 * Cliniko compares. A merged patient is replaced by the one they were merged into, even if that record
 * no longer matches.
 *
 * @param criteria at least one; all have to match
 * @param includeArchived whether to include archived patients
 * @throws ClinikoError if the criteria are too broad, or a request fails
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
	// Sorted, so that the same search always gives the same message.
	const all = [...fitting.values()].sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
	const isOut = (patient: Patient) => !includeArchived && isArchived(patient);
	return { patients: all.filter((one) => !isOut(one)), archived: all.filter(isOut) };
}

async function candidatesFor(
	api: ClinikoApi,
	criteria: Criterion[],
): Promise<Map<string, Patient>> {
	const candidates = new Map<string, Patient>();
	const search = async (searches: string[][]) => {
		for (const filters of searches) {
			// Archived ones too, because merged patients are archived.
			const all = [...filters, 'archived_at:*'];
			const limit = MAX_CANDIDATES + 1;
			for (const patient of await listRecords(api, 'patients', all, ERROR_CONTEXT, { limit })) {
				candidates.set(patient.id, patient);
			}
			if (candidates.size > MAX_CANDIDATES) {
				throw tooLittle('more than 1000 patients would have to be compared');
			}
		}
	};

	const ranked = mostSelectiveFirst(criteria);
	const sure = ranked.find(({ isText, filters }) => !isText && filters('case').length > 0);
	if (sure) {
		await search(sure.filters('case').map((filter) => [filter]));
		return candidates;
	}
	const texts = ranked.filter(({ isText }) => isText);
	const [first] = texts;
	if (!first) {
		await search([[]]);
		return candidates;
	}
	const known = comparisons.get(api) ?? new Map<string, Sensitivity>();
	comparisons.set(api, known);
	const kind = first.field === 'email' ? 'email' : 'names';
	let sensitivity = known.get(kind);
	const searches = searchesFor(texts, sensitivity ?? 'nothing');
	await search(searches);
	const isEverybody = searches.every((filters) => filters.length === 0);
	if (!sensitivity && !isEverybody) {
		const fields = texts.map(({ field }) => field);
		const asked = kind === 'email' ? ['email'] : fields;
		sensitivity = await detectSensitivity(api, asked, [...candidates.values()], ERROR_CONTEXT);
		known.set(kind, sensitivity);
		if (sensitivity !== 'nothing') await search(searchesFor(texts, sensitivity));
	}
	return candidates;
}

/** The filters of each search: all text fields together, or the e-mail address alone if it suffices. */
function searchesFor(texts: Criterion[], sensitivity: Sensitivity): string[][] {
	const isEnough = texts[0]?.field === 'email' && sensitivity !== 'case';
	return (isEnough ? texts.slice(0, 1) : texts)
		.map(({ filters }) => filters(sensitivity))
		.filter((filters) => filters.length > 0)
		.slice(0, MAX_TEXTS)
		.reduce<string[][]>(
			(searches, filters) =>
				searches.flatMap((search) => filters.map((filter) => [...search, filter])),
			[[]],
		);
}

function tooLittle(why: string): ClinikoError {
	return new ClinikoError(
		`Too little is known about the patient to find them: ${why}.`,
		'Add the e-mail address, the date of birth, or both names.',
	);
}
