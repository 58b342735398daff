import type { IDataObject } from 'n8n-workflow';

import type { Match, NewRecord } from '../once/createOnce';
import { digestOf } from '../once/creationMemory';
import type { PatientCase } from '../records/patientCase';
import { lettersOf } from '../records/plainText';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { CASE_LABELS } from './fields';
import { FORBIDDEN } from './updateCase';
import { isSameValue, shownValue, type CaseValues } from './values';

/**
 * A case to be created, for `OnceCreator`.
 *
 * @param values with the name
 * @param itemIndex of the item that asks for it: within an execution, each item gets one case of a patient
 */
export function newCase(
	{ account }: ClinikoApi,
	patientId: string,
	values: CaseValues,
	itemIndex: number,
): NewRecord<'patient_cases'> {
	const subject = digestOf(account, 'case', patientId);
	return {
		collection: 'patient_cases',
		patientId,
		body: { patient_id: patientId, ...values } as IDataObject,
		creation: { subject, values: digestOf(subject, JSON.stringify(values)), itemIndex },
		errorContext: {
			action: `create the case for patient ${patientId}`,
			notFound: `Cliniko has no patient with the ID ${patientId}.`,
			forbidden: FORBIDDEN,
			labels: { ...CASE_LABELS, patient_id: 'Patient' },
		},
		match: (record) => match(record, values),
	};
}

/**
 * A new case of the same name may be the one. It surely is if it has all that was sent; otherwise Cliniko
 * may have written a value in its own way.
 */
function match(record: PatientCase, values: CaseValues): Match {
	if (!isSameName(record.name, values.name)) return 'other';
	const hasAll = Object.entries(values).every(([field, value]) => {
		const present = shownValue(record, field);
		return field === 'name' || present === undefined || isSameValue(field, present, value);
	});
	return hasAll ? 'ours' : 'maybe';
}

/** Cliniko may tidy a name up, or cut it short. */
function isSameName(shown: unknown, sent: unknown): boolean {
	const [one, other] = [shown, sent].map(lettersOf) as [string, string];
	if (one === '' || other === '') return shown === undefined || shown === sent;
	return one === other || (one.length >= 100 && other.startsWith(one));
}
