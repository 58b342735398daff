import { ClinikoError } from '../errors';
import { unlisted } from '../once/recentRecords';
import { mayBeOfPatient } from '../records/clinikoRecord';
import { isOpen, patientOfCase, type PatientCase } from '../records/patientCase';
import { listRecords } from '../requests/listRecords';
import { readRecord } from '../requests/readRecord';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';

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
	return records.filter((record) => mayBeOfPatient(record, patientId));
}

/**
 * The only open case of a patient. One that this process has just created counts, even if lists do not
 * show it yet.
 *
 * @throws ClinikoError if there is none or there are several, or if a request fails
 */
export async function onlyOpenCase(api: ClinikoApi, patientId: string): Promise<PatientCase> {
	const listed = await casesOf(api, patientId);
	const all = [...listed, ...(await unlisted(api, 'patient_cases', patientId, listed))];
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
