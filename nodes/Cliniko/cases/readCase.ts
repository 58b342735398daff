import { ClinikoError } from '../errors';
import { isOpen, patientOfCase, type PatientCase } from '../records/patientCase';
import { listRecords } from '../requests/listRecords';
import { readRecord, readRecordIfExists } from '../requests/readRecord';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { perAccount } from '../transport/cliniko/perAccount';

/** How long a new case is kept in mind, in ms: lists may show it late. */
const LIFETIME = 2 * 60_000;

/** The cases that this process has created lately, and when, in ms since 1970. */
const recentCases = perAccount(() => new Map<string, { patientId: string; at: number }>());

/** A case that a user has chosen. */
export interface ChosenCase {
	id: string;
	/** The patient it has to belong to, if given. */
	patientId?: string;
}

/** @throws ClinikoError if the case does not exist or belongs to another patient */
export async function readCase(
	api: ClinikoApi,
	{ id, patientId }: ChosenCase,
): Promise<PatientCase> {
	const record = await readRecord(api, 'patient_cases', id);
	if (patientId !== undefined && patientOfCase(record) !== patientId) {
		throw new ClinikoError(
			`Case ${id} is not one of patient ${patientId}, so nothing was sent.`,
			'Check both IDs: the case may be another patient’s.',
		);
	}
	return record;
}

/**
 * The cases of a patient, newest first. Whether a case is closed cannot be filtered by.
 *
 * @param filters Cliniko's `q[]`; without `archived_at`, archived cases are left out
 * @throws ClinikoError if a request fails
 */
export async function casesOf(
	api: ClinikoApi,
	patientId: string,
	filters: string[] = [],
): Promise<PatientCase[]> {
	const errorContext = { action: `list the cases of patient ${patientId}` };
	const all = [...filters, `patient_id:=${patientId}`];
	const records = await listRecords(api, 'patient_cases', all, errorContext);
	// If Cliniko ignores the filter, the list has other patients' cases.
	return records.filter((record) => (patientOfCase(record) ?? patientId) === patientId);
}

/** Notes that a case was created, so that `onlyOpenCase` knows it before lists show it. */
export function noteCreated(api: ClinikoApi, patientId: string, { id }: PatientCase): void {
	const recent = recentCases(api);
	const now = Date.now();
	for (const [other, { at }] of recent) if (now - at > LIFETIME) recent.delete(other);
	recent.set(id, { patientId, at: now });
}

/** The cases that this process has created for a patient lately and that are not in a list. */
async function unlisted(
	api: ClinikoApi,
	patientId: string,
	listed: PatientCase[],
): Promise<PatientCase[]> {
	const ids = [...recentCases(api)]
		.filter(([id, one]) => one.patientId === patientId && !listed.some((row) => row.id === id))
		.map(([id]) => id);
	const found: PatientCase[] = [];
	for (const id of ids) {
		const record = await readRecordIfExists(api, 'patient_cases', id);
		if (record) found.push(record);
	}
	return found;
}

/**
 * The only open case of a patient. One that this process has just created counts, even if lists do not
 * show it yet.
 *
 * @throws ClinikoError if there is none or there are several, or if a request fails
 */
export async function onlyOpenCase(api: ClinikoApi, patientId: string): Promise<PatientCase> {
	const listed = await casesOf(api, patientId);
	const all = [...listed, ...(await unlisted(api, patientId, listed))];
	const [only, ...others] = all.filter(isOpen);
	if (!only) {
		throw new ClinikoError(
			`Patient ${patientId} has no open case, so nothing was sent.`,
			'Open one in Cliniko or with Patient Case > Create, or remove the option Link to Patient Case.',
		);
	}
	if (others.length === 0) return only;
	const ids = [only, ...others].map(({ id }) => id);
	throw new ClinikoError(
		`Patient ${patientId} has ${ids.length} open cases (IDs ${ids.slice(0, 5).join(', ')}${ids.length > 5 ? ', …' : ''}), so nothing was sent.`,
		'Give the ID of the right one in the option Link to Patient Case, or close the others in Cliniko.',
	);
}
