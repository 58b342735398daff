import type { IDataObject } from 'n8n-workflow';

import { Cancelled, ClinikoError } from '../errors';
import { isClinikoRecord } from '../records/clinikoRecord';
import { whyArchived, type PatientCase } from '../records/patientCase';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { CASE_LABELS } from './fields';
import { readCase, type ChosenCase } from './readCase';
import { isSameValue, shownValue, type CaseValues } from './values';

/** What a 403 advises. */
export const FORBIDDEN =
	'Use the key of a user whose role may add and change cases, or ask the owner of the Cliniko account to change the role.';

/** A case's record after a change. */
export interface UpdatedCase {
	record: PatientCase;
	/** Cliniko's names of the fields that were changed. */
	changed: string[];
	/** What Cliniko did otherwise than it was asked to. */
	warning?: string;
}

/**
 * Gives a case the given values. Sends only what differs, and nothing if nothing does, so that it can be
 * done again after a failure.
 *
 * @param values null empties a field
 * @throws ClinikoError if the case is archived or another patient's, if Cliniko refuses it, or if it is unknown whether the
 *   record is changed
 */
export async function updateCase(
	api: ClinikoApi,
	chosen: ChosenCase,
	values: CaseValues,
): Promise<UpdatedCase> {
	const before = await readCase(api, chosen);
	const archived = whyArchived(before);
	if (archived) throw archived;
	const changes = Object.entries(values).filter(([field, value]) => {
		const present = shownValue(before, field);
		return present === undefined || !isSameValue(field, present, value);
	});
	if (changes.length === 0) return { record: before, changed: [] };
	const record = await patch(api, before.id, Object.fromEntries(changes) as IDataObject);
	const ignored = changes
		.filter(([field, value]) => {
			const present = shownValue(record, field);
			const isAsBefore = isSameValue(field, present, shownValue(before, field));
			return present !== undefined && isAsBefore && !isSameValue(field, present, value);
		})
		.map(([field]) => field);
	const warnings = ignored.map((field) => `Cliniko did not take over ${CASE_LABELS[field]}.`);
	return {
		record,
		changed: changes.map(([field]) => field).filter((field) => !ignored.includes(field)),
		...(warnings.length > 0 && { warning: `${warnings.join(' ')} Look at the case in Cliniko.` }),
	};
}

async function patch(api: ClinikoApi, id: string, changes: IDataObject): Promise<PatientCase> {
	const { body } = await api
		.patch(`/patient_cases/${id}`, changes, {
			action: `change case ${id}`,
			notFound: `Cliniko has no case with the ID ${id} that can be changed.`,
			forbidden: FORBIDDEN,
			labels: CASE_LABELS,
		})
		.catch(rethrowMayBeChanged);
	if (isClinikoRecord<PatientCase>(body) && body.id === id) return body;
	throw new ClinikoError(
		`Cliniko’s reply to the change of case ${id} is not the case’s record.`,
		'The case is most likely changed. Look at it in Cliniko, or run this step again: it sends only what still differs.',
	);
}

function rethrowMayBeChanged(error: ClinikoError): never {
	const { message, description, httpCode = 500 } = error;
	if (httpCode < 500 || error instanceof Cancelled) throw error;
	throw new ClinikoError(
		message,
		`The case may be changed all the same. This step can safely be run again: it sends only what still differs. ${description}`,
		error.httpCode,
	);
}
